//===- PoolOps.cpp - Sliding windows --------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;

namespace raddle::reference {
namespace {

/// The elements of one dim that a window at one position covers.
struct Span {
  int64_t first = 0, step = 1, begin = 0, end = 0; // Taps [begin, end).
  int64_t padded = 0;                              // Taps inside the pads.
};

std::vector<Span> getSpans(int64_t size, int64_t count, int64_t kernel,
                           int64_t stride, int64_t dilation, int64_t low,
                           int64_t high) {
  // The first tap at or after position `x`.
  auto getTap = [&](int64_t first, int64_t x) {
    return x <= first ? 0
                      : std::min<int64_t>(llvm::divideCeil(x - first, dilation),
                                          kernel);
  };
  std::vector<Span> spans;
  for (int64_t i = 0; i < count; ++i) {
    int64_t first = i * stride - low;
    spans.push_back({first, dilation, getTap(first, 0), getTap(first, size),
                     getTap(first, size + high) - getTap(first, -low)});
  }
  return spans;
}

/// What a window's elements become: sums are kept in f64 and rounded once;
/// integer maxima are exact in int64_t.
template <typename T> struct Accumulator {
  graph::PoolKind kind;
  T value;
  explicit Accumulator(graph::PoolKind kind) : kind(kind) {
    constexpr bool isFloat = std::is_floating_point_v<T>;
    T lowest = isFloat ? T(-INFINITY) : std::numeric_limits<T>::min();
    value = kind == graph::PoolKind::max ? lowest : T(0);
  }
  void add(T x) {
    if (kind != graph::PoolKind::max)
      value += x;
    else if (x > value || x != x)
      value = x;
    // A NaN stays: no later comparison with it holds.
  }
};

template <typename T>
void pool(graph::PoolOp op, const Tensor &input, Tensor &result,
          llvm::ArrayRef<std::vector<Span>> spans) {
  int64_t rank = spans.size();
  llvm::ArrayRef<int64_t> image = input.getShape().drop_front(2);
  llvm::ArrayRef<int64_t> grid = result.getShape().drop_front(2);
  Shape strides = getRowMajorStrides(image);
  int64_t pixels = *countElements(image), windows = *countElements(grid);
  std::vector<T> plane(pixels);
  std::vector<T> out(windows);
  for (int64_t p = 0; p * windows < result.size(); ++p) {
    loadElements(input, p * pixels, pixels, plane.data());
    Shape window(rank, 0), tap(rank, 0);
    for (int64_t w = 0; w < windows; ++w) {
      Accumulator<T> accumulator(op.getKind());
      int64_t inside = 1, padded = 1, offset = 0;
      for (int64_t d = 0; d < rank; ++d) {
        const Span &span = spans[d][window[d]];
        inside *= span.end - span.begin;
        padded *= span.padded;
        tap[d] = span.begin;
        offset += (span.first + span.begin * span.step) * strides[d];
      }
      for (int64_t i = 0; i < inside; ++i) {
        accumulator.add(plane[offset]);
        for (int64_t d = rank - 1; d >= 0; --d) {
          const Span &span = spans[d][window[d]];
          offset += span.step * strides[d];
          if (++tap[d] < span.end)
            break;
          offset -= span.step * strides[d] * (span.end - span.begin);
          tap[d] = span.begin;
        }
      }
      T divisor = 1;
      if (op.getKind() == graph::PoolKind::average)
        divisor = static_cast<T>(inside);
      else if (op.getKind() == graph::PoolKind::average_include_pad)
        divisor = static_cast<T>(padded);
      if constexpr (std::is_floating_point_v<T>)
        out[w] = accumulator.value / divisor;
      else
        out[w] = divisor == 0 ? 0 : accumulator.value / divisor;
      for (int64_t d = rank - 1; d >= 0; --d) {
        if (++window[d] < grid[d])
          break;
        window[d] = 0;
      }
    }
    storeElements(result, p * windows, windows, out.data());
  }
}

LogicalResult evaluatePool(graph::PoolOp op, Call &call) {
  Tensor input = call.operands[0];
  Shape sizes = call.mixed(op.getStaticSizes(), op.getSizes());
  int64_t rank = input.getRank();
  Shape toFirst = {0, rank - 1}, toLast = {0};
  for (int64_t dim = 1; dim < rank - 1; ++dim) {
    toFirst.push_back(dim);
    toLast.push_back(dim + 1);
  }
  toLast.push_back(1);
  if (op.getChannelsLast()) {
    FailureOr<Tensor> first = transpose(call, input, toFirst);
    if (failed(first))
      return failure();
    input = *first;
    Shape last = sizes;
    for (int64_t dim = 0; dim < rank; ++dim)
      sizes[dim] = last[toFirst[dim]];
  }
  if (sizes[0] != input.getDim(0) || sizes[1] != input.getDim(1))
    return call.error() << "has sizes for " << sizes[0] << " x " << sizes[1]
                        << " planes, expected those of " << input.describe();
  FailureOr<Tensor> result = call.allocate(call.resultElement(), sizes);
  if (failed(result))
    return failure();
  llvm::SmallVector<std::vector<Span>> spans;
  for (int64_t d = 0; d + 2 < rank; ++d)
    spans.push_back(getSpans(input.getDim(d + 2), sizes[d + 2],
                             op.getKernel()[d], op.getStrides()[d],
                             op.getDilations()[d], op.getPadsLow()[d],
                             op.getPadsHigh()[d]));
  if (input.isFloat())
    pool<double>(op, input, *result, spans);
  else
    pool<int64_t>(op, input, *result, spans);
  if (!op.getChannelsLast())
    return call.finish(*result);
  FailureOr<Tensor> last = transpose(call, *result, toLast);
  return failed(last) ? failure() : call.finish(*last);
}

} // namespace

void addPoolHandlers(HandlerTable &table) { table.add(evaluatePool); }

} // namespace raddle::reference
