//===- GraphUtils.h - What the op families share ---------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_GRAPHUTILS_H
#define RADDLE_DIALECTS_GRAPH_IR_GRAPHUTILS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

namespace raddle::graph {

/// Splits sizes (or offsets) into the two lists that operations hold: host
/// scalars and integers in which `ShapedType::kDynamic` stands for the next
/// host scalar. A scalar that is a constant becomes an integer.
struct MixedIndices {
  explicit MixedIndices(mlir::ArrayRef<mlir::OpFoldResult> values);
  mlir::SmallVector<mlir::Value> dynamic;
  mlir::SmallVector<int64_t> fixed;
};

/// The inverse of `MixedIndices`.
mlir::SmallVector<mlir::OpFoldResult> getMixed(mlir::ArrayRef<int64_t> fixed,
                                               mlir::ValueRange dynamic,
                                               mlir::MLIRContext *context);

/// Size `dim` of the ranked tensor `tensor`: an attribute when static, else a
/// `tensor.dim`.
mlir::OpFoldResult getSize(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value tensor, int64_t dim);
mlir::SmallVector<mlir::OpFoldResult>
getSizes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

/// Integer arithmetic on host scalars, folded where both are known.
mlir::OpFoldResult addIndex(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::OpFoldResult lhs, mlir::OpFoldResult rhs);
mlir::OpFoldResult subIndex(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::OpFoldResult lhs, mlir::OpFoldResult rhs);
mlir::OpFoldResult mulIndex(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::OpFoldResult lhs, mlir::OpFoldResult rhs);
mlir::OpFoldResult floorDivIndex(mlir::OpBuilder &builder, mlir::Location loc,
                                 mlir::OpFoldResult lhs,
                                 mlir::OpFoldResult rhs);

/// Names of imported nodes in a location, in order.
void collectNodeNames(mlir::Location loc,
                      llvm::SetVector<mlir::StringAttr> &names);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_IR_GRAPHUTILS_H
