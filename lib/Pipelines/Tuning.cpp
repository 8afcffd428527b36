//===- Tuning.cpp - Enumerating, recording and measuring kernels ----------===//

#include "raddle/Pipelines/Tuning.h"
#include "MeasureKernel.h"
#include "dialects/Graph/Conversion/GraphToTile/GraphToTile.h"
#include "dialects/Graph/Conversion/GraphToTile/KernelList.h"
#include "dialects/Graph/Encodings/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <mutex>

using namespace mlir;
using namespace raddle;

/// A copy of the module as `graph-lower-to-tile` sees it.
static FailureOr<OwningOpRef<ModuleOp>> expand(ModuleOp module) {
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager passes(module.getContext());
  passes.addPass(graph::createGraphExpandEncodings());
  if (failed(passes.run(*copy)))
    return failure();
  return copy;
}

LogicalResult raddle::writeParameterSpace(ModuleOp module,
                                          const CompileOptions &options,
                                          bool json, llvm::raw_ostream &os) {
  auto copy = expand(module);
  if (failed(copy))
    return failure();
  return graph::enumerateKernels(**copy, options.targets, json, os);
}

/// `limit` different numbers below `count`, 0 first. They follow the golden
/// ratio: spaces are nested loops, and equal steps would meet the same values
/// of the inner ones again and again.
static SmallVector<unsigned> spread(unsigned count, unsigned limit) {
  SmallVector<unsigned> numbers;
  if (limit == 0 || limit >= count) {
    for (unsigned i = 0; i < count; ++i)
      numbers.push_back(i);
    return numbers;
  }
  // A fraction of 2^32, in integers so that every machine agrees.
  for (uint32_t at = 0; numbers.size() < limit; at += 2654435769u) {
    unsigned number = uint64_t(at) * count >> 32;
    if (!llvm::is_contained(numbers, number))
      numbers.push_back(number);
  }
  return numbers;
}

LogicalResult raddle::recordKernels(ModuleOp module,
                                    const CompileOptions &options,
                                    const RecordOptions &record) {
  auto copy = expand(module);
  if (failed(copy))
    return failure();
  auto kernels = graph::listKernels(**copy);
  if (failed(kernels))
    return failure();
  std::vector<DimBindings> sizes;
  SmallVector<StringRef> parts;
  StringRef(record.sizes).split(parts, ';');
  for (StringRef part : parts) {
    auto bindings = parseDimBindings(part, module.getLoc());
    if (failed(bindings))
      return failure();
    sizes.push_back(std::move(*bindings));
  }
  // What kernels are made of, and what they become.
  module.getContext()
      ->loadDialect<tile::TileDialect, arith::ArithDialect, func::FuncDialect,
                    scf::SCFDialect, math::MathDialect, LLVM::LLVMDialect,
                    NVVM::NVVMDialect>();
  KernelMeasurer measurer(**copy, options.targets.front());
  bool hadError = false;
  for (const graph::ListedKernel &kernel : *kernels) {
    auto candidates = tile::getCandidates(*kernel.skeleton, kernel.group,
                                          {options.targets.front()});
    if (failed(candidates))
      return failure();
    std::vector<cost::Row> rows;
    for (unsigned number : spread(candidates->size(), record.limit)) {
      const tile::Candidate &candidate = (*candidates)[number];
      // Only where the candidate is right.
      std::vector<DimBindings> at;
      for (const DimBindings &bindings : sizes) {
        cost::NamedValues values =
            measurer.getSizes(kernel.group, *kernel.skeleton, bindings);
        if (llvm::all_of(candidate.requirement,
                         [&](const tile::DimPredicate &predicate) {
                           for (auto &[name, value] : values)
                             if (predicate.dim == name)
                               return predicate.holds(value);
                           return false;
                         }))
          at.push_back(bindings);
      }
      size_t before = rows.size();
      if (!at.empty() && failed(measurer.measure(kernel.group, *kernel.skeleton,
                                                 candidate, at, rows)))
        hadError = true;
      for (size_t i = before; i < rows.size(); ++i)
        rows[i].isDefault = number == 0;
    }
    if (Error error = cost::appendRows(record.file, rows))
      return module.emitError() << error.message();
  }
  return failure(hadError);
}

//===----------------------------------------------------------------------===//
// Policy measured
//===----------------------------------------------------------------------===//

