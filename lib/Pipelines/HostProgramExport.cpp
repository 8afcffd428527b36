//===- HostProgramExport.cpp - The plan dialect as data -------------------===//

#include "HostProgramExport.h"
#include "dialects/Plan/IR/PlanDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace raddle;
using host::Expr;
using host::ExprKind;

namespace {
class Exporter {
public:
  Exporter(ModuleOp module, std::vector<ProgramConstant> &constants)
      : module(module), constants(constants) {}
  FailureOr<host::Program> run();

private:
  LogicalResult exportEntry(func::FuncOp entry);
  LogicalResult exportBlock(Block &block, host::Block &statements);
  LogicalResult exportOp(Operation *op, host::Block &statements);
  LogicalResult exportLaunch(plan::LaunchOp op, host::Block &statements);
  FailureOr<uint32_t> getKernel(plan::LaunchOp op);
  uint32_t getBuffer(Value value) { return buffers.lookup(value); }
  Expr getExpr(Value value);
  std::string fresh(StringRef hint) {
    return (hint + std::to_string(nextName++)).str();
  }
  /// Binds the results of a region's terminator to the names of `results`.
  void bind(ValueRange results, ValueRange values, host::Block &statements);

  ModuleOp module;
  std::vector<ProgramConstant> &constants;
  host::Program program;
  DenseMap<Value, uint32_t> buffers;
  DenseMap<Value, Expr> exprs;
  std::map<std::string, uint32_t> weights;
  llvm::MapVector<Attribute, uint32_t> kernels;
  unsigned nextName = 0;
  bool hadError = false;
};
} // namespace

