//===- WriteArtifact.cpp - PTX, host program and weights in one file ------===//

#include "HostProgramExport.h"
#include "dialects/Plan/IR/PlanDialect.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Threading.h"
#include "raddle/Artifact/Artifact.h"
#include "raddle/Import/Archive.h"
#include "raddle/Pipelines/Phases.h"
#include "raddle/Reference/Evaluator.h"
#include "raddle/Reference/Weights.h"
#include "raddle/Target/Ptx.h"

using namespace mlir;
using namespace raddle;

FailureOr<std::vector<std::pair<std::string, std::string>>>
raddle::emitKernels(ModuleOp module, llvm::StringRef target,
                    const KernelCache &cache) {
  SmallVector<ModuleOp> kernels(module.getOps<ModuleOp>());
  std::vector<std::pair<std::string, std::string>> result(kernels.size());
  LogicalResult status = failableParallelForEachN(
      module.getContext(), 0, kernels.size(), [&](size_t i) -> LogicalResult {
        result[i].first = kernels[i].getSymName()->str();
        std::string key = cache.getKey(kernels[i], target);
        if (auto known = cache.find(key)) {
          result[i].second = std::move(*known);
          return success();
        }
        auto ptx = target::emitPtx(kernels[i], target);
        if (failed(ptx))
          return failure();
        cache.store(key, *ptx);
        result[i].second = std::move(*ptx);
        return success();
      });
  cache.prune();
  if (failed(status))
    return failure();
  return result;
}

/// Row-major little-endian bytes of a constant; i1 is one byte, index is i32.
static std::vector<char> getBytes(ElementsAttr value) {
  Type element = value.getElementType();
  unsigned bytes =
      element.isIndex() ? 4 : std::max(1u, element.getIntOrFloatBitWidth() / 8);
  std::vector<char> result;
  result.reserve(value.getNumElements() * bytes);
  auto append = [&](const APInt &bits) {
    uint64_t word = bits.zextOrTrunc(64).getZExtValue();
    for (unsigned i = 0; i < bytes; ++i)
      result.push_back(char(word >> (8 * i)));
  };
  if (isa<FloatType>(element))
    for (const APFloat &number : value.getValues<APFloat>())
      append(number.bitcastToAPInt());
  else
    for (const APInt &number : value.getValues<APInt>())
      append(number);
  return result;
}

namespace {
/// A weight made of several archive entries, row by row.
struct JoinedWeight {
  std::vector<const ArchiveEntry *> parts;
  std::vector<int64_t> runs;
  int64_t rows = 0;
  int64_t elementBytes = 1;

  static FailureOr<JoinedWeight> get(plan::WeightOp op,
                                     std::vector<const ArchiveEntry *> parts) {
    JoinedWeight join;
    join.parts = std::move(parts);
    join.runs = op.getRuns()->vec();
    int64_t row = 0;
    for (int64_t run : join.runs)
      row += run;
    join.rows = row > 0 ? int64_t(op.getBytes()) / row : 0;
    for (auto [part, run] : llvm::zip_equal(join.parts, join.runs))
      if (int64_t(part->size) != join.rows * run)
        return op.emitOpError("expected ")
               << join.rows * run << " bytes of '" << part->name << "', found "
               << part->size;
    int64_t elements = 1;
    for (int64_t size : join.parts.front()->shape)
      elements *= size;
    if (elements > 0)
      join.elementBytes =
          std::max<int64_t>(1, join.parts.front()->size / elements);
    return join;
  }

  std::vector<int64_t> getShape(int64_t element) const {
    int64_t row = 0;
    for (int64_t run : runs)
      row += run;
    return {rows, row / element};
  }

  Error write(ByteSink &sink) const {
    for (int64_t row = 0; row < rows; ++row)
      for (auto [part, run] : llvm::zip_equal(parts, runs))
        if (Error error = sink.write(
                reinterpret_cast<const char *>(part->data) + row * run, run))
          return error;
    return Error();
  }
};
} // namespace

/// Evaluates a value that depends on archives and constants alone. The tensor
/// lives only until it is written.
static Error writeComputed(reference::Evaluator &evaluator, Value value,
                           ByteSink &sink) {
  SmallVector<reference::Tensor> results;
  if (failed(evaluator.run(value.getDefiningOp(), {}, results)))
    return Error("cannot compute a weight of the artifact");
  const reference::Tensor &tensor = results.front();
  return sink.write(tensor.data(), tensor.byteSize());
}

