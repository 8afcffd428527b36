//===- HostProgramExport.cpp - The plan dialect as data -------------------===//

#include "HostProgramExport.h"
#include "HostExprs.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Plan/IR/KnownBeforeBody.h"
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
  uint32_t useStream(int64_t stream) {
    program.streams = std::max<uint32_t>(program.streams, stream + 1);
    return stream;
  }
  Expr getExpr(Value value) { return exprs.get(value); }
  std::string fresh(StringRef hint) {
    return (hint + std::to_string(nextName++)).str();
  }
  LogicalResult exportControlFlow(scf::IfOp op, host::Block &statements);
  LogicalResult exportControlFlow(scf::ForOp op, host::Block &statements);
  LogicalResult exportControlFlow(scf::WhileOp op, host::Block &statements);
  /// Expressions are written out where they are used, but for large ones that
  /// are used more than once.
  void exportScalar(Operation *op, host::Block &statements);
  /// Makes variables of host scalars and of buffers.
  void declare(ValueRange values, StringRef hint);
  /// `values` are other names of the variables `with`.
  void share(ValueRange values, ValueRange with);
  /// Gives variables their next values, all at once.
  void assign(ValueRange variables, ValueRange values, host::Block &statements);

  ModuleOp module;
  std::vector<ProgramConstant> &constants;
  host::Program program;
  DenseMap<Value, uint32_t> buffers;
  HostExprs exprs;
  plan::KnownBeforeBody known;
  std::map<std::string, uint32_t> weights;
  llvm::MapVector<Attribute, uint32_t> kernels;
  unsigned nextName = 0;
};
} // namespace

