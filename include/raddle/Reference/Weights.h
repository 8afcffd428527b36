//===- Weights.h - Weights from the module's archives ----------*- C++ -*-===//
#ifndef RADDLE_REFERENCE_WEIGHTS_H
#define RADDLE_REFERENCE_WEIGHTS_H

#include "mlir/IR/BuiltinOps.h"
#include "raddle/Reference/Evaluator.h"

namespace raddle::reference {

/// Reads weights from the files that `graph.archives` of `module` names; each
/// file is opened at its first use.
WeightReader makeArchiveReader(mlir::ModuleOp module);

} // namespace raddle::reference

#endif // RADDLE_REFERENCE_WEIGHTS_H
