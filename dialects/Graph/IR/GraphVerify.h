//===- GraphVerify.h - Checks that verifiers share --------------*- C++ -*-===//
//
// Every check emits one diagnostic on `op` that says what was expected and what
// was found, and fails. Arithmetic on sizes never overflows.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_GRAPHVERIFY_H
#define RADDLE_DIALECTS_GRAPH_IR_GRAPHVERIFY_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include <optional>

namespace raddle::graph {

/// The type of a value that the operation definition makes a ranked tensor.
mlir::RankedTensorType tensorType(mlir::Value value);

/// `axis` is a dim of a tensor of rank `rank`.
mlir::LogicalResult verifyAxis(mlir::Operation *op, int64_t axis, int64_t rank);

/// `dims` are different dims of a tensor of rank `rank`.
mlir::LogicalResult verifyDims(mlir::Operation *op, llvm::StringRef name,
                               mlir::ArrayRef<int64_t> dims, int64_t rank);

/// `values` has `count` entries, each at least `least`.
mlir::LogicalResult verifyIntegers(mlir::Operation *op, llvm::StringRef name,
                                   mlir::ArrayRef<int64_t> values,
                                   int64_t count, int64_t least);

/// The integers and host scalars of a list such as `sizes`: `count` entries
/// (any number when -1), none negative, and one scalar for each unknown.
mlir::LogicalResult verifyMixed(mlir::Operation *op, llvm::StringRef name,
                                mlir::ArrayRef<int64_t> fixed,
                                mlir::ValueRange dynamic, int64_t count);

/// `type` has exactly the sizes `fixed` (static where those are).
mlir::LogicalResult verifySizes(mlir::Operation *op,
                                mlir::RankedTensorType type,
                                mlir::ArrayRef<int64_t> fixed);

mlir::LogicalResult verifyRank(mlir::Operation *op, llvm::StringRef name,
                               mlir::RankedTensorType type, int64_t rank);

/// `type` has the shape `expected`; a dim that is unknown on either side fits.
mlir::LogicalResult verifyShape(mlir::Operation *op, llvm::StringRef name,
                                mlir::RankedTensorType type,
                                mlir::ArrayRef<int64_t> expected);

/// As `verifyShape`, but a dim of `type` may also be 1.
mlir::LogicalResult verifyBroadcastable(mlir::Operation *op,
                                        llvm::StringRef name,
                                        mlir::RankedTensorType type,
                                        mlir::ArrayRef<int64_t> expected);

mlir::LogicalResult verifyElementType(mlir::Operation *op, llvm::StringRef name,
                                      mlir::RankedTensorType type,
                                      mlir::Type expected);

/// Integers that address elements: signless, 8 to 64 bits.
mlir::LogicalResult verifyIndices(mlir::Operation *op, llvm::StringRef name,
                                  mlir::RankedTensorType type);

/// Same size or unknown.
bool sizesFit(int64_t lhs, int64_t rhs);

/// The number of elements, or nothing when a size is unknown or the number
/// does not fit in 63 bits.
std::optional<int64_t> countElements(mlir::ArrayRef<int64_t> shape);

/// A size as text: `?` when unknown.
std::string sizeText(int64_t size);
/// A shape as text, such as `[4, ?]`.
std::string shapeText(mlir::ArrayRef<int64_t> shape);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_IR_GRAPHVERIFY_H