Expr Exporter::getExpr(Value value) {
  auto found = exprs.find(value);
  if (found != exprs.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  if (!op) {
    emitError(value.getLoc(), "a host scalar has no expression");
    hadError = true;
    return 0;
  }
  auto make = [&](ExprKind kind) {
    std::vector<Expr> operands;
    for (Value operand : op->getOperands())
      operands.push_back(getExpr(operand));
    return Expr::op(kind, std::move(operands));
  };
  Expr result =
      TypeSwitch<Operation *, Expr>(op)
          .Case([&](arith::ConstantOp constant) -> Expr {
            if (auto boolean = dyn_cast<BoolAttr>(constant.getValue()))
              return int64_t(boolean.getValue());
            if (auto integer = dyn_cast<IntegerAttr>(constant.getValue()))
              return integer.getInt();
            constant.emitOpError("expected an integer in the host program");
            hadError = true;
            return 0;
          })
          .Case([&](plan::SymbolOp symbol) {
            return Expr::symbol(symbol.getName().str());
          })
          .Case([&](arith::AddIOp) { return make(ExprKind::Add); })
          .Case([&](arith::SubIOp) { return make(ExprKind::Sub); })
          .Case([&](arith::MulIOp) { return make(ExprKind::Mul); })
          .Case<arith::DivUIOp, arith::FloorDivSIOp>(
              [&](auto) { return make(ExprKind::FloorDiv); })
          .Case([&](arith::DivSIOp) {
            // Rounds towards zero: exact division of sizes, or not negative.
            Expr l = getExpr(op->getOperand(0)), r = getExpr(op->getOperand(1));
            Expr negative =
                Expr::op(ExprKind::Ne, {Expr::op(ExprKind::Lt, {l, 0}),
                                        Expr::op(ExprKind::Lt, {r, 0})});
            return Expr::op(ExprKind::Select,
                            {negative, Expr::op(ExprKind::CeilDiv, {l, r}),
                             Expr::op(ExprKind::FloorDiv, {l, r})});
          })
          .Case<arith::CeilDivUIOp, arith::CeilDivSIOp>(
              [&](auto) { return make(ExprKind::CeilDiv); })
          .Case([&](arith::RemUIOp) { return make(ExprKind::Mod); })
          .Case([&](arith::RemSIOp) {
            // Has the sign of the dividend.
            Expr l = getExpr(op->getOperand(0)), r = getExpr(op->getOperand(1));
            Expr size =
                Expr::op(ExprKind::Max, {r, Expr::op(ExprKind::Sub, {0, r})});
            return Expr::op(
                ExprKind::Select,
                {Expr::op(ExprKind::Lt, {l, 0}),
                 Expr::op(
                     ExprKind::Sub,
                     {0, Expr::op(ExprKind::Mod,
                                  {Expr::op(ExprKind::Sub, {0, l}), size})}),
                 Expr::op(ExprKind::Mod, {l, size})});
          })
          .Case<arith::MinSIOp, arith::MinUIOp>(
              [&](auto) { return make(ExprKind::Min); })
          .Case<arith::MaxSIOp, arith::MaxUIOp>(
              [&](auto) { return make(ExprKind::Max); })
          .Case([&](arith::SelectOp) { return make(ExprKind::Select); })
          .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp,
                arith::TruncIOp>(
              [&](auto cast) { return getExpr(cast.getIn()); })
          .Case([&](arith::ExtUIOp cast) { return getExpr(cast.getIn()); })
          .Case([&](arith::CmpIOp cmp) {
            Expr l = getExpr(cmp.getLhs()), r = getExpr(cmp.getRhs());
            using P = arith::CmpIPredicate;
            switch (cmp.getPredicate()) {
            case P::eq:
              return Expr::op(ExprKind::Eq, {l, r});
            case P::ne:
              return Expr::op(ExprKind::Ne, {l, r});
            case P::slt:
            case P::ult:
              return Expr::op(ExprKind::Lt, {l, r});
            case P::sle:
            case P::ule:
              return Expr::op(ExprKind::Le, {l, r});
            case P::sgt:
            case P::ugt:
              return Expr::op(ExprKind::Lt, {r, l});
            case P::sge:
            case P::uge:
              return Expr::op(ExprKind::Le, {r, l});
            }
            return Expr(0);
          })
          .Case<arith::AndIOp, arith::OrIOp, arith::XOrIOp>([&](auto logic) {
            if (!logic.getType().isInteger(1)) {
              logic->emitOpError("expected i1 in the host program");
              hadError = true;
            }
            if (isa<arith::XOrIOp>(logic.getOperation()))
              return make(ExprKind::Ne);
            return make(isa<arith::AndIOp>(logic.getOperation())
                            ? ExprKind::And
                            : ExprKind::Or);
          })
          .Default([&](Operation *other) -> Expr {
            other->emitOpError("has no form in the host program");
            hadError = true;
            return 0;
          });
  exprs[value] = result;
  return result;
}

FailureOr<host::Program> Exporter::run() {
  auto entry = module.lookupSymbol<func::FuncOp>("main");
  if (!entry) {
    module.emitError("expected a function 'main'");
    return failure();
  }
  program.name = module.getSymName().value_or("model").str();
  if (failed(exportEntry(entry)) ||
      failed(exportBlock(entry.getBody().front(), program.body)) || hadError)
    return failure();
  return std::move(program);
}

LogicalResult Exporter::exportEntry(func::FuncOp entry) {
  auto addSymbol = [&](StringRef name) {
    for (const host::Symbol &symbol : program.symbols)
      if (symbol.name == name)
        return;
    host::Symbol symbol;
    symbol.name = name.str();
    program.symbols.push_back(symbol);
  };
  if (auto dims = entry->getAttrOfType<ArrayAttr>("plan.dims"))
    for (auto dim : dims.getAsRange<DictionaryAttr>()) {
      host::Symbol symbol;
      symbol.name = dim.getAs<StringAttr>("name").str();
      if (auto min = dim.getAs<IntegerAttr>("min"))
        symbol.min = min.getInt();
      if (auto max = dim.getAs<IntegerAttr>("max"))
        symbol.max = max.getInt();
      if (auto divisor = dim.getAs<IntegerAttr>("divisor"))
        symbol.divisor = divisor.getInt();
      program.symbols.push_back(symbol);
    }
  for (auto [i, argument] : llvm::enumerate(entry.getArguments())) {
    host::Port port;
    auto name = entry.getArgAttrOfType<StringAttr>(i, "plan.name");
    auto type = entry.getArgAttrOfType<StringAttr>(i, "plan.type");
    auto shape = entry.getArgAttrOfType<ArrayAttr>(i, "plan.shape");
    auto dataType = type ? parseDataType(type.getValue()) : std::nullopt;
    if (!name || !dataType || !shape)
      return entry.emitOpError("expected 'plan.name', 'plan.type' and "
                               "'plan.shape' of argument ")
             << i;
    port.name = name.str();
    port.type = *dataType;
    Expr bytes = int64_t(byteSize(*dataType));
    for (Attribute size : shape) {
      Expr extent = 0;
      if (auto symbol = dyn_cast<StringAttr>(size)) {
        addSymbol(symbol.getValue());
        extent = Expr::symbol(symbol.str());
      } else {
        extent = cast<IntegerAttr>(size).getInt();
      }
      bytes = Expr::op(ExprKind::Mul, {bytes, extent});
      port.shape.push_back(extent);
    }
    host::Buffer buffer;
    buffer.name = port.name;
    buffer.kind = host::BufferKind::Input;
    buffer.bytes = bytes;
    port.buffer = program.buffers.size();
    buffers[argument] = port.buffer;
    program.buffers.push_back(buffer);
    program.inputs.push_back(port);
  }
  return success();
}

LogicalResult Exporter::exportBlock(Block &block, host::Block &statements) {
  for (Operation &op : block)
    if (!op.hasTrait<OpTrait::IsTerminator>())
      if (failed(exportOp(&op, statements)))
        return failure();
  return success();
}

void Exporter::bind(ValueRange results, ValueRange values,
                    host::Block &statements) {
  for (auto [result, value] : llvm::zip(results, values)) {
    host::Let let;
    let.name = exprs.lookup(result).symbol();
    let.value = getExpr(value);
    statements.push_back({let});
  }
}

LogicalResult Exporter::exportOp(Operation *op, host::Block &statements) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](plan::LaunchOp launch) {
        return exportLaunch(launch, statements);
      })
      .Case([&](plan::WeightOp weight) {
        auto [entry, inserted] = weights.try_emplace(weight.getEntry().str(),
                                                     program.buffers.size());
        if (inserted) {
          host::Buffer buffer;
          buffer.name = buffer.entry = weight.getEntry().str();
          buffer.kind = host::BufferKind::Weight;
          buffer.bytes = int64_t(weight.getBytes());
          program.buffers.push_back(buffer);
        }
        buffers[weight.getResult()] = entry->second;
        return success();
      })
      .Case([&](plan::ConstantOp constant) {
        ElementsAttr value = constant.getValue();
        Type element = value.getElementType();
        int64_t bytes = element.isIndex()
                            ? 4
                            : std::max(1u, element.getIntOrFloatBitWidth() / 8);
        host::Buffer buffer;
        buffer.name = buffer.entry = constant.getName().str();
        buffer.kind = host::BufferKind::Weight;
        buffer.bytes = bytes * value.getNumElements();
        buffers[constant.getResult()] = program.buffers.size();
        program.buffers.push_back(buffer);
        constants.push_back({constant.getName().str(), value});
        return success();
      })
      .Case([&](plan::AllocOp alloc) {
        host::Buffer buffer;
        bool isOutput = llvm::any_of(alloc.getResult().getUsers(),
                                     llvm::IsaPred<plan::OutputOp>);
        buffer.kind =
            isOutput ? host::BufferKind::Output : host::BufferKind::Workspace;
        buffer.name = "t" + std::to_string(program.buffers.size());
        buffer.bytes = getExpr(alloc.getBytes());
        if (!isOutput) {
          if (!alloc.getOffset())
            return LogicalResult(alloc.emitOpError(
                "expected an offset (see plan-assign-offsets)"));
          buffer.offset = getExpr(alloc.getOffset());
        }
        buffers[alloc.getResult()] = program.buffers.size();
        program.buffers.push_back(buffer);
        return success();
      })
      .Case([&](plan::ArenaOp arena) {
        program.arenaBytes = getExpr(arena.getBytes());
        return success();
      })
      .Case([&](plan::OutputOp output) -> LogicalResult {
        host::Port port;
        port.name = output.getName().str();
        auto type = parseDataType(output.getType());
        if (!type)
          return output.emitOpError("unknown type '")
                 << output.getType() << "'";
        port.type = *type;
        for (Value size : output.getSizes())
          port.shape.push_back(getExpr(size));
        port.buffer = getBuffer(output.getBuffer());
        program.buffers[port.buffer].name = port.name;
        program.outputs.push_back(port);
        return success();
      })
      .Case([&](plan::ReadOp read) -> LogicalResult {
        host::Read statement;
        statement.name = fresh("r");
        statement.buffer = getBuffer(read.getBuffer());
        statement.offset = getExpr(read.getOffset());
        unsigned width = read.getType().getIntOrFloatBitWidth();
        statement.type = width == 1    ? DataType::I1
                         : width == 8  ? DataType::I8
                         : width == 16 ? DataType::I16
                         : width == 32 ? DataType::I32
                                       : DataType::I64;
        exprs[read.getResult()] = Expr::symbol(statement.name);
        // Sizes may depend on inputs: these are read before buffers are placed.
        bool early = isa<BlockArgument>(read.getBuffer()) &&
                     isa<func::FuncOp>(read->getParentOp());
        (early ? program.prologue : statements).push_back({statement});
        return success();
      })
      .Case([&](plan::CopyOp copy) {
        host::Copy statement;
        statement.from = getBuffer(copy.getFrom());
        statement.to = getBuffer(copy.getTo());
        statement.bytes = getExpr(copy.getBytes());
        statements.push_back({statement});
        return success();
      })
      .Case([&](cf::AssertOp assertion) {
        bool early = &statements == &program.body && program.body.empty();
        (early ? program.prologue : statements)
            .push_back({host::Assert{getExpr(assertion.getArg()),
                                     assertion.getMsg().str()}});
        return success();
      })
      .Case([&](scf::IfOp branch) -> LogicalResult {
        host::If statement;
        statement.condition = getExpr(branch.getCondition());
        for (Value result : branch.getResults())
          exprs[result] = Expr::symbol(fresh("v"));
        for (auto [region, block] :
             {std::pair<Region &, host::Block &>(branch.getThenRegion(),
                                                 statement.thenBlock),
              std::pair<Region &, host::Block &>(branch.getElseRegion(),
                                                 statement.elseBlock)}) {
          if (region.empty())
            continue;
          if (failed(exportBlock(region.front(), block)))
            return failure();
          bind(branch.getResults(),
               region.front().getTerminator()->getOperands(), block);
        }
        statements.push_back({std::move(statement)});
        return success();
      })
      .Case([&](scf::ForOp loop) -> LogicalResult {
        // Carried scalars are variables that live outside the loop.
        for (auto [argument, result, init] :
             llvm::zip(loop.getRegionIterArgs(), loop.getResults(),
                       loop.getInitArgs())) {
          host::Let let;
          let.name = fresh("v");
          let.value = getExpr(init);
          exprs[argument] = exprs[result] = Expr::symbol(let.name);
          statements.push_back({let});
        }
        host::Loop statement;
        statement.counter = fresh("i");
        statement.from = getExpr(loop.getLowerBound());
        statement.to = getExpr(loop.getUpperBound());
        statement.step = getExpr(loop.getStep());
        exprs[loop.getInductionVar()] = Expr::symbol(statement.counter);
        if (failed(exportBlock(*loop.getBody(), statement.body)))
          return failure();
        // All next values are computed before any is assigned.
        std::vector<std::string> staged;
        auto yields = loop.getBody()->getTerminator()->getOperands();
        for (Value value : yields) {
          host::Let let;
          let.name = fresh("n");
          let.value = getExpr(value);
          staged.push_back(let.name);
          statement.body.push_back({let});
        }
        for (auto [result, name] : llvm::zip(loop.getResults(), staged)) {
          host::Let let;
          let.name = exprs.lookup(result).symbol();
          let.value = Expr::symbol(name);
          statement.body.push_back({let});
        }
        statements.push_back({std::move(statement)});
        return success();
      })
      .Default([&](Operation *other) -> LogicalResult {
        if (isa<arith::ArithDialect>(other->getDialect()) ||
            isa<plan::SymbolOp>(other))
          return success(); // evaluated where it is used
        return other->emitOpError("has no form in the host program");
      });
}

