//===- SelectedOperations.cpp - What the back end selects -----------------===//

#include "dialects/Tile/Conversion/TileToNVVM/SelectedOperations.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace raddle::tile;

// Predicated accesses: n registers, then the address and the predicate.
#define LOAD1(BITS, REG, NC)                                                   \
  "mov.b" REG " $0, 0;\n\t@$2 ld.global" NC ".b" BITS " $0, [$1];"
#define LOAD2(BITS, NC)                                                        \
  "mov.b" BITS " $0, 0;\n\tmov.b" BITS " $1, 0;\n\t@$3 ld.global" NC           \
  ".v2.b" BITS " {$0, $1}, [$2];"
#define LOAD4(BITS, NC)                                                        \
  "mov.b" BITS " $0, 0;\n\tmov.b" BITS " $1, 0;\n\tmov.b" BITS                 \
  " $2, 0;\n\tmov.b" BITS " $3, 0;\n\t@$5 ld.global" NC ".v4.b" BITS           \
  " {$0, $1, $2, $3}, [$4];"

static constexpr llvm::StringLiteral integers = "i8 i16 i32 i64";
static constexpr llvm::StringLiteral floats = "f16 bf16 f32 f64";
static constexpr llvm::StringLiteral memory =
    "i8 i16 i32 i64 f16 bf16 f32 f64 2xi8 4xi8 8xi8 16xi8 2xi16 4xi16 8xi16 "
    "2xi32 4xi32 2xi64 2xf16 4xf16 8xf16 2xbf16 4xbf16 8xbf16 2xf32 4xf32 "
    "2xf64";

