//===- GraphElementsReshape.cpp - Elements of reshapes --------------------===//
//
// Operand and result dims are cut into runs of equal size, so that an index is
// recomputed only where dims really are split or merged.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/ReshapeRuns.h"

using namespace mlir;
using namespace raddle::graph;

namespace {
/// Dims [begin, end) of the operand hold the same elements as dims
/// [begin, end) of the result.
struct Run {
  size_t fromBegin, fromEnd, toBegin, toEnd;
};
/// Positions in the operand's and in the result's dims.
using Cut = std::pair<size_t, size_t>;
} // namespace

/// The products of the dims before (or, `reversed`, from) each position; null
/// where they do not fit.
static SmallVector<SymbolicExpr> getCumulative(SymbolicShapes &shapes,
                                               ArrayRef<SymbolicExpr> dims,
                                               bool reversed) {
  SymbolicExprContext &context = shapes.getContext();
  SmallVector<SymbolicExpr> result(dims.size() + 1, context.constant(1));
  for (size_t n = 0; n < dims.size(); ++n) {
    size_t from = reversed ? dims.size() - n : n;
    size_t to = reversed ? from - 1 : n + 1;
    result[to] = context.mul(result[from], dims[reversed ? to : n]);
  }
  return result;
}

/// Cuts dims without unit dims into runs. Every position where the products
/// to its left, or to its right, agree is a cut.
static SmallVector<Run> getRuns(SymbolicShapes &shapes,
                                ArrayRef<SymbolicExpr> from,
                                ArrayRef<SymbolicExpr> to) {
  SmallVector<Cut> cuts;
  for (bool reversed : {false, true}) {
    SmallVector<SymbolicExpr> left = getCumulative(shapes, from, reversed);
    SmallVector<SymbolicExpr> right = getCumulative(shapes, to, reversed);
    for (size_t i = 1; i < from.size(); ++i)
      for (size_t j = 1; j < to.size(); ++j)
        if (shapes.equal(left[i], right[j]))
          cuts.emplace_back(i, j);
  }
  llvm::sort(cuts);
  cuts.emplace_back(from.size(), to.size());
  SmallVector<Run> runs;
  Cut last{0, 0};
  for (Cut cut : cuts) {
    if (cut.first <= last.first || cut.second <= last.second)
      continue;
    // Cuts of the two directions can contradict each other where a size is 1
    // at run time; an ascending choice is consistent.
    if (cut.second == to.size() && cut.first != from.size())
      continue;
    runs.push_back({last.first, cut.first, last.second, cut.second});
    last = cut;
  }
  return runs;
}

SmallVector<DimRun> raddle::graph::getReshapeRuns(ReshapeOp op) {
  SymbolicShapes shapes;
  return getReshapeRuns(op, shapes);
}

SmallVector<DimRun> raddle::graph::getReshapeRuns(ReshapeOp op,
                                                  SymbolicShapes &shapes) {
  SmallVector<int64_t> fromDims, toDims;
  SmallVector<SymbolicExpr> fromSizes, toSizes;
  for (auto [dim, size] : llvm::enumerate(op.getInput().getType().getShape())) {
    if (size == 1)
      continue;
    fromDims.push_back(dim);
    fromSizes.push_back(shapes.getDim(op.getInput(), dim));
  }
  SmallVector<OpFoldResult> sizes = op.getMixedSizes();
  for (auto [dim, size] :
       llvm::enumerate(op.getResult().getType().getShape())) {
    if (size == 1)
      continue;
    toDims.push_back(dim);
    toSizes.push_back(shapes.get(sizes[dim]));
  }
  // With dims left on one side only, all of them have size 1 at run time.
  if (fromDims.empty() || toDims.empty())
    return {};
  SmallVector<DimRun> result;
  for (const Run &run : getRuns(shapes, fromSizes, toSizes)) {
    ArrayRef<int64_t> from(fromDims), to(toDims);
    from = from.slice(run.fromBegin, run.fromEnd - run.fromBegin);
    to = to.slice(run.toBegin, run.toEnd - run.toBegin);
    result.push_back({llvm::to_vector(from), llvm::to_vector(to)});
  }
  return result;
}

Value ReshapeOp::buildElement(ElementBuilder &builder, unsigned,
                              ArrayRef<Value> indices, ElementAccess element) {
  SmallVector<Value> source(getInput().getType().getRank(), builder.integer(0));
  SmallVector<OpFoldResult> sizes = getMixedSizes();
  for (const DimRun &run : getReshapeRuns(*this)) {
    if (run.from.size() == 1 && run.to.size() == 1) {
      source[run.from.front()] = indices[run.to.front()];
      continue;
    }
    // The leading extent of a linearization is not used.
    SmallVector<Value> runIndices, runExtents, sourceExtents;
    for (int64_t dim : run.to) {
      runExtents.push_back(runIndices.empty() ? Value()
                                              : builder.size(sizes[dim]));
      runIndices.push_back(indices[dim]);
    }
    for (int64_t dim : run.from)
      sourceExtents.push_back(
          sourceExtents.empty() ? Value() : builder.extent(getInput(), dim));
    Value offset = builder.linearize(runIndices, runExtents);
    SmallVector<Value> parts = builder.delinearize(offset, sourceExtents);
    for (auto [dim, part] : llvm::zip_equal(run.from, parts))
      source[dim] = part;
  }
  return element(0, source);
}

bool ReshapeOp::readsOnce() { return true; }
