//===- ParameterPolicy.cpp - Who chooses tile sizes -----------------------===//

#include "dialects/Tile/Skeletons/ParameterPolicy.h"
#include "raddle/CostModel/Machine.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <map>
#include <mutex>

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

ParameterPolicy::~ParameterPolicy() = default;

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

namespace {
/// The least of what the targets allow.
struct Limits {
  int64_t shared = std::numeric_limits<int64_t>::max();
  int64_t registers = std::numeric_limits<int64_t>::max();

  explicit Limits(ArrayRef<std::string> targets) {
    for (const std::string &target : targets)
      if (const cost::Machine *machine = cost::findMachine(target)) {
        shared = std::min(shared, machine->sharedPerBlock);
        registers = std::min(registers, machine->registersPerMultiprocessor);
      }
  }
  bool allow(const Footprint &footprint, int64_t minBlocks) const {
    int64_t blocks = std::max<int64_t>(minBlocks, 1);
    return footprint.threads <= cost::kMaxThreadsPerBlock &&
           footprint.sharedBytes <= shared &&
           footprint.registers <= cost::kMaxRegistersPerThread &&
           footprint.registers * footprint.threads * blocks <= registers;
  }
};
} // namespace

FailureOr<SmallVector<Candidate, 0>>
raddle::tile::getCandidates(const KernelSkeleton &skeleton,
                            graph::GroupOp group,
                            ArrayRef<std::string> targets) {
  Limits limits(targets);
  SmallVector<Candidate, 0> result;
  bool isTotal = false;
  int64_t leastShared = std::numeric_limits<int64_t>::max();
  for (Parameters &parameters : skeleton.enumerate(group)) {
    Footprint footprint = skeleton.getFootprint(group, parameters);
    leastShared = std::min(leastShared, footprint.sharedBytes);
    if (!limits.allow(footprint, getParameter(parameters, kMinBlocks, 1)))
      continue;
    DimGuard requirement = skeleton.getRequirement(group, parameters);
    isTotal |= requirement.empty();
    result.push_back(
        {std::move(parameters), footprint, std::move(requirement)});
  }
  if (!isTotal)
    return group.emitOpError("of skeleton '")
           << skeleton.getName()
           << "' has no parameters that fit every target: expected at most "
           << limits.shared << " bytes of shared memory and "
           << cost::kMaxRegistersPerThread << " registers, found at least "
           << leastShared << " bytes; choose other targets or less fusion";
  // The default of the rest stands first, whatever it needs.
  auto first = llvm::find_if(result, [](const Candidate &candidate) {
    return candidate.requirement.empty();
  });
  std::rotate(result.begin(), first, std::next(first));
  return result;
}

//===----------------------------------------------------------------------===//
// Registry
//===----------------------------------------------------------------------===//

namespace {
struct Registry {
  std::mutex mutex;
  std::map<std::string, PolicyFactory> factories;

  Registry() {
    factories["rules"] = [](const PolicyOptions &, Location) {
      return createRulesPolicy();
    };
    factories["table"] = [](const PolicyOptions &options, Location) {
      return createTablePolicy(cost::ParameterTable::getDefault(),
                               options.variants);
    };
    factories["file"] = [](const PolicyOptions &options, Location loc) {
      return createFilePolicy(options.file, options.variants, loc);
    };
  }
};
Registry &getRegistry() {
  static Registry registry;
  return registry;
}
} // namespace

void raddle::tile::registerParameterPolicy(StringRef name,
                                           PolicyFactory factory) {
  Registry &registry = getRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  registry.factories[name.str()] = std::move(factory);
}

SmallVector<StringRef> raddle::tile::getParameterPolicyNames() {
  Registry &registry = getRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  SmallVector<StringRef> names;
  for (auto &[name, factory] : registry.factories)
    names.push_back(name);
  return names;
}