FailureOr<uint32_t> Exporter::getKernel(plan::LaunchOp op) {
  auto [entry, inserted] =
      kernels.insert({op.getKernelAttr(), uint32_t(program.kernels.size())});
  if (!inserted)
    return entry->second;
  auto func = module.lookupSymbol<LLVM::LLVMFuncOp>(op.getKernelAttr());
  if (!func)
    return op.emitOpError("there is no kernel ") << op.getKernelAttr();
  host::Kernel kernel;
  kernel.name = func.getSymName().str();
  kernel.module = op.getKernelAttr().getRootReference().str();
  if (auto shared = func->getAttrOfType<IntegerAttr>("raddle.shared"))
    kernel.shared = shared.getInt();
  if (auto threads = func->getAttrOfType<DenseI32ArrayAttr>(
          NVVM::NVVMDialect::getReqntidAttrName()))
    kernel.block = {threads[0], 1, 1};
  for (Type type : func.getArgumentTypes()) {
    host::ParamKind kind = host::ParamKind::I32;
    if (isa<LLVM::LLVMPointerType>(type))
      kind = host::ParamKind::Ptr;
    else if (type.isInteger(64))
      kind = host::ParamKind::I64;
    else if (type.isF32())
      kind = host::ParamKind::F32;
    else if (!type.isInteger(32))
      return func.emitOpError("expected parameters that are pointers, i32, i64 "
                              "or f32, found ")
             << type;
    kernel.params.push_back(kind);
  }
  if (auto nodes = op.getNodesAttr())
    for (auto node : nodes.getAsRange<StringAttr>())
      kernel.nodes.push_back(node.str());
  if (auto parameters = func->getAttrOfType<ArrayAttr>("tile.parameters"))
    for (auto parameter : parameters.getAsRange<StringAttr>())
      kernel.variant += (kernel.variant.empty() ? "" : ",") + parameter.str();
  program.kernels.push_back(kernel);
  return entry->second;
}

