//===- ReduceOps.cpp - Elements combined along dims -----------------------===//
//
// Float sums and products are kept in f64 and rounded once; integer ones wrap.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include "lib/Reference/Combine.h"

using namespace mlir;

namespace raddle::reference {
namespace {

/// Elements to be combined with each other lie side by side afterwards.
FailureOr<Tensor> moveReducedLast(Call &call, const Tensor &input,
                                  llvm::ArrayRef<int64_t> dims) {
  Shape permutation;
  for (int64_t dim = 0; dim < input.getRank(); ++dim)
    if (!llvm::is_contained(dims, dim))
      permutation.push_back(dim);
  permutation.append(dims.begin(), dims.end());
  return transpose(call, input, permutation);
}

template <typename T>
void reduceRows(graph::ReduceKind kind, const Tensor &rows, int64_t length,
                Tensor &result) {
  Combiner<T> combiner(kind, result.getElementType());
  std::vector<T> row(length);
  for (int64_t i = 0; i < result.size(); ++i) {
    loadElements(rows, i * length, length, row.data());
    T value = combiner.neutral();
    for (T element : row)
      value = combiner(value, element);
    storeElements(result, i, 1, &value);
  }
}

LogicalResult evaluateReduce(graph::ReduceOp op, Call &call) {
  const Tensor &input = call.operands[0];
  llvm::ArrayRef<int64_t> dims = op.getDims();
  Shape shape;
  int64_t length = 1;
  for (int64_t dim = 0; dim < input.getRank(); ++dim) {
    if (!llvm::is_contained(dims, dim)) {
      shape.push_back(input.getDim(dim));
      continue;
    }
    length *= input.getDim(dim);
    if (op.getKeepDims())
      shape.push_back(1);
  }
  FailureOr<Tensor> rows = moveReducedLast(call, input, dims);
  FailureOr<Tensor> result = call.allocate(call.resultElement(), shape);
  if (failed(rows) || failed(result))
    return failure();
  if (input.isFloat())
    reduceRows<double>(op.getKind(), *rows, length, *result);
  else
    reduceRows<int64_t>(op.getKind(), *rows, length, *result);
  return call.finish(*result);
}

/// Whether `candidate` is more extreme than `best`.
template <typename T>
bool isBetter(const Combiner<T> &combiner, T candidate, T best) {
  return candidate != best && combiner(candidate, best) == candidate;
}

template <typename T>
int64_t findExtreme(const Combiner<T> &combiner, llvm::ArrayRef<T> row,
                    bool last) {
  size_t best = 0;
  for (size_t i = 1; i < row.size(); ++i) {
    bool bestIsNaN = row[best] != row[best], isNaN = row[i] != row[i];
    bool better = isNaN ? !bestIsNaN
                        : !bestIsNaN && isBetter(combiner, row[i], row[best]);
    bool equal = isNaN ? bestIsNaN : row[i] == row[best];
    if (better || (last && equal))
      best = i;
  }
  return best;
}

template <typename T>
void reduceIndices(graph::ArgReduceOp op, const Tensor &rows, int64_t length,
                   Tensor &result) {
  Combiner<T> combiner(op.getKind(), rows.getElementType());
  std::vector<T> row(length);
  for (int64_t i = 0; i < result.size(); ++i) {
    loadElements(rows, i * length, length, row.data());
    result.setInteger(i, findExtreme<T>(combiner, row, op.getLast()));
  }
}

LogicalResult evaluateArgReduce(graph::ArgReduceOp op, Call &call) {
  const Tensor &input = call.operands[0];
  int64_t axis = op.getAxis();
  Shape shape(input.getShape());
  if (op.getKeepDims())
    shape[axis] = 1;
  else
    shape.erase(shape.begin() + axis);
  FailureOr<Tensor> rows = moveReducedLast(call, input, axis);
  FailureOr<Tensor> result = call.allocate(call.resultElement(), shape);
  if (failed(rows) || failed(result))
    return failure();
  int64_t length = input.getDim(axis);
  if (length == 0 && result->size() != 0)
    return call.error() << "has no element in dim " << axis << " of "
                        << input.describe();
  if (input.isFloat())
    reduceIndices<double>(op, *rows, length, *result);
  else
    reduceIndices<int64_t>(op, *rows, length, *result);
  return call.finish(*result);
}

template <typename T>
void accumulate(graph::CumulativeOp op, const Tensor &input, Tensor &result) {
  Combiner<T> combiner(op.getKind(), result.getElementType());
  AxisView view(input.getShape(), op.getAxis());
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t inner = 0; inner < view.inner; ++inner) {
      T running = combiner.neutral();
      for (int64_t step = 0; step < view.axis; ++step) {
        int64_t i = op.getReverse() ? view.axis - 1 - step : step;
        int64_t offset = (outer * view.axis + i) * view.inner + inner;
        T element;
        loadElements(input, offset, 1, &element);
        T next = combiner(running, element);
        storeElements(result, offset, 1, op.getExclusive() ? &running : &next);
        running = next;
      }
    }
}

LogicalResult evaluateCumulative(graph::CumulativeOp op, Call &call) {
  const Tensor &input = call.operands[0];
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(), input.getShape());
  if (failed(result))
    return failure();
  if (input.isFloat())
    accumulate<double>(op, input, *result);
  else
    accumulate<int64_t>(op, input, *result);
  return call.finish(*result);
}

} // namespace

void addReduceHandlers(HandlerTable &table) {
  table.add(evaluateReduce);
  table.add(evaluateArgReduce);
  table.add(evaluateCumulative);
}

} // namespace raddle::reference