namespace {
class MeasuredPolicy : public tile::ParameterPolicy {
public:
  MeasuredPolicy(const tile::PolicyOptions &options, DimBindings sizes)
      : limit(std::max(options.measureLimit, 1u)), sizesText(options.sizes),
        sizes(std::move(sizes)), cache(options.cacheDir, uint64_t(512) << 20),
        table(tile::createTablePolicy(cost::ParameterTable::getDefault(),
                                      /*variants=*/true)) {}
  StringRef getName() const override { return "measured"; }
  void begin(ModuleOp module) override { root = module.clone(); }
  FailureOr<tile::VariantChoices>
  choose(const tile::KernelRequest &request) override;

private:
  std::optional<double> measure(const tile::KernelRequest &request,
                                graph::GroupOp group,
                                const tile::Candidate &candidate);

  unsigned limit;
  std::string sizesText;
  DimBindings sizes;
  KernelCache cache;
  std::shared_ptr<tile::ParameterPolicy> table;
  /// The module as it was before groups became launches.
  OwningOpRef<ModuleOp> root;
  llvm::StringMap<graph::GroupOp> groups;
  std::unique_ptr<KernelMeasurer> measurer;
};
} // namespace

std::optional<double>
MeasuredPolicy::measure(const tile::KernelRequest &request,
                        graph::GroupOp group,
                        const tile::Candidate &candidate) {
  std::string key = cache.getKey(
      ("measured " + request.hash + " " + request.targets.front() + " " +
       sizesText + " " + tile::formatParameters(candidate.parameters) + " " +
       Twine(cost::kModelVersion))
          .str());
  double microseconds;
  if (auto known = cache.find(key);
      known && !StringRef(*known).getAsDouble(microseconds))
    return microseconds;
  std::vector<cost::Row> rows;
  if (failed(measurer->measure(group, request.skeleton, candidate, {sizes},
                               rows)) ||
      rows.empty() || !rows.front().modelledMicroseconds)
    return std::nullopt;
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::format("%.17g", *rows.front().modelledMicroseconds);
  cache.store(key, text);
  return rows.front().modelledMicroseconds;
}

FailureOr<tile::VariantChoices>
MeasuredPolicy::choose(const tile::KernelRequest &request) {
  if (!measurer) {
    measurer = std::make_unique<KernelMeasurer>(*root, request.targets.front());
    root->walk([&](graph::GroupOp group) {
      groups.try_emplace(graph::getKernelHash(group), group);
    });
  }
  graph::GroupOp group = groups.lookup(request.hash);
  if (!group)
    return mlir::emitError(graph::GroupOp(request.group).getLoc(),
                           "the group is not in the module that is measured");
  // The default, what the table would take, and a few more.
  SmallVector<unsigned> tried{0};
  auto add = [&](unsigned number) {
    if (tried.size() < limit && !llvm::is_contained(tried, number) &&
        request.candidates[number].requirement.empty())
      tried.push_back(number);
  };
  auto known = table->choose(request);
  if (failed(known))
    return failure();
  for (const tile::VariantChoice &choice : *known)
    add(choice.candidate);
  for (unsigned number : spread(request.candidates.size(), 2 * limit))
    add(number);
  std::optional<double> best;
  unsigned chosen = 0;
  for (unsigned number : tried) {
    // A candidate that fails is none; the default's failure is an error.
    std::optional<ScopedDiagnosticHandler> silent;
    if (number != 0)
      silent.emplace(group.getContext(),
                     [](Diagnostic &) { return success(); });
    auto microseconds = measure(request, group, request.candidates[number]);
    if (!microseconds && number == 0)
      return failure();
    if (microseconds && (!best || *microseconds < *best)) {
      best = microseconds;
      chosen = number;
    }
  }
  std::string reason;
  llvm::raw_string_ostream os(reason);
  os << llvm::format("modelled %.2f us from counters of the virtual GPU",
                     *best);
  if (!sizesText.empty())
    os << " at " << sizesText;
  os << ", the least of " << tried.size() << " out of "
     << request.candidates.size() << " candidates";
  return tile::VariantChoices{{chosen, {}, reason}};
}

void raddle::registerMeasuredPolicy() {
  static std::once_flag once;
  std::call_once(once, [] {
    tile::registerParameterPolicy(
        "measured",
        [](const tile::PolicyOptions &options,
           Location loc) -> FailureOr<std::shared_ptr<tile::ParameterPolicy>> {
          auto sizes = parseDimBindings(options.sizes, loc);
          if (failed(sizes))
            return failure();
          return std::shared_ptr<tile::ParameterPolicy>(
              std::make_shared<MeasuredPolicy>(options, std::move(*sizes)));
        });
  });
}
