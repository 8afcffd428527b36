//===- ArithExpansion.h - Arithmetic that needs care -----------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_ARITHEXPANSION_H
#define RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_ARITHEXPANSION_H

#include "mlir/IR/Builders.h"

namespace raddle::tile {

/// Replaces an `arith` operation that the back end does not select (bf16
/// arithmetic, remainders), or whose undefined cases models may meet (division
/// by zero, wide shifts, conversions out of range). Others stay.
void expandArith(mlir::Operation *op, mlir::OpBuilder &builder);

/// Replaces a `math` operation on integers, or returns failure with a
/// diagnostic.
mlir::LogicalResult expandIntegerMath(mlir::Operation *op,
                                      mlir::OpBuilder &builder);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_ARITHEXPANSION_H
