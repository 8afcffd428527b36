//===- DimSource.h - Where the size of a dim comes from --------*- C++ -*-===//
//
// A syntactic answer to "are these two sizes the same value?", for builders
// that look at one operation at a time. Ranges, divisibility and equality up to
// rewriting are the business of the SymbolicShapes analysis.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_DIMSOURCE_H
#define RADDLE_DIALECTS_GRAPH_IR_DIMSOURCE_H

#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/Value.h"

#include <tuple>

namespace raddle::graph {

/// The origin of a size that is not static: dim `dim` of `value`, or the host
/// scalar `value` itself (`dim` is -1). Equal sources are equal sizes.
struct DimSource {
  mlir::Value value;
  int64_t dim = -1;

  auto key() const { return std::make_tuple(value.getAsOpaquePointer(), dim); }
  bool operator==(const DimSource &other) const { return key() == other.key(); }
  bool operator<(const DimSource &other) const { return key() < other.key(); }
};

/// A product of a static factor and of sources (sorted, repeated as often as
/// they occur).
struct SizeProduct {
  int64_t factor = 1;
  llvm::SmallVector<DimSource, 4> sources;

  bool operator==(const SizeProduct &other) const {
    return factor == other.factor && sources == other.sources;
  }
  bool isOne() const { return factor == 1 && sources.empty(); }
  void multiply(const SizeProduct &other);
};

/// Dim `dim` of `tensor`, followed through element-wise operations, index
/// re-arrangements, `tensor.dim`, products and the arguments of groups.
SizeProduct getDimProduct(mlir::Value tensor, int64_t dim);

/// A host scalar or static size, followed in the same way.
SizeProduct getSizeProduct(mlir::OpFoldResult size);

class ReshapeOp;

/// Dims `from` of the operand of a reshape hold the same elements, in the same
/// order, as dims `to` of its result.
struct DimRun {
  llvm::SmallVector<int64_t> from, to;
};

/// The dims of a reshape, but for those of static size 1, cut into as many
/// runs as can be proved.
llvm::SmallVector<DimRun> getReshapeRuns(ReshapeOp op);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_IR_DIMSOURCE_H
