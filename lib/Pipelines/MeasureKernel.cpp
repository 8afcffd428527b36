//===- MeasureKernel.cpp - Compiling and running one candidate ------------===//

#include "MeasureKernel.h"
#include "HostProgramExport.h"
#include "dialects/Graph/Conversion/GraphToTile/KernelList.h"
#include "dialects/Tile/Analysis/KernelFeatures.h"
#include "dialects/Tile/Conversion/TileToNVVM/TileToNVVM.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "raddle/Artifact/Artifact.h"
#include "raddle/CostModel/Machine.h"
#include "raddle/Runtime/Session.h"
#include "raddle/Target/Ptx.h"
#include "raddle/Target/Ptxas.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Process.h"
#include <cstdlib>
#include <random>

using namespace mlir;
using namespace raddle;

namespace raddle {
/// A candidate after code generation.
struct BuiltCandidate {
  tile::GroupKernels kernels;
  std::string ptx;
  std::vector<host::Kernel> hostKernels;
};
} // namespace raddle

FailureOr<DimBindings> raddle::parseDimBindings(StringRef text, Location loc) {
  DimBindings bindings;
  SmallVector<StringRef> parts;
  text.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    auto [name, number] = part.split('=');
    int64_t value;
    if (name.trim().empty() || number.trim().getAsInteger(10, value) ||
        value < 0)
      return emitError(loc, "malformed size '")
             << part << "': expected NAME=NUMBER";
    if (!bindings.emplace(name.trim().str(), value).second)
      return emitError(loc, "dim '") << name << "' is given twice";
  }
  return bindings;
}

KernelMeasurer::KernelMeasurer(Operation *root, std::string target)
    : shapes(root), target(std::move(target)) {}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

int64_t KernelMeasurer::evaluate(graph::SymbolicExpr expr) {
  if (!expr)
    return defaultSize;
  int64_t sum = 0;
  for (const graph::SymbolicTerm &term : expr->terms) {
    int64_t product = term.coefficient;
    for (const graph::SymbolicAtom *atom : term.atoms) {
      using Atom = graph::SymbolicAtom;
      int64_t value = 0;
      int64_t lhs = atom->lhs ? evaluate(atom->lhs) : 0,
              rhs = atom->rhs ? evaluate(atom->rhs) : 0;
      switch (atom->kind) {
      case Atom::Symbol: {
        auto found = bindings.find(atom->name);
        value = found != bindings.end() ? found->second / atom->divisor
                                        : defaultSize / atom->divisor;
        value = std::max(value, atom->interval.lower);
        value = std::min(value, atom->interval.upper);
        break;
      }
      case Atom::FloorDiv:
        value = rhs ? llvm::divideFloorSigned(lhs, rhs) : 0;
        break;
      case Atom::TruncDiv:
        value = rhs ? lhs / rhs : 0;
        break;
      case Atom::Min:
        value = std::min(lhs, rhs);
        break;
      case Atom::Max:
        value = std::max(lhs, rhs);
        break;
      }
      product *= value;
    }
    sum += product;
  }
  return sum;
}

/// The tensor outside of the group that a value of its region is.
static Value getOuter(Value tensor) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    if (auto group =
            dyn_cast<graph::GroupOp>(argument.getOwner()->getParentOp()))
      return group->getOperand(argument.getArgNumber());
  return tensor;
}

int64_t KernelMeasurer::getDim(Value tensor, unsigned dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return type.getDimSize(dim);
  return evaluate(shapes.getDim(getOuter(tensor), dim));
}

cost::NamedValues KernelMeasurer::getSizes(graph::GroupOp group,
                                           const tile::KernelSkeleton &skeleton,
                                           const DimBindings &bound) {
  bindings = bound;
  cost::NamedValues sizes;
  for (const tile::GroupDim &dim : skeleton.getDims(group)) {
    int64_t size = dim.factor;
    for (auto [tensor, number] : dim.extents)
      size *= getDim(tensor, number);
    sizes.push_back({dim.name.str(), size / dim.divisor});
  }
  return sizes;
}

