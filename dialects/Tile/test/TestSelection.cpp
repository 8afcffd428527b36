//===- TestSelection.cpp - One function per selected operation ------------===//
//
// `tile-test-selection` fills a module with a kernel for every row and type of
// SelectedOperations.cpp that loads the operands from memory and stores the
// results, to be sent through the back end.
//
//===----------------------------------------------------------------------===//
#include "dialects/Tile/Conversion/TileToNVVM/SelectedOperations.h"
#include "dialects/Tile/test/TestPasses.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace raddle::tile;

namespace {
struct TestSelection : PassWrapper<TestSelection, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestSelection)

  StringRef getArgument() const final { return "tile-test-selection"; }
  StringRef getDescription() const final {
    return "adds a kernel for every operation that the back end selects";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<LLVM::LLVMDialect, NVVM::NVVMDialect>();
  }

  void runOnOperation() override {
    OpBuilder top(getOperation().getBody(), getOperation().getBody()->end());
    auto module = ModuleOp::create(top, getOperation().getLoc(), "selection");
    OpBuilder b(module.getBody(), module.getBody()->end());
    Location loc = module.getLoc();
    auto shared = LLVM::GlobalOp::create(
        b, loc, LLVM::LLVMArrayType::get(b.getI8Type(), 0), false,
        LLVM::Linkage::External, "raddle_shared", Attribute(), 128, 3);
    unsigned number = 0;
    for (const SelectedOperation &row : getSelectedOperations()) {
      SmallVector<StringRef> types;
      row.types.split(types, ' ');
      for (StringRef type : types) {
        auto function = LLVM::LLVMFuncOp::create(
            b, loc, "s" + std::to_string(number++),
            LLVM::LLVMFunctionType::get(
                LLVM::LLVMVoidType::get(&getContext()),
                {LLVM::LLVMPointerType::get(&getContext(), 1)}));
        function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                          b.getUnitAttr());
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(function.addEntryBlock(b));
        build(b, loc, row, type, function.getArgument(0), shared);
        LLVM::ReturnOp::create(b, loc, ValueRange{});
      }
    }
  }

private:
  /// Splits `i32,{f32,f32}` at its outer commas.
  static SmallVector<StringRef> split(StringRef text) {
    SmallVector<StringRef> words;
    int depth = 0;
    size_t from = 0;
    for (size_t i = 0; i <= text.size(); ++i) {
      if (i < text.size() && text[i] == '{')
        ++depth;
      if (i < text.size() && text[i] == '}')
        --depth;
      if (i == text.size() || (text[i] == ',' && depth == 0)) {
        if (i > from)
          words.push_back(text.slice(from, i));
        from = i + 1;
      }
    }
    return words;
  }

  void build(OpBuilder &b, Location loc, const SelectedOperation &row,
             StringRef type, Value memory, LLVM::GlobalOp shared) {
    auto [name, signature] = instantiate(row, type);
    auto [from, to] = StringRef(signature).split('>');
    int32_t next = 0;
    auto place = [&] {
      return LLVM::GEPOp::create(b, loc, memory.getType(), b.getI8Type(),
                                 memory, ArrayRef<LLVM::GEPArg>{16 * next++});
    };
    SmallVector<Value> operands;
    for (StringRef word : split(from)) {
      auto [typeWord, constant] = word.split('=');
      Type operand = parseTypeWord(typeWord, b.getContext());
      if (auto pointer = dyn_cast<LLVM::LLVMPointerType>(operand)) {
        operands.push_back(pointer.getAddressSpace() == 3
                               ? Value(LLVM::AddressOfOp::create(
                                     b, loc, pointer, shared.getSymName()))
                               : memory);
      } else if (!constant.empty()) {
        int64_t value = 0;
        constant.getAsInteger(10, value);
        operands.push_back(LLVM::ConstantOp::create(
            b, loc, operand, b.getIntegerAttr(operand, value)));
      } else if (operand.isInteger(1)) {
        Value byte = LLVM::LoadOp::create(b, loc, b.getI8Type(), place());
        operands.push_back(LLVM::TruncOp::create(b, loc, operand, byte));
      } else {
        operands.push_back(LLVM::LoadOp::create(b, loc, operand, place()));
      }
    }
    SmallVector<Type> results;
    for (StringRef word : split(to))
      results.push_back(parseTypeWord(word, b.getContext()));

    bool isText = StringRef(name).contains(' ');
    bool isIntrinsic = !isText && StringRef(name).starts_with("llvm.") &&
                       !RegisteredOperationName::lookup(name, b.getContext());
    OperationState state(loc, isText ? LLVM::InlineAsmOp::getOperationName()
                              : isIntrinsic
                                  ? LLVM::CallIntrinsicOp::getOperationName()
                                  : StringRef(name));
    state.addOperands(operands);
    state.addTypes(results);
    NamedAttrList attributes;
    if (!row.properties.empty())
      attributes.append(
          cast<DictionaryAttr>(parseAttribute(row.properties, b.getContext()))
              .getValue());
    if (isIntrinsic) {
      attributes.set("intrin", b.getStringAttr(name));
      attributes.set("operandSegmentSizes",
                     b.getDenseI32ArrayAttr({int32_t(operands.size()), 0}));
      attributes.set("op_bundle_sizes", b.getDenseI32ArrayAttr({}));
    }
    if (isText) {
      attributes.set("asm_string", b.getStringAttr(name));
      attributes.set("constraints",
                     b.getStringAttr(getConstraints(operands, results)));
      attributes.set("has_side_effects", b.getUnitAttr());
    }
    state.addAttributes(attributes);
    Operation *op = b.create(state);
    for (Value result : op->getResults())
      store(b, loc, result, place);
  }

  template <typename Place>
  void store(OpBuilder &b, Location loc, Value value, Place &&place) {
    if (auto record = dyn_cast<LLVM::LLVMStructType>(value.getType())) {
      for (int64_t i = 0, e = record.getBody().size(); i < e; ++i)
        store(b, loc, LLVM::ExtractValueOp::create(b, loc, value, i), place);
      return;
    }
    if (value.getType().isInteger(1))
      value = LLVM::ZExtOp::create(b, loc, b.getI8Type(), value);
    LLVM::StoreOp::create(b, loc, value, place());
  }

  static std::string getConstraints(ArrayRef<Value> operands,
                                    ArrayRef<Type> results) {
    auto letter = [](Type type) -> std::string {
      if (isa<LLVM::LLVMPointerType>(type))
        return "l";
      unsigned bits = type.getIntOrFloatBitWidth();
      return bits == 1 ? "b" : bits <= 16 ? "h" : bits == 32 ? "r" : "l";
    };
    std::string text;
    for (Type result : results) {
      auto record = dyn_cast<LLVM::LLVMStructType>(result);
      for (Type part : record ? record.getBody() : ArrayRef<Type>(result))
        text += "=&" + letter(part) + ",";
    }
    for (Value operand : operands)
      text += letter(operand.getType()) + ",";
    return text + "~{memory}";
  }
};
} // namespace

void raddle::registerTileTestPasses() { PassRegistration<TestSelection>(); }
