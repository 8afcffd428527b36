//===- ParameterPolicy.h - Who chooses tile sizes --------------*- C++ -*-===//
//
// A skeleton has a space of parameters; a policy chooses in it. A choice is one
// or more variants: parameters, each with a guard on the named dims of the
// group, of which the last is always true. The policies of this library are
// `rules` (each skeleton's default), `table` (modelled costs of few
// configurations, made by enumeration) and `file` (a person's choice); others
// register by name: `measured` does, and a learned model would.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_SKELETONS_PARAMETERPOLICY_H
#define RADDLE_DIALECTS_TILE_SKELETONS_PARAMETERPOLICY_H

#include "dialects/Tile/Skeletons/KernelSkeleton.h"
#include "raddle/CostModel/ParameterTable.h"
#include <functional>
#include <memory>

namespace raddle::tile {

/// Parameters of a group's kernel that fit the targets.
struct Candidate {
  Parameters parameters;
  Footprint footprint;
  DimGuard requirement;
};

/// The candidates of a group that fit all targets (shared memory, threads and
/// registers as lib/Machines has them), the skeleton's default first if it
/// fits. Without any that needs no guard: a diagnostic.
mlir::FailureOr<llvm::SmallVector<Candidate, 0>>
getCandidates(const KernelSkeleton &skeleton, graph::GroupOp group,
              llvm::ArrayRef<std::string> targets);

/// What a policy is asked.
struct KernelRequest {
  graph::GroupOp group;
  const KernelSkeleton &skeleton;
  /// Equal for equal kernels, across models and versions of names.
  llvm::StringRef hash;
  /// As in the module: `k3_contract`.
  llvm::StringRef name;
  llvm::ArrayRef<std::string> targets;
  llvm::ArrayRef<Candidate> candidates;
};

struct VariantChoice {
  unsigned candidate;
  /// Implies the candidate's requirement.
  DimGuard guard;
  /// Why, for people.
  std::string reason;
};
using VariantChoices = llvm::SmallVector<VariantChoice, 1>;

class ParameterPolicy {
public:
  virtual ~ParameterPolicy();
  virtual llvm::StringRef getName() const = 0;
  /// Before the first kernel of a module, which is not lowered yet.
  virtual void begin(mlir::ModuleOp module) {}
  /// The variants in the order in which their guards are asked; the last guard
  /// is empty. Emits a diagnostic on failure.
  virtual mlir::FailureOr<VariantChoices>
  choose(const KernelRequest &request) = 0;
  /// After the last kernel of a module: what could only be found wrong now.
  virtual mlir::LogicalResult finish(mlir::Location loc) {
    return mlir::success();
  }
};

struct PolicyOptions {
  /// Of policy `file`.
  std::string file;
  /// Whether a kernel may have several variants.
  bool variants = true;
  /// Of policy `measured`: named dims at which kernels run (`batch=1,
  /// length=128`), candidates per kernel, and where results are kept.
  std::string sizes;
  unsigned measureLimit = 8;
  std::string cacheDir;
};

/// Makes a policy; emits a diagnostic at `loc` when its data are wrong.
using PolicyFactory =
    std::function<mlir::FailureOr<std::shared_ptr<ParameterPolicy>>(
        const PolicyOptions &options, mlir::Location loc)>;

/// Adds a policy under a name that `--policy` takes.
void registerParameterPolicy(llvm::StringRef name, PolicyFactory factory);
/// All names, sorted.
llvm::SmallVector<llvm::StringRef> getParameterPolicyNames();
mlir::FailureOr<std::shared_ptr<ParameterPolicy>>
createParameterPolicy(llvm::StringRef name, const PolicyOptions &options,
                      mlir::Location loc);

std::shared_ptr<ParameterPolicy> createRulesPolicy();
/// Chooses among the configurations of a table; asks `rules` about kernels
/// that it does not have.
std::shared_ptr<ParameterPolicy>
createTablePolicy(const cost::ParameterTable &table, bool variants);
/// A JSON file names kernels (by hash, by name in the module, or by skeleton)
/// and their parameters; docs/CostModel.md has its schema. Other kernels are
/// left to `table`.
mlir::FailureOr<std::shared_ptr<ParameterPolicy>>
createFilePolicy(llvm::StringRef path, bool variants, mlir::Location loc);

/// What the table knows of a choice: candidates with their modelled costs at
/// the sizes of one rung of the ladder of the first dim that is not static.
struct VariantProblem {
  struct Option {
    unsigned candidate;
    /// Per rung, in microseconds; negative: not known.
    llvm::SmallVector<double> costs;
  };
  llvm::SmallVector<int64_t> rungs;
  llvm::SmallVector<Option> options;
};
/// One segment of rungs: `option` serves up to rung `last`.
struct VariantSegment {
  unsigned option;
  unsigned last;
};
/// Cuts the ladder into segments with one option each, so that the product of
/// the slow-downs is least, where every further variant has to make some rung
/// faster by `gain` (1.15: by 15 %). Deterministic: of equals the first option.
llvm::SmallVector<VariantSegment> chooseVariants(const VariantProblem &problem,
                                                 double gain,
                                                 unsigned maxVariants);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_SKELETONS_PARAMETERPOLICY_H
