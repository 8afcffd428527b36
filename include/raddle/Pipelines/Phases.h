//===- Phases.h - The phases of compilation --------------------*- C++ -*-===//
//
// A model goes through named phases; after each its IR can be printed and read
// back (`--compile-to`, `--compile-from`).
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_PIPELINES_PHASES_H
#define RADDLE_PIPELINES_PHASES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "raddle/Pipelines/KernelCache.h"
#include <optional>
#include <string>
#include <vector>

namespace raddle {

enum class Phase {
  Import,
  Simplify,
  Compress,
  Cache,
  Fuse,
  Order,
  Tile,
  Plan,
  NVVM,
  PTX
};

struct PhaseInfo {
  Phase phase;
  llvm::StringRef name;
  llvm::StringRef description;
};

/// All phases in order.
llvm::ArrayRef<PhaseInfo> getPhases();
std::optional<Phase> parsePhase(llvm::StringRef name);
llvm::StringRef getPhaseName(Phase phase);

struct CompileOptions {
  /// Names of targets, as in raddle/Target/Ptx.h.
  std::vector<std::string> targets = {"sm_80"};
  /// 0: no fusion, each skeleton's default parameters; 1: fusion; 2: parameters
  /// by modelled costs; 3: parameters by measuring candidates.
  unsigned optimize = 2;
  /// Who chooses parameters (`rules`, `table`, `file`, `measured`); empty: as
  /// the optimization level says.
  std::string policy;
  /// The file of policy `file`.
  std::string parameters;
  /// Whether a kernel may have several variants, guarded by sizes.
  bool variants = true;
  /// Of policy `measured`: named dims at which kernels run, and how many
  /// candidates of each.
  std::string sizes;
  unsigned measureLimit = 8;
  /// The arithmetic of f32 products: tf32x3, f32, tf32, f16 or bf16.
  std::string compute = "tf32x3";
  /// Also fuse residual and norm into the epilogue of products.
  bool epilogueNorm = false;
  /// Order of dims around convolutions: cost, last or keep.
  std::string dataLayout = "cost";
  /// Streams that independent launches run on (plan-assign-streams).
  unsigned streams = 1;
  /// PTX made before.
  KernelCache cache;
};

/// The policy that `options` ask for.
std::string getPolicyName(const CompileOptions &options);

/// Adds the passes of one phase; each ends with the verifiers of its contract.
void buildPhase(mlir::OpPassManager &passes, Phase phase,
                const CompileOptions &options);

/// Registers every phase as a pipeline `--raddle-<phase>`.
void registerPhasePipelines();

/// Emits PTX for every kernel module of a module after phase nvvm: pairs of
/// module name and text, in the order of the module, for one target.
mlir::FailureOr<std::vector<std::pair<std::string, std::string>>>
emitKernels(mlir::ModuleOp module, llvm::StringRef target,
            const KernelCache &cache);

/// Describes the kernels of a module after phase nvvm: a table for people, or
/// JSON with the same figures (an array of objects with name, nodes, launches,
/// grid, block, shared, parameters, policy (which chose, and why), and, where
/// ptxas is found, registers and spill_bytes per target).
mlir::LogicalResult writeReport(mlir::ModuleOp module,
                                const CompileOptions &options, bool json,
                                llvm::raw_ostream &os);

/// Writes an artifact from a module after phase nvvm: host program, PTX for
/// every target and the weights of the module's archives. Emits diagnostics.
mlir::LogicalResult writeArtifact(mlir::ModuleOp module,
                                  const CompileOptions &options,
                                  const std::string &path);

} // namespace raddle

#endif // RADDLE_PIPELINES_PHASES_H