static constexpr SelectedOperation operations[] = {
    // Integers.
    {"llvm.add", "T,T>T", integers},
    {"llvm.sub", "T,T>T", integers},
    {"llvm.mul", "T,T>T", integers},
    {"llvm.sdiv", "T,T>T", integers},
    {"llvm.udiv", "T,T>T", integers},
    {"llvm.srem", "T,T>T", integers},
    {"llvm.urem", "T,T>T", integers},
    {"llvm.shl", "T,T>T", integers},
    {"llvm.lshr", "T,T>T", integers},
    {"llvm.ashr", "T,T>T", integers},
    {"llvm.and", "T,T>T", "i1 i8 i16 i32 i64"},
    {"llvm.or", "T,T>T", "i1 i8 i16 i32 i64"},
    {"llvm.xor", "T,T>T", "i1 i8 i16 i32 i64"},
    {"llvm.icmp", "T,T>i1", "i1 i8 i16 i32 i64", "{predicate = 2 : i64}"},
    {"llvm.intr.smax", "T,T>T", integers},
    {"llvm.intr.smin", "T,T>T", integers},
    {"llvm.intr.umax", "T,T>T", integers},
    {"llvm.intr.umin", "T,T>T", integers},
    {"llvm.intr.abs", "T>T", integers, "{is_int_min_poison = false}"},
    {"llvm.intr.ctlz", "T>T", integers, "{is_zero_poison = false}"},
    {"llvm.intr.cttz", "T>T", integers, "{is_zero_poison = false}"},
    {"llvm.intr.ctpop", "T>T", integers},
    {"llvm.ctlz.$T", "T,i1=0>T", integers},
    {"llvm.cttz.$T", "T,i1=0>T", integers},
    {"llvm.ctpop.$T", "T>T", integers},
    {"llvm.fshl.i32", "i32,i32,i32>i32"},
    {"llvm.select", "i1,T,T>T", "i1 i8 i16 i32 i64 f16 bf16 f32 f64"},
    {"llvm.trunc", "T>i1", "i8 i16 i32 i64"},
    {"llvm.trunc", "T>i8", "i16 i32 i64"},
    {"llvm.trunc", "T>i16", "i32 i64"},
    {"llvm.trunc", "i64>i32"},
    {"llvm.sext", "i1>T", integers},
    {"llvm.sext", "i8>T", "i16 i32 i64"},
    {"llvm.sext", "i16>T", "i32 i64"},
    {"llvm.sext", "i32>i64"},
    {"llvm.zext", "i1>T", integers},
    {"llvm.zext", "i8>T", "i16 i32 i64"},
    {"llvm.zext", "i16>T", "i32 i64"},
    {"llvm.zext", "i32>i64"},

    // Floats.
    {"llvm.fadd", "T,T>T", floats},
    {"llvm.fsub", "T,T>T", floats},
    {"llvm.fmul", "T,T>T", floats},
    {"llvm.fdiv", "T,T>T", floats},
    {"llvm.fneg", "T>T", floats},
    {"llvm.fcmp", "T,T>i1", floats, "{predicate = 4 : i64}"},
    {"llvm.intr.fma", "T,T,T>T", floats},
    {"llvm.intr.fabs", "T>T", floats},
    {"llvm.intr.sqrt", "T>T", "f32 f64"},
    {"llvm.intr.copysign", "T,T>T", floats},
    {"llvm.intr.floor", "T>T", floats},
    {"llvm.intr.ceil", "T>T", floats},
    {"llvm.intr.trunc", "T>T", floats},
    {"llvm.intr.rint", "T>T", floats},
    {"llvm.intr.roundeven", "T>T", floats},
    {"llvm.intr.minnum", "T,T>T", floats},
    {"llvm.intr.maxnum", "T,T>T", floats},
    {"llvm.intr.minimum", "T,T>T", "f16 bf16 f32"},
    {"llvm.intr.maximum", "T,T>T", "f16 bf16 f32"},
    {"llvm.fma.$T", "T,T,T>T", floats},
    {"llvm.fabs.$T", "T>T", floats},
    {"llvm.sqrt.$T", "T>T", "f32 f64"},
    {"llvm.copysign.$T", "T,T>T", floats},
    {"llvm.floor.$T", "T>T", floats},
    {"llvm.ceil.$T", "T>T", floats},
    {"llvm.trunc.$T", "T>T", floats},
    {"llvm.rint.$T", "T>T", floats},
    {"llvm.roundeven.$T", "T>T", floats},
    {"llvm.nvvm.ex2.approx.f32", "f32>f32"},
    {"llvm.nvvm.lg2.approx.f", "f32>f32"},
    {"llvm.nvvm.rcp.approx.ftz.f", "f32>f32"},
    {"llvm.nvvm.rsqrt.approx.f", "f32>f32"},
    {"llvm.nvvm.fma.rm.f", "f32,f32,f32>f32"},
    {"llvm.nvvm.fma.rn.sat.f", "f32,f32,f32>f32"},

    // Conversions.
    {"llvm.sitofp", "T>f16", integers},
    {"llvm.sitofp", "T>bf16", integers},
    {"llvm.sitofp", "T>f32", integers},
    {"llvm.sitofp", "T>f64", integers},
    {"llvm.uitofp", "T>f16", "i1 i8 i16 i32 i64"},
    {"llvm.uitofp", "T>bf16", "i1 i8 i16 i32 i64"},
    {"llvm.uitofp", "T>f32", "i1 i8 i16 i32 i64"},
    {"llvm.uitofp", "T>f64", "i1 i8 i16 i32 i64"},
    {"llvm.fptosi", "T>i8", floats},
    {"llvm.fptosi", "T>i16", floats},
    {"llvm.fptosi", "T>i32", floats},
    {"llvm.fptosi", "T>i64", floats},
    {"llvm.fptoui", "T>i8", floats},
    {"llvm.fptoui", "T>i16", floats},
    {"llvm.fptoui", "T>i32", floats},
    {"llvm.fptoui", "T>i64", floats},
    {"llvm.fptrunc", "T>f16", "f32 f64"},
    {"llvm.fptrunc", "T>bf16", "f32 f64"},
    {"llvm.fptrunc", "f64>f32"},
    {"llvm.fpext", "T>f32", "f16 bf16"},
    {"llvm.fpext", "T>f64", "f16 bf16 f32"},
    {"llvm.nvvm.d2f.rz", "f64>f32"},
    {"llvm.nvvm.f2i.rz", "f32>i32"},
    {"llvm.nvvm.f2ui.rz", "f32>i32"},
    {"llvm.nvvm.f2ll.rz", "f32>i64"},
    {"llvm.nvvm.f2ull.rz", "f32>i64"},
    {"llvm.nvvm.d2i.rz", "f64>i32"},
    {"llvm.nvvm.d2ui.rz", "f64>i32"},
    {"llvm.nvvm.d2ll.rz", "f64>i64"},
    {"llvm.nvvm.d2ull.rz", "f64>i64"},
    {"llvm.nvvm.f2tf32.rna", "f32>i32"},
    {"llvm.bitcast", "T>i16", "f16 bf16 2xi8"},
    {"llvm.bitcast", "T>i32", "f32 2xf16 2xbf16 4xi8 2xi16"},
    {"llvm.bitcast", "T>i64", "f64 2xf32 2xi32 4xf16 4xbf16 8xi8 4xi16"},
    {"llvm.bitcast", "i16>T", "f16 bf16 2xi8"},
    {"llvm.bitcast", "i32>T", "f32 2xf16 2xbf16 4xi8 2xi16"},
    {"llvm.bitcast", "i64>T", "f64 2xf32 2xi32 4xf16 4xbf16 8xi8 4xi16"},

    // Memory.
    {"llvm.load", "p1>T", memory},
    {"llvm.load", "p3>T", memory},
    {"llvm.store", "T,p1>", memory},
    {"llvm.store", "T,p3>", memory},
    {"llvm.atomicrmw", "p1,T>T", "i32 i64",
     "{bin_op = 1 : i64, ordering = 2 : i64}"},
    {"llvm.atomicrmw", "p1,T>T", floats,
     "{bin_op = 11 : i64, ordering = 2 : i64}"},
    {"llvm.atomicrmw", "p1,T>T", "i8 i16",
     "{bin_op = 1 : i64, ordering = 2 : i64}"},
    {LOAD1("8", "16", ""), "p1,i1>i16"},
    {LOAD1("8", "16", ".nc"), "p1,i1>i16"},
    {LOAD1("16", "16", ""), "p1,i1>i16"},
    {LOAD1("16", "16", ".nc"), "p1,i1>i16"},
    {LOAD1("32", "32", ""), "p1,i1>i32"},
    {LOAD1("32", "32", ".nc"), "p1,i1>i32"},
    {LOAD1("64", "64", ""), "p1,i1>i64"},
    {LOAD1("64", "64", ".nc"), "p1,i1>i64"},
    {LOAD2("32", ""), "p1,i1>{i32,i32}"},
    {LOAD2("32", ".nc"), "p1,i1>{i32,i32}"},
    {LOAD2("64", ""), "p1,i1>{i64,i64}"},
    {LOAD2("64", ".nc"), "p1,i1>{i64,i64}"},
    {LOAD4("32", ""), "p1,i1>{i32,i32,i32,i32}"},
    {LOAD4("32", ".nc"), "p1,i1>{i32,i32,i32,i32}"},
    {"@$2 st.global.b8 [$1], $0;", "i16,p1,i1>"},
    {"@$2 st.global.b16 [$1], $0;", "i16,p1,i1>"},
    {"@$2 st.global.b32 [$1], $0;", "i32,p1,i1>"},
    {"@$2 st.global.b64 [$1], $0;", "i64,p1,i1>"},
    {"@$3 st.global.v2.b32 [$2], {$0, $1};", "i32,i32,p1,i1>"},
    {"@$3 st.global.v2.b64 [$2], {$0, $1};", "i64,i64,p1,i1>"},
    {"@$5 st.global.v4.b32 [$4], {$0, $1, $2, $3};", "i32,i32,i32,i32,p1,i1>"},
    {"llvm.nvvm.cp.async.ca.shared.global.4", "p3,p1>"},
    {"llvm.nvvm.cp.async.ca.shared.global.8", "p3,p1>"},
    {"llvm.nvvm.cp.async.ca.shared.global.16", "p3,p1>"},
    {"llvm.nvvm.cp.async.cg.shared.global.16", "p3,p1>"},
    {"llvm.nvvm.cp.async.ca.shared.global.4.s", "p3,p1,i32>"},
    {"llvm.nvvm.cp.async.ca.shared.global.8.s", "p3,p1,i32>"},
    {"llvm.nvvm.cp.async.ca.shared.global.16.s", "p3,p1,i32>"},
    {"llvm.nvvm.cp.async.cg.shared.global.16.s", "p3,p1,i32>"},
    {"llvm.nvvm.cp.async.commit.group", ">"},
    {"llvm.nvvm.cp.async.wait.group", "i32=1>"},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3", "p3>i32"},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3", "p3>{i32,i32}"},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3", "p3>{i32,i32,i32,i32}"},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.trans.b16.p3", "p3>i32"},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3", "p3>{i32,i32}"},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3",
     "p3>{i32,i32,i32,i32}"},

    // Products.
    {"llvm.nvvm.mma.m16n8k16.row.col.f32.f32",
     "2xf16,2xf16,2xf16,2xf16,2xf16,2xf16,f32,f32,f32,f32>"
     "{f32,f32,f32,f32}"},
    {"llvm.nvvm.mma.m16n8k16.row.col.bf16",
     "i32,i32,i32,i32,i32,i32,f32,f32,f32,f32>{f32,f32,f32,f32}"},
    {"llvm.nvvm.mma.m16n8k8.row.col.tf32",
     "i32,i32,i32,i32,i32,i32,f32,f32,f32,f32>{f32,f32,f32,f32}"},
    {"llvm.nvvm.mma.m16n8k32.row.col.s8",
     "i32,i32,i32,i32,i32,i32,i32,i32,i32,i32>{i32,i32,i32,i32}"},
    {"llvm.nvvm.mma.m16n8k32.row.col.u8",
     "i32,i32,i32,i32,i32,i32,i32,i32,i32,i32>{i32,i32,i32,i32}"},
    {"llvm.nvvm.mma.m16n8k32.row.col.u8.s8",
     "i32,i32,i32,i32,i32,i32,i32,i32,i32,i32>{i32,i32,i32,i32}"},
    {"llvm.nvvm.mma.m16n8k32.row.col.s8.u8",
     "i32,i32,i32,i32,i32,i32,i32,i32,i32,i32>{i32,i32,i32,i32}"},

    // Threads.
    {"nvvm.barrier0", ">"},
    {"llvm.nvvm.shfl.sync.bfly.i32", "i32,i32,i32,i32>i32"},
    {"llvm.nvvm.read.ptx.sreg.tid.x", ">i32"},
    {"llvm.nvvm.read.ptx.sreg.ctaid.x", ">i32"},
    {"llvm.nvvm.read.ptx.sreg.ctaid.y", ">i32"},
    {"llvm.nvvm.read.ptx.sreg.ctaid.z", ">i32"},
};

