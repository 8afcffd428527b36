//===- GraphElementsReshape.cpp - Elements of reshapes --------------------===//
//
// Operand and result dims are cut into runs of equal size, so that an index is
// recomputed only where dims really are split or merged.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/DimSource.h"
#include "dialects/Graph/IR/GraphOps.h"

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

/// The products of the dims before (or, `reversed`, from) each position.
static SmallVector<SizeProduct> getCumulative(ArrayRef<SizeProduct> dims,
                                              bool reversed) {
  SmallVector<SizeProduct> result(dims.size() + 1);
  for (size_t n = 0; n < dims.size(); ++n) {
    size_t from = reversed ? dims.size() - n : n;
    size_t to = reversed ? from - 1 : n + 1;
    result[to] = result[from];
    result[to].multiply(dims[reversed ? to : n]);
  }
  return result;
}

/// Cuts dims without unit dims into runs. Every position where the products
/// to its left, or to its right, agree is a cut.
static SmallVector<Run> getRuns(ArrayRef<SizeProduct> from,
                                ArrayRef<SizeProduct> to) {
  SmallVector<Cut> cuts;
  for (bool reversed : {false, true}) {
    SmallVector<SizeProduct> left = getCumulative(from, reversed);
    SmallVector<SizeProduct> right = getCumulative(to, reversed);
    for (size_t i = 1; i < from.size(); ++i)
      for (size_t j = 1; j < to.size(); ++j)
        if (left[i] == right[j])
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

Value ReshapeOp::buildElement(ElementBuilder &builder, unsigned,
                              ArrayRef<Value> indices, ElementAccess element) {
  RankedTensorType fromType = getInput().getType();
  RankedTensorType toType = getResult().getType();
  // Unit dims carry no index; they are left out on both sides.
  SmallVector<int64_t> fromDims, toDims;
  SmallVector<SizeProduct> fromSizes, toSizes;
  for (int64_t dim = 0; dim < fromType.getRank(); ++dim) {
    if (fromType.getDimSize(dim) == 1)
      continue;
    fromDims.push_back(dim);
    fromSizes.push_back(getDimProduct(getInput(), dim));
  }
  SmallVector<OpFoldResult> sizes = getMixedSizes();
  for (int64_t dim = 0; dim < toType.getRank(); ++dim) {
    if (toType.getDimSize(dim) == 1)
      continue;
    toDims.push_back(dim);
    toSizes.push_back(getSizeProduct(sizes[dim]));
  }

  SmallVector<Value> source(fromType.getRank(), builder.integer(0));
  // With dims left on one side only, all of them have size 1 at run time.
  if (fromDims.empty() || toDims.empty())
    return element(0, source);

  for (const Run &run : getRuns(fromSizes, toSizes)) {
    if (run.fromEnd - run.fromBegin == 1 && run.toEnd - run.toBegin == 1) {
      source[fromDims[run.fromBegin]] = indices[toDims[run.toBegin]];
      continue;
    }
    SmallVector<Value> runIndices, runExtents, sourceExtents;
    for (size_t n = run.toBegin; n < run.toEnd; ++n) {
      runIndices.push_back(indices[toDims[n]]);
      // The leading extent of a linearization is not used.
      runExtents.push_back(n == run.toBegin ? Value()
                                            : builder.size(sizes[toDims[n]]));
    }
    for (size_t n = run.fromBegin; n < run.fromEnd; ++n)
      sourceExtents.push_back(n == run.fromBegin
                                  ? Value()
                                  : builder.extent(getInput(), fromDims[n]));
    Value offset = builder.linearize(runIndices, runExtents);
    SmallVector<Value> parts = builder.delinearize(offset, sourceExtents);
    for (auto [n, part] : llvm::enumerate(parts))
      source[fromDims[run.fromBegin + n]] = part;
  }
  return element(0, source);
}

bool ReshapeOp::readsOnce() { return true; }
