//===- NpzFiles.h - Arguments and results as .npz files --------*- C++ -*-===//
#ifndef RADDLE_LIB_REFERENCE_NPZFILES_H
#define RADDLE_LIB_REFERENCE_NPZFILES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "raddle/Reference/Tensor.h"

namespace raddle::reference {

/// The arguments of `function` from the arrays of a file, by the names in
/// `graph.name` (without one: `arg0`, `arg1`, ...). Diagnoses arrays that are
/// missing, unknown, or of another type or shape, and dims of one name with
/// different sizes.
mlir::LogicalResult readArguments(mlir::func::FuncOp function,
                                  mlir::StringRef path,
                                  llvm::SmallVectorImpl<Tensor> &arguments);

/// The results of `function` that a file written by `writeResults` or by the
/// runtime has, by number; no tensor for one that is not there.
mlir::LogicalResult readResults(mlir::func::FuncOp function,
                                mlir::StringRef path,
                                llvm::SmallVectorImpl<Tensor> &results);

/// Writes results under the names in `graph.name` (without one: `result0`, ...)
/// with the types in `graph.type`.
mlir::LogicalResult writeResults(mlir::func::FuncOp function,
                                 mlir::StringRef path,
                                 llvm::ArrayRef<Tensor> results);

} // namespace raddle::reference

#endif // RADDLE_LIB_REFERENCE_NPZFILES_H