FailureOr<std::shared_ptr<ParameterPolicy>> raddle::tile::createParameterPolicy(
    StringRef name, const PolicyOptions &options, Location loc) {
  PolicyFactory factory;
  {
    Registry &registry = getRegistry();
    std::lock_guard<std::mutex> lock(registry.mutex);
    auto found = registry.factories.find(name.str());
    if (found != registry.factories.end())
      factory = found->second;
  }
  if (!factory)
    return emitError(loc, "unknown policy '")
           << name << "': expected "
           << llvm::join(getParameterPolicyNames(), ", ");
  return factory(options, loc);
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

namespace {
class RulesPolicy : public ParameterPolicy {
public:
  StringRef getName() const override { return "rules"; }
  FailureOr<VariantChoices> choose(const KernelRequest &request) override {
    return VariantChoices{{0, {}, "the skeleton's default"}};
  }
};
} // namespace

std::shared_ptr<ParameterPolicy> raddle::tile::createRulesPolicy() {
  return std::make_shared<RulesPolicy>();
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

SmallVector<VariantSegment>
raddle::tile::chooseVariants(const VariantProblem &problem, double gain,
                             unsigned maxVariants) {
  unsigned rungs = problem.rungs.size();
  SmallVector<double> best(rungs, -1);
  for (const auto &option : problem.options)
    for (unsigned r = 0; r < rungs; ++r)
      if (option.costs[r] >= 0 && (best[r] < 0 || option.costs[r] < best[r]))
        best[r] = option.costs[r];
  // reached[v][r]: rungs before r are served by v segments.
  struct State {
    double cost = -1;
    unsigned from = 0, option = 0;
  };
  std::vector<std::vector<State>> reached(maxVariants + 1,
                                          std::vector<State>(rungs + 1));
  reached[0][0].cost = 0;
  for (unsigned v = 0; v < maxVariants; ++v)
    for (unsigned from = 0; from < rungs; ++from) {
      if (reached[v][from].cost < 0)
        continue;
      for (auto [number, option] : llvm::enumerate(problem.options)) {
        double cost = reached[v][from].cost + (v ? gain - 1 : 0);
        for (unsigned r = from; r < rungs && option.costs[r] >= 0; ++r) {
          cost += best[r] > 0 ? option.costs[r] / best[r] - 1 : 0;
          State &to = reached[v + 1][r + 1];
          if (to.cost < 0 || cost < to.cost - 1e-9)
            to = {cost, from, unsigned(number)};
        }
      }
    }
  unsigned variants = 0;
  for (unsigned v = 1; v <= maxVariants; ++v)
    if (reached[v][rungs].cost >= 0 &&
        (!variants ||
         reached[v][rungs].cost < reached[variants][rungs].cost - 1e-9))
      variants = v;
  SmallVector<VariantSegment> segments;
  for (unsigned end = rungs; variants > 0; --variants) {
    const State &state = reached[variants][end];
    segments.insert(segments.begin(), {state.option, end - 1});
    end = state.from;
  }
  return segments;
}

namespace {
class TablePolicy : public ParameterPolicy {
public:
  TablePolicy(const cost::ParameterTable &table, bool variants)
      : table(table), variants(variants) {}
  StringRef getName() const override { return "table"; }
  FailureOr<VariantChoices> choose(const KernelRequest &request) override;

private:
  /// A variant has to be faster by this at some sizes; a configuration by
  /// `leastGain` to be taken instead of the default.
  static constexpr double variantGain = 1.15, leastGain = 1.02;
  static constexpr unsigned maxVariants = 3;

  const cost::ParameterTable &table;
  bool variants;
};

/// The candidate of a configuration: all its parameters have the values there.
/// (A configuration may state more: `full` where sizes are not static.)
std::optional<unsigned> findCandidate(ArrayRef<Candidate> candidates,
                                      const cost::NamedValues &configuration) {
  auto valueOf = [&](StringRef name) -> std::optional<int64_t> {
    for (const auto &[key, value] : configuration)
      if (key == name)
        return value;
    return std::nullopt;
  };
  for (auto [number, candidate] : llvm::enumerate(candidates)) {
    bool same = true;
    for (auto &[name, value] : candidate.parameters)
      same &= valueOf(name) == value;
    // Flags that the candidate lacks are off.
    for (const auto &[name, value] : configuration)
      if ((name == "full" || name == "single") && value &&
          !getParameter(candidate.parameters, name, 0))
        same = false;
    if (same)
      return number;
  }
  return std::nullopt;
}

bool hasMultiple(const DimGuard &guard) {
  return llvm::any_of(guard, [](const DimPredicate &predicate) {
    return predicate.multiple != 1;
  });
}

int64_t getMax(const DimGuard &guard, StringRef dim) {
  for (const DimPredicate &predicate : guard)
    if (predicate.dim == dim)
      return predicate.max;
  return DimPredicate::noMax;
}

std::string formatCost(double microseconds) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.2f us", microseconds);
  return text;
}
} // namespace

FailureOr<VariantChoices> TablePolicy::choose(const KernelRequest &request) {
  std::string kind = request.skeleton.getClass(request.group);
  auto useDefault = [&](const std::string &why) {
    return VariantChoices{{0, {}, why + "; the skeleton's default"}};
  };
  const cost::TableSection *section =
      table.find(request.skeleton.getName().str(), kind);
  if (!section || section->points.empty())
    return useDefault("no entry for '" + request.skeleton.getName().str() +
                      "', '" + kind + "'");
  // The sizes, in the order of the section; the ladder is that of the first
  // dim that is not static.
  SmallVector<GroupDim> dims = request.skeleton.getDims(request.group);
  std::vector<int64_t> sizes;
  std::optional<size_t> ladderDim;
  for (auto [number, name] : llvm::enumerate(section->dims)) {
    auto dim = llvm::find_if(
        dims, [&](const GroupDim &dim) { return dim.name == name; });
    if (dim == dims.end())
      return useDefault("the table does not know dim '" + name + "'");
    sizes.push_back(dim->getStatic());
    if (sizes.back() < 0 && !ladderDim)
      ladderDim = number;
  }
  StringRef ladderName;
  VariantProblem problem;
  problem.rungs.push_back(0);
  if (ladderDim) {
    std::vector<int64_t> ladder = section->getLadder(*ladderDim);
    problem.rungs.assign(ladder.begin(), ladder.end());
    for (const GroupDim &dim : dims)
      if (dim.name == section->dims[*ladderDim])
        ladderName = dim.name;
  }
  SmallVector<const cost::TableSection::Point *> points;
  for (int64_t rung : problem.rungs) {
    std::vector<int64_t> at = sizes;
    if (ladderDim)
      at[*ladderDim] = rung;
    points.push_back(section->getNearest(at));
  }
  // Options that some sizes may take as they are, and those for whole tiles.
  SmallVector<VariantProblem::Option> whole;
  for (auto [number, configuration] :
       llvm::enumerate(section->configurations)) {
    auto found = findCandidate(request.candidates, configuration);
    if (!found)
      continue;
    const DimGuard &requirement = request.candidates[*found].requirement;
    VariantProblem::Option option{*found, {}};
    for (auto [rung, point] : llvm::zip(problem.rungs, points)) {
      bool allowed = getMax(requirement, ladderName) >= rung;
      option.costs.push_back(allowed ? point->microseconds[number] : -1);
    }
    // Beyond the ladder nothing is promised.
    if (getMax(requirement, ladderName) != DimPredicate::noMax)
      option.costs.back() = -1;
    if (hasMultiple(requirement))
      whole.push_back(option);
    else
      problem.options.push_back(option);
  }
  auto segments = chooseVariants(problem, variantGain,
                                 variants && ladderDim ? maxVariants : 1);
  if (segments.empty())
    return useDefault("no configuration of '" +
                      request.skeleton.getName().str() + "', '" + kind +
                      "' fits");
  // The default stays where nothing is clearly better.
  if (segments.size() == 1)
    for (const VariantProblem::Option &option : problem.options)
      if (option.candidate == 0) {
        double gain = 0;
        for (unsigned r = 0; r < problem.rungs.size(); ++r) {
          double chosen = problem.options[segments[0].option].costs[r];
          if (option.costs[r] >= 0)
            gain = std::max(gain, option.costs[r] / chosen);
        }
        if (gain < leastGain)
          return useDefault("no configuration is faster as modelled");
      }

  VariantChoices choices;
  unsigned first = 0;
  for (const VariantSegment &segment : segments) {
    const VariantProblem::Option &option = problem.options[segment.option];
    bool isLast = segment.last + 1 == problem.rungs.size();
    DimGuard guard;
    std::string reason = "modelled " + formatCost(option.costs[segment.last]) +
                         " on " + table.getGpu();
    if (ladderDim)
      reason += " at " + ladderName.str() + " = " +
                std::to_string(problem.rungs[segment.last]);
    if (!isLast)
      guard.push_back({ladderName, problem.rungs[segment.last], 1});
    // Whole tiles, where they pay.
    if (variants) {
      const VariantProblem::Option *best = nullptr;
      double bestGain = variantGain;
      for (const VariantProblem::Option &candidate : whole) {
        double gain = 0;
        for (unsigned r = first; r <= segment.last; ++r)
          if (candidate.costs[r] > 0)
            gain = std::max(gain, option.costs[r] / candidate.costs[r]);
        if (gain > bestGain) {
          best = &candidate;
          bestGain = gain;
        }
      }
      if (best) {
        DimGuard both = request.candidates[best->candidate].requirement;
        for (const DimPredicate &range : guard) {
          auto same = llvm::find_if(both, [&](const DimPredicate &predicate) {
            return predicate.dim == range.dim;
          });
          if (same == both.end())
            both.push_back(range);
          else
            same->max = std::min(same->max, range.max);
        }
        choices.push_back({best->candidate, both,
                           "modelled " + formatCost(best->costs[segment.last]) +
                               " on " + table.getGpu() + " with whole tiles"});
      }
    }
    choices.push_back({option.candidate, guard, reason});
    first = segment.last + 1;
  }
  return choices;
}

std::shared_ptr<ParameterPolicy>
raddle::tile::createTablePolicy(const cost::ParameterTable &table,
                                bool variants) {
  return std::make_shared<TablePolicy>(table, variants);
}