FailureOr<SmallVector<int64_t>>
KernelMeasurer::evaluateHost(const tile::TileKernel &kernel,
                             ArrayRef<int64_t> arguments) {
  func::FuncOp host = kernel.host;
  Block &body = host.getBody().front();
  DenseMap<Value, Attribute> values;
  Builder builder(host.getContext());
  for (auto [argument, value] : llvm::zip(body.getArguments(), arguments))
    values[argument] = builder.getIntegerAttr(argument.getType(), value);
  for (Operation &op : body.without_terminator()) {
    SmallVector<Attribute> operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.lookup(operand));
    SmallVector<OpFoldResult> results;
    if (failed(op.fold(operands, results)) ||
        results.size() != op.getNumResults())
      return op.emitOpError("cannot be computed before a launch");
    for (auto [result, folded] : llvm::zip(op.getResults(), results))
      values[result] = isa<Attribute>(folded)
                           ? cast<Attribute>(folded)
                           : values.lookup(cast<Value>(folded));
  }
  SmallVector<int64_t> results;
  for (Value value : body.getTerminator()->getOperands()) {
    auto number = dyn_cast_or_null<IntegerAttr>(values.lookup(value));
    if (!number)
      return emitError(value.getLoc(), "a grid or a scratch buffer has no size "
                                       "before a launch");
    results.push_back(number.getInt());
  }
  return results;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

Expected<std::shared_ptr<Device>> KernelMeasurer::getDevice() {
  if (device)
    return device;
  // Unless someone says otherwise: the GPU that stands for the target, without
  // checks, which count nothing.
  if (const cost::Machine *machine = cost::findMachine(target))
    ::setenv("RADDLE_VGPU", machine->name.c_str(), /*overwrite=*/0);
  ::setenv("RADDLE_VGPU_CHECKS", "none", /*overwrite=*/0);
  Expected<std::shared_ptr<Device>> opened =
      Device::open({DeviceKind::VirtualGPU, 0});
  if (!opened)
    return opened;
  device = *opened;
  device->countEvents(true);
  return device;
}

/// Bytes of a tensor: floats in [-1, 1], integers zero.
static std::vector<std::byte> makeData(Type element, int64_t count) {
  unsigned bits = element.getIntOrFloatBitWidth();
  unsigned bytes = std::max(1u, bits / 8);
  std::vector<std::byte> data(size_t(count) * bytes);
  auto type = dyn_cast<FloatType>(element);
  if (!type)
    return data;
  std::minstd_rand random(1);
  // Of a period that is long enough for numbers to look random.
  std::vector<uint64_t> period;
  for (unsigned i = 0; i < 8191; ++i) {
    llvm::APFloat value(double(int(random() % 2001) - 1000) / 1000);
    bool lost;
    value.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven,
                  &lost);
    period.push_back(value.bitcastToAPInt().getZExtValue());
  }
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(data.data() + size_t(i) * bytes, &period[i % 8191], bytes);
  return data;
}

static cost::Counters readCounters(const llvm::json::Object &object) {
  cost::Counters c;
  auto get = [](const llvm::json::Object *from, StringRef key) {
    return from ? from->getInteger(key).value_or(0) : 0;
  };
  const llvm::json::Object *pipes = object.getObject("by_pipe");
  c.blocks = get(&object, "blocks");
  c.instructions = get(&object, "warp_instructions");
  c.int32 = get(pipes, "int");
  c.fp32 = get(pipes, "fp32");
  c.fp16 = get(pipes, "fp16");
  c.fp64 = get(pipes, "fp64");
  c.special = get(pipes, "special");
  c.convert = get(pipes, "convert");
  c.warp = get(pipes, "warp");
  c.move = get(pipes, "move");
  c.mma = get(&object, "mma");
  c.barriers = get(&object, "barriers");
  c.atomics = get(&object, "atomics");
  c.globalSectors = get(&object, "global_load_sectors") +
                    get(&object, "global_store_sectors");
  c.sharedWavefronts = get(&object, "shared_wavefronts");
  c.sharedBankConflicts = get(&object, "shared_bank_conflicts");
  return c;
}