llvm::ArrayRef<SelectedOperation> raddle::tile::getSelectedOperations() {
  return operations;
}

/// `[$1 + 16]` without the offset.
static std::string withoutOffset(llvm::StringRef text) {
  auto [before, after] = text.split(" + ");
  return after.empty() ? before.str()
                       : (before + after.drop_front(after.find(']'))).str();
}

std::string raddle::tile::getSelectedName(Operation *op) {
  if (auto call = dyn_cast<LLVM::CallIntrinsicOp>(op))
    return call.getIntrin().str();
  if (auto assembly = dyn_cast<LLVM::InlineAsmOp>(op))
    return withoutOffset(assembly.getAsmString());
  if (isa<LLVM::ConstantOp, LLVM::UndefOp, LLVM::PoisonOp, LLVM::ZeroOp,
          LLVM::AddressOfOp, LLVM::GEPOp, LLVM::BrOp, LLVM::CondBrOp,
          LLVM::ReturnOp, LLVM::ExtractElementOp, LLVM::InsertElementOp,
          LLVM::ExtractValueOp, LLVM::InsertValueOp>(op))
    return {};
  return op->getName().getStringRef().str();
}

/// The word of a type, as in the list; MLIR's text for any other type.
static std::string getTypeWord(Type type) {
  if (auto pointer = dyn_cast<LLVM::LLVMPointerType>(type))
    return "p" + std::to_string(pointer.getAddressSpace());
  if (auto vector = dyn_cast<VectorType>(type); vector && vector.getRank() == 1)
    return std::to_string(vector.getDimSize(0)) + "x" +
           getTypeWord(vector.getElementType());
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto record = dyn_cast<LLVM::LLVMStructType>(type)) {
    os << '{';
    llvm::interleave(
        record.getBody(), os, [&](Type part) { os << getTypeWord(part); }, ",");
    os << '}';
  } else {
    os << type;
  }
  return text;
}