FailureOr<host::Program> Exporter::run() {
  auto entry = module.lookupSymbol<func::FuncOp>("main");
  if (!entry) {
    module.emitError("expected a function 'main'");
    return failure();
  }
  program.name = module.getSymName().value_or("model").str();
  if (failed(exportEntry(entry)) ||
      failed(exportBlock(entry.getBody().front(), program.body)) ||
      exprs.hadError())
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

void Exporter::exportScalar(Operation *op, host::Block &statements) {
  for (Value result : op->getResults()) {
    if (result.use_empty() || result.hasOneUse())
      continue;
    Expr expr = getExpr(result);
    if (!HostExprs::isWorthVariable(expr))
      continue;
    std::string name = fresh("x");
    (known.contains(result) ? program.prologue : statements)
        .push_back({host::Let{name, std::move(expr)}});
    exprs.set(result, Expr::symbol(name));
  }
}

void Exporter::declare(ValueRange values, StringRef hint) {
  for (Value value : values) {
    if (!isa<plan::BufferType>(value.getType())) {
      exprs.set(value, Expr::symbol(fresh(hint)));
      continue;
    }
    host::Buffer buffer;
    buffer.kind = host::BufferKind::Pool;
    buffer.name = fresh("b");
    buffers[value] = program.buffers.size();
    program.buffers.push_back(buffer);
  }
}

void Exporter::share(ValueRange values, ValueRange with) {
  for (auto [value, other] : llvm::zip_equal(values, with)) {
    if (isa<plan::BufferType>(value.getType()))
      buffers[value] = buffers.lookup(other);
    else
      exprs.set(value, getExpr(other));
  }
}

void Exporter::assign(ValueRange variables, ValueRange values,
                      host::Block &statements) {
  // All new values are found before any is assigned, where it matters.
  llvm::DenseSet<uint32_t> assigned;
  std::set<std::string> names;
  bool needsStaging = false;
  for (auto [variable, value] : llvm::zip_equal(variables, values)) {
    if (isa<plan::BufferType>(value.getType())) {
      needsStaging |= assigned.contains(getBuffer(value));
      assigned.insert(getBuffer(variable));
    } else {
      getExpr(value).forEachSymbol(
          [&](const std::string &name) { needsStaging |= names.count(name); });
      names.insert(getExpr(variable).symbol());
    }
  }
  host::Block behind;
  for (auto [variable, value] : llvm::zip_equal(variables, values)) {
    if (isa<plan::BufferType>(value.getType())) {
      uint32_t from = getBuffer(value), to = getBuffer(variable);
      if (from == to)
        continue;
      if (!needsStaging) {
        statements.push_back({host::Bind{to, from}});
        continue;
      }
      host::Buffer staged;
      staged.kind = host::BufferKind::Pool;
      staged.name = fresh("n");
      uint32_t number = program.buffers.size();
      program.buffers.push_back(staged);
      statements.push_back({host::Bind{number, from}});
      behind.push_back({host::Bind{to, number}});
      behind.push_back({host::Free{number}});
      continue;
    }
    std::string to = getExpr(variable).symbol();
    Expr next = getExpr(value);
    if (next == Expr::symbol(to))
      continue;
    if (needsStaging) {
      std::string staged = fresh("n");
      statements.push_back({host::Let{staged, std::move(next)}});
      behind.push_back({host::Let{to, Expr::symbol(staged)}});
    } else {
      statements.push_back({host::Let{to, std::move(next)}});
    }
  }
  llvm::move(behind, std::back_inserter(statements));
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
        constants.push_back({constant.getName().str(), value, {}});
        return success();
      })
      .Case([&](plan::PrecomputedOp op) {
        auto type = cast<RankedTensorType>(op.getValue().getType());
        host::Buffer buffer;
        buffer.name = buffer.entry = op.getName().str();
        buffer.kind = host::BufferKind::Weight;
        buffer.bytes = type.getNumElements() *
                       std::max(1u, type.getElementTypeBitWidth() / 8);
        buffers[op.getResult()] = program.buffers.size();
        program.buffers.push_back(buffer);
        constants.push_back({op.getName().str(), {}, op.getValue()});
        return success();
      })
      .Case([&](graph::PrecomputeOp) { return success(); })
      .Case([&](plan::AllocOp alloc) {
        host::Buffer buffer;
        bool isOutput = llvm::any_of(alloc.getResult().getUsers(),
                                     llvm::IsaPred<plan::OutputOp>);
        buffer.kind = alloc.getPool() ? host::BufferKind::Pool
                      : isOutput      ? host::BufferKind::Output
                                      : host::BufferKind::Workspace;
        buffer.name = "t" + std::to_string(program.buffers.size());
        if (alloc.getPool())
          statements.push_back({host::Alloc{uint32_t(program.buffers.size()),
                                            getExpr(alloc.getBytes())}});
        else
          buffer.bytes = getExpr(alloc.getBytes());
        if (buffer.kind == host::BufferKind::Workspace) {
          if (!alloc.getOffset())
            return LogicalResult(alloc.emitOpError(
                "expected an offset (see plan-assign-offsets)"));
          buffer.offset = getExpr(alloc.getOffset());
        }
        buffers[alloc.getResult()] = program.buffers.size();
        program.buffers.push_back(buffer);
        return success();
      })
      .Case([&](plan::RecordOp op) {
        statements.push_back(
            {host::Record{uint32_t(op.getEvent()), useStream(op.getStream())}});
        return success();
      })
      .Case([&](plan::WaitOp op) {
        statements.push_back(
            {host::Wait{uint32_t(op.getEvent()), useStream(op.getStream())}});
        return success();
      })
      .Case([&](plan::FreeOp free) {
        statements.push_back({host::Free{getBuffer(free.getBuffer())}});
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
        statement.type = HostExprs::getReadType(read);
        exprs.set(read.getResult(), Expr::symbol(statement.name));
        // Sizes may depend on inputs: these are read before buffers are placed.
        bool early = known.contains(read.getResult());
        (early ? program.prologue : statements).push_back({statement});
        return success();
      })
      .Case([&](plan::CopyOp copy) {
        host::Copy statement;
        statement.from = getBuffer(copy.getFrom());
        statement.to = getBuffer(copy.getTo());
        statement.bytes = getExpr(copy.getBytes());
        statement.stream = useStream(copy.getStream());
        statements.push_back({statement});
        return success();
      })
      .Case([&](cf::AssertOp assertion) {
        // What sizes rely on is checked before buffers are placed.
        bool early =
            &statements == &program.body && known.contains(assertion.getArg());
        (early ? program.prologue : statements)
            .push_back({host::Assert{getExpr(assertion.getArg()),
                                     assertion.getMsg().str()}});
        return success();
      })
      .Case<scf::IfOp, scf::ForOp, scf::WhileOp>(
          [&](auto control) { return exportControlFlow(control, statements); })
      .Case([&](arith::SelectOp select) -> LogicalResult {
        if (!isa<plan::BufferType>(select.getType()))
          return success(); // evaluated where it is used
        declare(select.getResult(), "v");
        uint32_t buffer = getBuffer(select.getResult());
        statements.push_back({host::If{
            getExpr(select.getCondition()),
            {{host::Bind{buffer, getBuffer(select.getTrueValue())}}},
            {{host::Bind{buffer, getBuffer(select.getFalseValue())}}}}});
        return success();
      })
      .Default([&](Operation *other) -> LogicalResult {
        if (isa<arith::ArithDialect>(other->getDialect()) ||
            isa<plan::SymbolOp>(other)) {
          exportScalar(other, statements);
          return success();
        }
        return other->emitOpError("has no form in the host program");
      });
}

