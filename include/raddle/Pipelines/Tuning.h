//===- Tuning.h - Enumerating and recording kernels ------------*- C++ -*-===//
#ifndef RADDLE_PIPELINES_TUNING_H
#define RADDLE_PIPELINES_TUNING_H

#include "raddle/Pipelines/Phases.h"

namespace raddle {

/// Writes the parameter space of every kernel of a module after phase order, as
/// text or JSON. The module stays as it is. Emits diagnostics.
mlir::LogicalResult writeParameterSpace(mlir::ModuleOp module,
                                        const CompileOptions &options,
                                        bool json, llvm::raw_ostream &os);

struct RecordOptions {
  /// Rows are appended to it; docs/CostModel.md has their schema.
  std::string file;
  /// Named dims at which every kernel runs: `batch=1,length=128`, several
  /// choices divided by `;`.
  std::string sizes;
  /// Candidates per kernel, spread over its space, the default among them; 0:
  /// all.
  unsigned limit = 0;
};

/// Compiles and runs candidates of every kernel of a module after phase order,
/// for the first target, and appends a row for each. Candidates that fail are
/// reported, and the others recorded.
mlir::LogicalResult recordKernels(mlir::ModuleOp module,
                                  const CompileOptions &options,
                                  const RecordOptions &record);

/// Makes policy `measured` known: it runs candidates and takes the one with the
/// least modelled time. Its choices depend on whether ptxas is there.
void registerMeasuredPolicy();

} // namespace raddle

#endif // RADDLE_PIPELINES_TUNING_H
