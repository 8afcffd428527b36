//===- SortOps.cpp - Elements in order ------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include <algorithm>
#include <cstring>
#include <numeric>

using namespace mlir;

namespace raddle::reference {
namespace {

/// Strict order with NaN above everything.
template <typename T> bool isLess(T x, T y) {
  if (x != x || y != y)
    return x == x && y != y;
  return x < y;
}

template <typename T>
void sortRows(graph::SortOp op, const Tensor &input, Tensor &values,
              Tensor &indices, int64_t k) {
  AxisView view(input.getShape(), op.getAxis());
  unsigned width = input.elementBytes();
  std::vector<T> row(view.axis);
  std::vector<int64_t> order(view.axis);
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t inner = 0; inner < view.inner; ++inner) {
      auto locate = [&](int64_t i, int64_t length) {
        return (outer * length + i) * view.inner + inner;
      };
      for (int64_t i = 0; i < view.axis; ++i) {
        // Sign extension keeps the unsigned order, too.
        std::conditional_t<std::is_integral_v<T>, int64_t, T> element;
        loadElements(input, locate(i, view.axis), 1, &element);
        row[i] = static_cast<T>(element);
      }
      std::iota(order.begin(), order.end(), 0);
      // The index decides between equal elements: the order is stable.
      std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        bool before = isLess(row[a], row[b]), after = isLess(row[b], row[a]);
        if (before == after)
          return a < b;
        return op.getDescending() ? after : before;
      });
      for (int64_t i = 0; i < k; ++i) {
        std::memcpy(values.mutableData() + locate(i, k) * width,
                    input.data() + locate(order[i], view.axis) * width, width);
        indices.setInteger(locate(i, k), order[i]);
      }
    }
}

LogicalResult evaluateSort(graph::SortOp op, Call &call) {
  const Tensor &input = call.operands[0];
  int64_t k = call.operands[1].getInteger();
  int64_t axis = op.getAxis();
  if (k < 0 || k > input.getDim(axis))
    return call.error() << "keeps " << k << " elements of dim " << axis
                        << " of " << input.describe();
  Shape shape(input.getShape());
  shape[axis] = k;
  FailureOr<Tensor> values = call.allocate(call.resultElement(0), shape);
  FailureOr<Tensor> indices = call.allocate(call.resultElement(1), shape);
  if (failed(values) || failed(indices))
    return failure();
  if (input.isFloat())
    sortRows<double>(op, input, *values, *indices, k);
  else if (op.getIsUnsigned())
    sortRows<uint64_t>(op, input, *values, *indices, k);
  else
    sortRows<int64_t>(op, input, *values, *indices, k);
  call.results.push_back(*values);
  return call.finish(*indices);
}

} // namespace

void addSortHandlers(HandlerTable &table) { table.add(evaluateSort); }

} // namespace raddle::reference