LogicalResult raddle::writeArtifact(ModuleOp module,
                                    const CompileOptions &options,
                                    const std::string &path) {
  std::vector<ProgramConstant> constants;
  auto program = exportHostProgram(module, constants);
  if (failed(program))
    return failure();
  bool fits = true;
  for (const std::string &target : options.targets)
    for (const host::Kernel &kernel : program->kernels)
      if (kernel.shared > target::getMaxSharedBytes(target)) {
        fits = false;
        module.emitError("kernel '")
            << kernel.name << "' needs " << kernel.shared
            << " bytes of shared memory, more than the "
            << target::getMaxSharedBytes(target) << " of target '" << target
            << "'; choose smaller tiles";
      }
  if (!fits)
    return failure();
  ArtifactWriter writer;
  auto report = [&](Error error) -> LogicalResult {
    if (!error)
      return success();
    return module.emitError() << error.message();
  };
  for (const std::string &target : options.targets) {
    auto kernels = emitKernels(module, target, options.cache);
    if (failed(kernels))
      return failure();
    for (auto &[name, text] : *kernels)
      if (failed(report(writer.addPtx(target, name, std::move(text)))))
        return failure();
  }

  for (ModuleOp kernel : module.getOps<ModuleOp>())
    if (auto text = kernel->getAttrOfType<StringAttr>("tile.text"))
      if (failed(report(writer.addTileText(*kernel.getSymName(), text.str()))))
        return failure();

  // Weights are streamed from the mapped archives.
  std::vector<std::unique_ptr<Archive>> archives;
  if (auto named = module->getAttrOfType<DictionaryAttr>("graph.archives"))
    for (NamedAttribute entry : named) {
      auto archive = cast<DictionaryAttr>(entry.getValue());
      auto file = archive.getAs<StringAttr>("path");
      auto format = archive.getAs<StringAttr>("format");
      std::string error;
      auto opened = file && format
                        ? Archive::open(file.str(), format.str(), error)
                        : nullptr;
      if (!opened)
        return module.emitError("cannot open archive '")
               << entry.getName().getValue() << "': " << error;
      archives.push_back(std::move(opened));
    }
  reference::EvaluatorOptions evaluatorOptions;
  evaluatorOptions.readWeight = reference::makeArchiveReader(module);
  reference::Evaluator evaluator(std::move(evaluatorOptions));
  std::map<std::string, plan::WeightOp> joined;
  module.walk([&](plan::WeightOp op) {
    if (op.getParts())
      joined.emplace(op.getEntry().str(), op);
  });
  for (const host::Buffer &buffer : program->buffers) {
    if (buffer.kind != host::BufferKind::Weight)
      continue;
    auto constant = llvm::find_if(constants, [&](const ProgramConstant &c) {
      return c.name == buffer.entry;
    });
    if (constant != constants.end() && constant->computed) {
      auto type = cast<RankedTensorType>(constant->computed.getType());
      std::string elementName;
      llvm::raw_string_ostream(elementName) << type.getElementType();
      auto stated = parseDataType(elementName);
      std::vector<int64_t> shape =
          stated ? type.getShape().vec()
                 : std::vector<int64_t>{buffer.bytes.literal()};
      if (failed(report(writer.addWeight(
              buffer.entry, stated ? safetensorsName(*stated) : "U8", shape,
              buffer.bytes.literal(),
              [&evaluator, value = constant->computed](ByteSink &sink) {
                return writeComputed(evaluator, value, sink);
              }))))
        return failure();
      continue;
    }
    if (constant != constants.end()) {
      auto bytes =
          std::make_shared<std::vector<char>>(getBytes(constant->value));
      if (failed(report(writer.addWeight(
              buffer.entry, "U8", {int64_t(bytes->size())}, bytes->size(),
              [bytes](ByteSink &sink) {
                return sink.write(bytes->data(), bytes->size());
              }))))
        return failure();
      continue;
    }
    auto find = [&](StringRef name) {
      const ArchiveEntry *entry = nullptr;
      for (const auto &archive : archives)
        if (!entry)
          entry = archive->find(name.str());
      if (!entry)
        module.emitError("the archives have no tensor '") << name << "'";
      return entry;
    };
    if (auto weight = joined.find(buffer.entry); weight != joined.end()) {
      std::vector<const ArchiveEntry *> parts;
      for (StringRef name :
           weight->second.getPartsAttr().getAsValueRange<StringAttr>()) {
        parts.push_back(find(name));
        if (!parts.back())
          return failure();
      }
      FailureOr<JoinedWeight> join =
          JoinedWeight::get(weight->second, std::move(parts));
      if (failed(join))
        return failure();
      auto type = parseDataType(join->parts.front()->type);
      if (failed(report(writer.addWeight(
              buffer.entry, type ? safetensorsName(*type) : "U8",
              join->getShape(type ? join->elementBytes : 1),
              buffer.bytes.literal(),
              [join = std::move(*join)](ByteSink &sink) {
                return join.write(sink);
              }))))
        return failure();
      continue;
    }
    const ArchiveEntry *entry = find(buffer.entry);
    if (!entry)
      return failure();
    int64_t expected = buffer.bytes.literal();
    if (int64_t(entry->size) != expected)
      return module.emitError("expected ")
             << expected << " bytes of '" << buffer.entry << "', found "
             << entry->size;
    auto type = parseDataType(entry->type);
    std::vector<int64_t> shape =
        type ? entry->shape : std::vector<int64_t>{int64_t(entry->size)};
    if (failed(report(
            writer.addWeight(buffer.entry, type ? safetensorsName(*type) : "U8",
                             shape, entry->size, [entry](ByteSink &sink) {
                               return sink.write(entry->data, entry->size);
                             }))))
      return failure();
  }
  return report(writer.write(*program, path));
}
