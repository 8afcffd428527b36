//===- VerifyPhases.h - Every phase against the imported model -*- C++ -*-===//
#ifndef RADDLE_TOOLS_RADDLE_COMPILE_VERIFYPHASES_H
#define RADDLE_TOOLS_RADDLE_COMPILE_VERIFYPHASES_H

#include "raddle/Pipelines/Phases.h"
#include "raddle/Runtime/Tensor.h"
#include <map>

namespace raddle {

/// Runs a model after every phase and compares its outputs with those of the
/// imported graph: graphs on the host (lib/Reference), later phases as
/// artifacts on the virtual GPU.
class PhaseVerifier {
public:
  /// Inputs come from an .npz file, or are seeded: numbers in [-1, 1), integers
  /// 0 and 1, dims by the `graph.dims` (the least of at least 2).
  PhaseVerifier(std::string inputsFile, const CompileOptions &options);
  ~PhaseVerifier();

  /// `module` as it is after `phase`. Emits a diagnostic that names the phase
  /// and output when it differs from the first that was given.
  mlir::LogicalResult verify(mlir::ModuleOp module, Phase phase);

private:
  using Tensors = std::map<std::string, Tensor>;

  mlir::LogicalResult seedInputs(mlir::ModuleOp module);
  mlir::FailureOr<Tensors> evaluate(mlir::ModuleOp module);
  mlir::FailureOr<Tensors> execute(mlir::ModuleOp module, Phase phase);
  mlir::LogicalResult compare(mlir::ModuleOp module, Phase phase,
                              const Tensors &found);
  std::string getPath(llvm::StringRef name) const;

  std::string inputsFile, folder;
  CompileOptions options;
  /// The outputs of the first phase.
  Tensors expected;
};

} // namespace raddle

#endif // RADDLE_TOOLS_RADDLE_COMPILE_VERIFYPHASES_H