LogicalResult KernelMeasurer::run(graph::GroupOp group,
                                  const BuiltCandidate &built, cost::Row &row) {
  auto fail = [&](const Twine &message) -> LogicalResult {
    std::string text;
    for (auto &[name, value] : row.parameters)
      text += (text.empty() ? "" : ",") + name + "=" + std::to_string(value);
    return group.emitError("cannot run the kernel with ")
           << text << ": " << message;
  };
  // A program of its own, in which every size is a number.
  host::Program program;
  program.name = "kernel";
  program.kernels = built.hostKernels;
  Session::Inputs inputs;
  std::vector<std::vector<std::byte>> data;
  std::vector<uint32_t> inputBuffers, outputBuffers, scratchBuffers;
  auto countOf = [&](Value tensor) {
    int64_t count = 1;
    auto type = cast<RankedTensorType>(tensor.getType());
    for (int64_t d = 0; d < type.getRank(); ++d)
      count *= getDim(tensor, d);
    return count;
  };
  auto addBuffer = [&](host::BufferKind kind, std::string name, int64_t bytes) {
    host::Buffer buffer;
    buffer.name = std::move(name);
    buffer.kind = kind;
    buffer.bytes = bytes;
    program.buffers.push_back(buffer);
    return uint32_t(program.buffers.size() - 1);
  };
  auto addPort = [&](std::vector<host::Port> &ports, uint32_t buffer) {
    host::Port port;
    port.name = program.buffers[buffer].name;
    port.type = DataType::U8;
    port.shape = {program.buffers[buffer].bytes};
    port.buffer = buffer;
    ports.push_back(port);
  };
  for (auto [i, input] : llvm::enumerate(group.getInputs())) {
    Type element = graph::getKernelElementType(getElementTypeOrSelf(input));
    data.push_back(makeData(element, countOf(input)));
    std::string name = "i" + std::to_string(i);
    inputBuffers.push_back(
        addBuffer(host::BufferKind::Input, name, data.back().size()));
    addPort(program.inputs, inputBuffers.back());
    inputs[name] = {
        DataType::U8, {int64_t(data.back().size())}, data.back().data()};
  }
  for (auto [i, output] : llvm::enumerate(group.getOutputs())) {
    Type element = graph::getKernelElementType(getElementTypeOrSelf(output));
    int64_t bytes =
        countOf(output) * std::max(1u, element.getIntOrFloatBitWidth() / 8);
    outputBuffers.push_back(
        addBuffer(host::BufferKind::Output, "o" + std::to_string(i), bytes));
    addPort(program.outputs, outputBuffers.back());
  }
  int64_t footprint = 0, arena = 0;
  for (const host::Buffer &buffer : program.buffers)
    footprint += buffer.bytes.literal();
  for (auto [number, kernel] : llvm::enumerate(built.kernels.kernels)) {
    host::Launch launch;
    launch.kernel = number;
    SmallVector<int64_t> hostArguments;
    for (const tile::KernelArgument &argument : kernel.arguments)
      if (argument.kind == tile::KernelArgument::Extent)
        hostArguments.push_back(
            getDim(group.getInputs()[argument.index], argument.dim));
      else if (argument.kind == tile::KernelArgument::Scalar)
        hostArguments.push_back(
            evaluate(shapes.get(group.getScalars()[argument.index])));
    auto results = evaluateHost(kernel, hostArguments);
    if (failed(results))
      return failure();
    launch.grid = {host::Expr((*results)[0]), host::Expr(1), host::Expr(1)};
    if (scratchBuffers.empty())
      for (int64_t bytes : ArrayRef<int64_t>(*results).drop_front()) {
        scratchBuffers.push_back(
            addBuffer(host::BufferKind::Workspace,
                      "s" + std::to_string(scratchBuffers.size()), bytes));
        program.buffers.back().offset = arena;
        arena = llvm::alignTo(arena + bytes, 256);
      }
    unsigned next = 0;
    for (auto [kind, argument] :
         llvm::zip(built.hostKernels[number].params, kernel.arguments))
      switch (argument.kind) {
      case tile::KernelArgument::Input:
        launch.args.push_back(
            host::Argument::ptr(inputBuffers[argument.index]));
        break;
      case tile::KernelArgument::Output:
        launch.args.push_back(
            host::Argument::ptr(outputBuffers[argument.index]));
        break;
      case tile::KernelArgument::Scratch:
        launch.args.push_back(
            host::Argument::ptr(scratchBuffers[argument.index]));
        break;
      case tile::KernelArgument::Extent:
      case tile::KernelArgument::Scalar: {
        int64_t value = hostArguments[next++];
        launch.args.push_back(kind == host::ParamKind::I64
                                  ? host::Argument::i64(value)
                                  : host::Argument::i32(value));
        break;
      }
      }
    program.body.push_back({std::move(launch)});
  }
  program.arenaBytes = arena;

  SmallString<128> path;
  int fd;
  if (auto error =
          llvm::sys::fs::createTemporaryFile("raddle", "raddle", fd, path))
    return fail("cannot create a temporary file: " + error.message());
  llvm::sys::Process::SafelyCloseFileDescriptor(fd);
  llvm::scope_exit remove([&] { llvm::sys::fs::remove(path); });
  ArtifactWriter writer;
  if (Error error =
          writer.addPtx(target, built.hostKernels.front().module, built.ptx))
    return fail(error.message());
  if (Error error = writer.write(program, path.str().str()))
    return fail(error.message());
  auto opened = getDevice();
  if (!opened)
    return fail(opened.error().message());
  auto model = Model::load(path.str().str(), *opened);
  if (!model)
    return fail(model.error().message());
  auto session = Session::create(*model);
  if (!session)
    return fail(session.error().message());
  device->takeCounters();
  auto outputs = (*session)->run(inputs);
  if (!outputs) {
    // After a fault the device is unusable.
    std::string message = outputs.error().message();
    device.reset();
    return fail(message);
  }
  auto counters = llvm::json::parse(device->takeCounters());
  if (!counters) {
    llvm::consumeError(counters.takeError());
    return success();
  }
  // Launches without blocks are none.
  const llvm::json::Object *root = counters->getAsObject();
  const llvm::json::Array *list = root ? root->getArray("launches") : nullptr;
  size_t at = 0;
  for (auto [number, launch] : llvm::enumerate(row.launches)) {
    const auto &statement = std::get<host::Launch>(program.body[number].op);
    if (statement.grid[0].literal() == 0) {
      launch.counters.emplace();
      continue;
    }
    const llvm::json::Object *entry =
        list && at < list->size() ? (*list)[at++].getAsObject() : nullptr;
    if (const llvm::json::Object *events =
            entry ? entry->getObject("counters") : nullptr)
      launch.counters = readCounters(*events);
  }
  if (const cost::Machine *machine = cost::findMachine(target)) {
    int64_t stages = 1;
    for (auto &[name, value] : row.parameters)
      if (name == "stages")
        stages = value;
    cost::modelRow(row, *machine, stages, footprint);
  }
  return success();
}

