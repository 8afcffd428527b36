//===- VerifyPhases.cpp - Every phase against the imported model ----------===//

#include "VerifyPhases.h"
#include "lib/Reference/NpzFiles.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "raddle/Reference/Evaluator.h"
#include "raddle/Reference/Weights.h"
#include "raddle/Runtime/Npz.h"
#include "raddle/Runtime/Session.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <random>

using namespace mlir;
using namespace raddle;

PhaseVerifier::PhaseVerifier(std::string inputsFile,
                             const CompileOptions &options)
    : inputsFile(std::move(inputsFile)), options(options) {
  llvm::SmallString<128> path;
  if (!llvm::sys::fs::createUniqueDirectory("raddle-verify", path))
    folder = path.str().str();
}

PhaseVerifier::~PhaseVerifier() {
  if (!folder.empty())
    llvm::sys::fs::remove_directories(folder);
}

std::string PhaseVerifier::getPath(llvm::StringRef name) const {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

static LogicalResult report(ModuleOp module, Error error) {
  return error ? LogicalResult(module.emitError() << error.message())
               : success();
}

/// Fills `count` elements of `type`.
static void fill(Tensor &tensor, int64_t count, std::mt19937 &random) {
  tensor.bytes.resize(count * byteSize(tensor.type));
  auto put = [&](int64_t i, auto value) {
    std::memcpy(tensor.bytes.data() + i * sizeof(value), &value, sizeof(value));
  };
  for (int64_t i = 0; i < count; ++i) {
    float number = float(random() >> 8) / (1 << 23) - 1;
    uint32_t bits = llvm::bit_cast<uint32_t>(number);
    switch (tensor.type) {
    case DataType::F64:
      put(i, double(number));
      break;
    case DataType::F32:
      put(i, number);
      break;
    case DataType::BF16:
      put(i, uint16_t(bits >> 16));
      break;
    case DataType::F16: {
      llvm::APFloat half(number);
      bool inexact;
      half.convert(llvm::APFloat::IEEEhalf(),
                   llvm::APFloat::rmNearestTiesToEven, &inexact);
      put(i, uint16_t(half.bitcastToAPInt().getZExtValue()));
      break;
    }
    default: // integers of any width: little-endian
      tensor.bytes[i * byteSize(tensor.type)] = std::byte(random() & 1);
    }
  }
}

LogicalResult PhaseVerifier::seedInputs(ModuleOp module) {
  auto entry = module.lookupSymbol<func::FuncOp>("main");
  llvm::StringMap<int64_t> least;
  if (auto dims = entry->getAttrOfType<ArrayAttr>("graph.dims"))
    for (auto dim : dims.getAsRange<DictionaryAttr>())
      if (auto name = dim.getAs<StringAttr>("name")) {
        auto get = [&](StringRef key, int64_t otherwise) {
          auto number = dim.getAs<IntegerAttr>(key);
          return number ? number.getInt() : otherwise;
        };
        int64_t divisor = get("divisor", 1);
        int64_t size =
            llvm::divideCeil(std::max<int64_t>(2, get("min", 0)), divisor) *
            divisor;
        least[name.getValue()] = std::min(size, get("max", size));
      }
  std::mt19937 random(1);
  Tensors inputs;
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    auto name = entry.getArgAttrOfType<StringAttr>(i, "graph.name");
    auto type = entry.getArgAttrOfType<StringAttr>(i, "graph.type");
    auto shape = entry.getArgAttrOfType<ArrayAttr>(i, "graph.shape");
    auto dataType = type ? parseDataType(type.getValue()) : std::nullopt;
    auto tensorType = dyn_cast<RankedTensorType>(entry.getArgumentTypes()[i]);
    if (!name || !dataType || !tensorType)
      return entry.emitOpError("expected 'graph.name' and 'graph.type' of "
                               "argument ")
             << i;
    Tensor &tensor = inputs[name.str()];
    tensor.type = *dataType;
    for (int64_t d = 0; d < tensorType.getRank(); ++d) {
      auto symbol = shape && d < int64_t(shape.size())
                        ? dyn_cast<StringAttr>(shape[d])
                        : StringAttr();
      tensor.shape.push_back(
          !tensorType.isDynamicDim(d) ? tensorType.getDimSize(d)
          : symbol ? least.try_emplace(symbol.getValue(), 2).first->second
                   : 2);
    }
    auto count = elementCount(tensor.shape);
    if (!count)
      return entry.emitOpError("has an argument that is too large: ")
             << describe(tensor.type, tensor.shape);
    fill(tensor, *count, random);
  }
  inputsFile = getPath("inputs.npz");
  return report(module, writeNpz(inputsFile, inputs));
}