LogicalResult Exporter::exportControlFlow(scf::IfOp op,
                                          host::Block &statements) {
  host::If statement;
  statement.condition = getExpr(op.getCondition());
  declare(op.getResults(), "v");
  for (auto [region, block] : {std::pair<Region &, host::Block &>(
                                   op.getThenRegion(), statement.thenBlock),
                               std::pair<Region &, host::Block &>(
                                   op.getElseRegion(), statement.elseBlock)}) {
    if (region.empty())
      continue;
    if (failed(exportBlock(region.front(), block)))
      return failure();
    assign(op.getResults(), region.front().getTerminator()->getOperands(),
           block);
  }
  statements.push_back({std::move(statement)});
  return success();
}

LogicalResult Exporter::exportControlFlow(scf::ForOp op,
                                          host::Block &statements) {
  host::Loop statement;
  statement.from = getExpr(op.getLowerBound());
  statement.to = getExpr(op.getUpperBound());
  statement.step = getExpr(op.getStep());
  // What is carried are variables that live outside the loop.
  declare(op.getResults(), "v");
  assign(op.getResults(), op.getInitArgs(), statements);
  share(op.getRegionIterArgs(), op.getResults());
  statement.counter = fresh("i");
  exprs.set(op.getInductionVar(), Expr::symbol(statement.counter));
  if (failed(exportBlock(*op.getBody(), statement.body)))
    return failure();
  assign(op.getResults(), op.getBody()->getTerminator()->getOperands(),
         statement.body);
  statements.push_back({std::move(statement)});
  return success();
}

LogicalResult Exporter::exportControlFlow(scf::WhileOp op,
                                          host::Block &statements) {
  host::While statement;
  declare(op.getBeforeArguments(), "w");
  assign(op.getBeforeArguments(), op.getInits(), statements);
  declare(op.getResults(), "v");
  share(op.getAfterArguments(), op.getResults());
  // Results are visible behind the loop.
  for (Value result : op.getResults())
    if (!isa<plan::BufferType>(result.getType()))
      statements.push_back({host::Let{getExpr(result).symbol(), 0}});
  if (failed(exportBlock(*op.getBeforeBody(), statement.before)))
    return failure();
  assign(op.getResults(), op.getConditionOp().getArgs(), statement.before);
  statement.condition = getExpr(op.getConditionOp().getCondition());
  if (failed(exportBlock(*op.getAfterBody(), statement.body)))
    return failure();
  assign(op.getBeforeArguments(), op.getYieldOp()->getOperands(),
         statement.body);
  statements.push_back({std::move(statement)});
  return success();
}

FailureOr<host::Kernel> raddle::describeKernel(LLVM::LLVMFuncOp func,
                                               StringRef module) {
  host::Kernel kernel;
  kernel.name = func.getSymName().str();
  kernel.module = module.str();
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
  if (auto parameters = func->getAttrOfType<ArrayAttr>("tile.parameters"))
    for (auto parameter : parameters.getAsRange<StringAttr>())
      kernel.variant += (kernel.variant.empty() ? "" : ",") + parameter.str();
  if (auto guard = func->getAttrOfType<StringAttr>("tile.guard"))
    kernel.variant += " if " + guard.str();
  return kernel;
}

FailureOr<uint32_t> Exporter::getKernel(plan::LaunchOp op) {
  auto [entry, inserted] =
      kernels.insert({op.getKernelAttr(), uint32_t(program.kernels.size())});
  if (!inserted)
    return entry->second;
  auto func = module.lookupSymbol<LLVM::LLVMFuncOp>(op.getKernelAttr());
  if (!func)
    return op.emitOpError("there is no kernel ") << op.getKernelAttr();
  auto described = describeKernel(func, op.getKernelAttr().getRootReference());
  if (failed(described))
    return failure();
  host::Kernel &kernel = *described;
  kernel.writes.emplace(op.getWritten().begin(), op.getWritten().end());
  if (auto nodes = op.getNodesAttr())
    for (auto node : nodes.getAsRange<StringAttr>())
      kernel.nodes.push_back(node.str());
  program.kernels.push_back(std::move(kernel));
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
  launch.stream = useStream(op.getStream());
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
  if (auto origins = op.getOrigins())
    launch.origins.assign(origins->begin(), origins->end());
  statements.push_back({std::move(launch)});
  return success();
}

FailureOr<host::Program>
raddle::exportHostProgram(ModuleOp module,
                          std::vector<ProgramConstant> &constants) {
  return Exporter(module, constants).run();
}