LogicalResult KernelMeasurer::measure(graph::GroupOp group,
                                      const tile::KernelSkeleton &skeleton,
                                      const tile::Candidate &candidate,
                                      ArrayRef<DimBindings> sizes,
                                      std::vector<cost::Row> &rows) {
  cost::Row row;
  row.hash = graph::getKernelHash(group);
  row.skeleton = skeleton.getName().str();
  row.kind = skeleton.getClass(group);
  row.target = target;
  if (const cost::Machine *machine = cost::findMachine(target))
    row.gpu = machine->name;
  row.featuresVersion = tile::kFeaturesVersion;
  row.features = tile::getGroupFeatures(group, candidate);
  for (auto &[name, value] : candidate.parameters)
    row.parameters.push_back({name.str(), value});

  // In a module of its own, as the pipeline has it.
  OpBuilder builder(group.getContext());
  OwningOpRef<ModuleOp> holder =
      ModuleOp::create(builder, group.getLoc(), "kernel");
  ModuleOp module = *holder;
  builder.setInsertionPointToStart(module.getBody());
  auto kernels = skeleton.build(group, candidate.parameters, "kernel", builder);
  if (failed(kernels))
    return failure();
  BuiltCandidate built;
  built.kernels = std::move(*kernels);
  tile::addCodeFeatures(built.kernels, row.features);
  int64_t minBlocks =
      tile::getParameter(candidate.parameters, tile::kMinBlocks, 0);
  std::vector<std::string> names;
  for (tile::TileKernel &kernel : built.kernels.kernels) {
    if (kernel.func->hasAttr("tile.invalid"))
      return failure(); // diagnosed while it was built
    if (minBlocks)
      kernel.func->setAttr("tile.min_blocks",
                           builder.getI64IntegerAttr(minBlocks));
    // The host half stays apart from the device's code.
    kernel.host->remove();
    names.push_back(kernel.func.getSymName().str());
  }
  llvm::scope_exit erase([&] {
    for (tile::TileKernel &kernel : built.kernels.kernels)
      kernel.host->erase();
  });
  PassManager passes(group.getContext());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(tile::createTileLowerToNVVM());
  if (failed(passes.run(module)))
    return failure();
  for (const std::string &name : names) {
    auto func = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
    if (!func)
      return group.emitOpError("the kernel has no code");
    auto described = describeKernel(func, "kernel");
    if (failed(described))
      return failure();
    built.hostKernels.push_back(std::move(*described));
    cost::RecordedLaunch launch;
    launch.kernel = name;
    launch.threads = built.hostKernels.back().block[0];
    launch.sharedBytes = built.hostKernels.back().shared;
    row.launches.push_back(launch);
  }
  auto ptx = target::emitPtx(module, target);
  if (failed(ptx))
    return failure();
  built.ptx = std::move(*ptx);
  if (auto ptxas = target::findPtxas()) {
    std::string error;
    auto assembled = target::assemblePtx(*ptxas, built.ptx, target, error);
    if (!assembled)
      return group.emitError("ptxas refuses the kernel with ")
             << tile::formatParameters(candidate.parameters) << ": " << error;
    for (cost::RecordedLaunch &launch : row.launches)
      launch.ptxas = {assembled->registers, assembled->spillBytes};
  }
  for (const DimBindings &bound : sizes) {
    cost::Row at = row;
    at.sizes = getSizes(group, skeleton, bound);
    if (failed(run(group, built, at)))
      return failure();
    rows.push_back(std::move(at));
  }
  return success();
}