FailureOr<PhaseVerifier::Tensors> PhaseVerifier::evaluate(ModuleOp module) {
  auto entry = module.lookupSymbol<func::FuncOp>("main");
  reference::EvaluatorOptions evaluatorOptions;
  evaluatorOptions.readWeight = reference::makeArchiveReader(module);
  reference::Evaluator evaluator(std::move(evaluatorOptions));
  llvm::SmallVector<reference::Tensor> arguments, results;
  // Results pass through a file: it converts them to interchange types.
  std::string file = getPath("outputs.npz");
  if (failed(reference::readArguments(entry, inputsFile, arguments)) ||
      failed(evaluator.run(entry, arguments, results)) ||
      failed(reference::writeResults(entry, file, results)))
    return failure();
  auto tensors = readNpz(file);
  if (!tensors)
    return report(module, tensors.takeError());
  return std::move(*tensors);
}

FailureOr<PhaseVerifier::Tensors> PhaseVerifier::execute(ModuleOp module,
                                                         Phase phase) {
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager passes(module.getContext());
  for (unsigned p = unsigned(phase) + 1; p <= unsigned(Phase::NVVM); ++p)
    buildPhase(passes, Phase(p), options);
  std::string file = getPath("model.raddle");
  if (failed(passes.run(*copy)) || failed(writeArtifact(*copy, options, file)))
    return failure();
  auto fail = [&](Error error) -> FailureOr<Tensors> {
    return report(module, std::move(error));
  };
  DeviceOptions deviceOptions;
  deviceOptions.kind = DeviceKind::VirtualGPU;
  auto device = Device::open(deviceOptions);
  if (!device)
    return fail(device.takeError());
  auto model = Model::load(file, *device);
  if (!model)
    return fail(model.takeError());
  // Before phase plan buffers have no places: each gets memory of its own, so
  // that what is judged is the kernels alone.
  SessionOptions sessionOptions;
  sessionOptions.isolateWorkspaces = phase < Phase::Plan;
  auto session = Session::create(*model, sessionOptions);
  if (!session)
    return fail(session.takeError());
  auto inputs = readNpz(inputsFile);
  if (!inputs)
    return fail(inputs.takeError());
  Session::Inputs views;
  for (auto &[name, tensor] : *inputs)
    views[name] = tensor.view();
  auto outputs = (*session)->run(views);
  if (!outputs)
    return fail(outputs.takeError());
  // As the reference's, through a file.
  std::string outputsFile = getPath("outputs.npz");
  if (Error error = writeNpz(outputsFile, *outputs))
    return fail(std::move(error));
  auto tensors = readNpz(outputsFile);
  if (!tensors)
    return fail(tensors.takeError());
  return std::move(*tensors);
}

LogicalResult PhaseVerifier::compare(ModuleOp module, Phase phase,
                                     const Tensors &found) {
  auto fail = [&](const std::string &output) {
    return module.emitError("after phase '")
           << getPhaseName(phase) << "' output '" << output
           << "' differs from the imported model: ";
  };
  // docs/Numerics.md: whole models in f32 arithmetic, and in less precise ones.
  bool isPrecise = options.compute == "tf32x3" || options.compute == "f32";
  const double bound = isPrecise ? 1e-4 : 2e-2;
  for (auto &[name, want] : expected) {
    auto output = found.find(name);
    if (output == found.end())
      return fail(name) << "it is missing";
    const Tensor &have = output->second;
    if (have.type != want.type || have.shape != want.shape)
      return fail(name) << "expected " << describe(want.type, want.shape)
                        << ", found " << describe(have.type, have.shape);
    size_t count = want.bytes.size() / std::max(1u, byteSize(want.type));
    double range = 0;
    for (size_t i = 0; i < count; ++i)
      if (double value = elementAsDouble(want, i); std::isfinite(value))
        range = std::max(range, std::abs(value));
    for (size_t i = 0; i < count; ++i) {
      double wanted = elementAsDouble(want, i);
      double given = elementAsDouble(have, i);
      bool isEqual =
          wanted == given || (std::isnan(wanted) && std::isnan(given)) ||
          (!isInteger(want.type) && std::abs(wanted - given) <= bound * range);
      if (!isEqual)
        return fail(name) << "element " << i << ": expected "
                          << std::to_string(wanted) << ", found "
                          << std::to_string(given);
    }
  }
  return success();
}

LogicalResult PhaseVerifier::verify(ModuleOp module, Phase phase) {
  if (folder.empty())
    return module.emitError("cannot create a temporary folder");
  if (expected.empty() && phase >= Phase::Tile)
    return module.emitError("phases can be verified from a graph on only, "
                            "found phase '")
           << getPhaseName(phase) << "'";
  if (inputsFile.empty() && failed(seedInputs(module)))
    return failure();
  auto outputs =
      phase < Phase::Tile ? evaluate(module) : execute(module, phase);
  if (failed(outputs))
    return module.emitError("after phase '")
           << getPhaseName(phase) << "' the model does not run";
  if (expected.empty()) {
    expected = std::move(*outputs);
    return success();
  }
  return compare(module, phase, *outputs);
}