LogicalResult Exporter::exportLaunch(plan::LaunchOp op,
                                     host::Block &statements) {
  auto number = getKernel(op);
  if (failed(number))
    return failure();
  const host::Kernel &kernel = program.kernels[*number];
  host::Launch launch;
  launch.kernel = *number;
  launch.grid = {getExpr(op.getBlocks()), Expr(1), Expr(1)};
  if (kernel.params.size() != op.getArgs().size())
    return op.emitOpError("expected ")
           << kernel.params.size() << " arguments, found "
           << op.getArgs().size();
  for (auto [kind, value] : llvm::zip(kernel.params, op.getArgs())) {
    switch (kind) {
    case host::ParamKind::Ptr:
      launch.args.push_back(host::Argument::ptr(getBuffer(value)));
      break;
    case host::ParamKind::I32:
      launch.args.push_back(host::Argument::i32(getExpr(value)));
      break;
    case host::ParamKind::I64:
      launch.args.push_back(host::Argument::i64(getExpr(value)));
      break;
    case host::ParamKind::F32:
      return op.emitOpError("expected integers as host scalars");
    }
  }
  if (auto nodes = op.getNodesAttr())
    for (auto node : nodes.getAsRange<StringAttr>())
      launch.nodes.push_back(node.str());
  statements.push_back({std::move(launch)});
  return success();
}

FailureOr<host::Program>
raddle::exportHostProgram(ModuleOp module,
                          std::vector<ProgramConstant> &constants) {
  return Exporter(module, constants).run();
}