std::string raddle::tile::getSignature(Operation *op) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto print = [&](TypeRange types) {
    llvm::interleave(
        types, os, [&](Type type) { os << getTypeWord(type); }, ",");
  };
  print(op->getOperandTypes());
  os << '>';
  print(op->getResultTypes());
  return text;
}

Type raddle::tile::parseTypeWord(llvm::StringRef word, MLIRContext *context) {
  unsigned number;
  if (word.consume_front("{")) {
    SmallVector<llvm::StringRef> parts;
    word.drop_back().split(parts, ',');
    SmallVector<Type> types;
    for (llvm::StringRef part : parts)
      types.push_back(parseTypeWord(part, context));
    return LLVM::LLVMStructType::getLiteral(context, types);
  }
  if (auto [count, element] = word.split('x');
      !element.empty() && !count.getAsInteger(10, number))
    return VectorType::get(number, parseTypeWord(element, context));
  if (word.starts_with("p") && !word.drop_front().getAsInteger(10, number))
    return LLVM::LLVMPointerType::get(context, number);
  if (word.starts_with("i") && !word.drop_front().getAsInteger(10, number))
    return IntegerType::get(context, number);
  if (word == "f16")
    return Float16Type::get(context);
  if (word == "bf16")
    return BFloat16Type::get(context);
  if (word == "f32")
    return Float32Type::get(context);
  if (word == "f64")
    return Float64Type::get(context);
  return nullptr;
}

std::pair<std::string, std::string>
raddle::tile::instantiate(const SelectedOperation &row, llvm::StringRef type) {
  std::string name = row.name.str(), signature;
  if (size_t at = name.find("$T"); at != std::string::npos)
    name.replace(at, 2, type);
  for (char c : row.signature)
    if (c == 'T')
      signature += type;
    else
      signature += c;
  return {name, signature};
}
