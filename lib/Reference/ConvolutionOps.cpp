//===- ConvolutionOps.cpp - Convolution as a matrix product ---------------===//
//
// The forward form gathers input windows into a matrix [channels * kernel,
// positions] and multiplies by the filter; the transposed form multiplies first
// and adds the windows up. Both walk the same windows.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include "lib/Reference/Matrix.h"
#include <numeric>

using namespace mlir;

namespace raddle::reference {
namespace {

/// Which element of an image each (kernel element, window) pair touches.
struct Windows {
  /// Spatial sizes of the image, the kernel and the grid of windows.
  Shape image, kernel, grid;
  llvm::ArrayRef<int64_t> strides, dilations, low;

  int64_t imageSize() const { return *countElements(image); }
  int64_t kernelSize() const { return *countElements(kernel); }
  int64_t gridSize() const { return *countElements(grid); }

  /// Calls `visit(row, window, offset)` for the pairs inside the image.
  template <typename Visit> void forEach(Visit visit) const {
    int64_t rank = image.size();
    Shape tap(rank, 0), window(rank, 0);
    for (int64_t row = 0, rows = kernelSize(); row < rows; ++row) {
      std::fill(window.begin(), window.end(), 0);
      for (int64_t i = 0, n = gridSize(); i < n; ++i) {
        int64_t offset = 0;
        bool inside = true;
        for (int64_t d = 0; d < rank; ++d) {
          int64_t x = window[d] * strides[d] + tap[d] * dilations[d] - low[d];
          inside &= x >= 0 && x < image[d];
          offset = offset * image[d] + x;
        }
        if (inside)
          visit(row, i, offset);
        advance(window, grid);
      }
      advance(tap, kernel);
    }
  }

private:
  static void advance(Shape &index, const Shape &sizes) {
    for (int64_t d = int64_t(index.size()) - 1; d >= 0; --d) {
      if (++index[d] < sizes[d])
        return;
      index[d] = 0;
    }
  }
};

/// Pairs inside the image as two lists, computed once for all channels.
struct Taps {
  std::vector<int64_t> cells, offsets;
  explicit Taps(const Windows &windows) {
    int64_t n = windows.gridSize();
    windows.forEach([&](int64_t row, int64_t window, int64_t offset) {
      cells.push_back(row * n + window);
      offsets.push_back(offset);
    });
  }
};

/// All operands channels first: input [N, C, image], filter [M, C/g, kernel]
/// (transposed: [C, M/g, kernel]), result [N, M, image].
struct Problem {
  int64_t batch, inputChannels, resultChannels, groups;
  Windows windows;
};

template <typename T>
std::vector<T> runForward(const Problem &problem, const std::vector<T> &input,
                          const std::vector<T> &filter) {
  const Windows &windows = problem.windows;
  int64_t pixels = windows.imageSize(), grid = windows.gridSize();
  int64_t kernel = windows.kernelSize(), groups = problem.groups;
  int64_t channels = problem.inputChannels / groups;
  int64_t outputs = problem.resultChannels / groups;
  Taps taps(windows);
  std::vector<T> result(problem.batch * problem.resultChannels * grid, T(0));
  std::vector<T> columns(channels * kernel * grid, T(0));
  for (int64_t n = 0; n < problem.batch; ++n)
    for (int64_t g = 0; g < groups; ++g) {
      for (int64_t c = 0; c < channels; ++c) {
        const T *image =
            input.data() +
            (n * problem.inputChannels + g * channels + c) * pixels;
        T *column = columns.data() + c * kernel * grid;
        for (size_t i = 0; i < taps.cells.size(); ++i)
          column[taps.cells[i]] = image[taps.offsets[i]];
      }
      multiply(filter.data() + g * outputs * channels * kernel, columns.data(),
               result.data() +
                   (n * problem.resultChannels + g * outputs) * grid,
               outputs, channels * kernel, grid);
    }
  return result;
}

/// The windows' grid is the input here, and the image the result.
template <typename T>
std::vector<T> runTransposed(const Problem &problem,
                             const std::vector<T> &input,
                             const std::vector<T> &filter) {
  const Windows &windows = problem.windows;
  int64_t pixels = windows.imageSize(), grid = windows.gridSize();
  int64_t kernel = windows.kernelSize(), groups = problem.groups;
  int64_t channels = problem.inputChannels / groups;
  int64_t outputs = problem.resultChannels / groups;
  Taps taps(windows);
  std::vector<T> result(problem.batch * problem.resultChannels * pixels, T(0));
  for (int64_t n = 0; n < problem.batch; ++n)
    for (int64_t g = 0; g < groups; ++g) {
      std::vector<T> columns(outputs * kernel * grid, T(0));
      multiplyTransposed(filter.data() + g * channels * outputs * kernel,
                         input.data() +
                             (n * problem.inputChannels + g * channels) * grid,
                         columns.data(), outputs * kernel, channels, grid);
      for (int64_t m = 0; m < outputs; ++m) {
        T *image = result.data() +
                   (n * problem.resultChannels + g * outputs + m) * pixels;
        const T *column = columns.data() + m * kernel * grid;
        for (size_t i = 0; i < taps.cells.size(); ++i)
          image[taps.offsets[i]] += column[taps.cells[i]];
      }
    }
  return result;
}

/// Moves the last dim to position 1, or back.
Shape getChannelsFirst(int64_t rank) {
  Shape permutation = {0, rank - 1};
  for (int64_t dim = 1; dim < rank - 1; ++dim)
    permutation.push_back(dim);
  return permutation;
}
Shape getChannelsLast(int64_t rank) {
  Shape permutation = {0};
  for (int64_t dim = 2; dim < rank; ++dim)
    permutation.push_back(dim);
  permutation.push_back(1);
  return permutation;
}

/// Spatial sizes of the result, as the operation's description states them.
FailureOr<Shape> getResultSizes(graph::ConvOp op, Call &call,
                                llvm::ArrayRef<int64_t> image,
                                llvm::ArrayRef<int64_t> kernel) {
  Shape sizes;
  std::optional<llvm::ArrayRef<int64_t>> outputPads = op.getOutputPads();
  for (unsigned d = 0; d < op.getSpatialRank(); ++d) {
    int64_t reach = op.getDilations()[d] * (kernel[d] - 1);
    int64_t pads = op.getPadsLow()[d] + op.getPadsHigh()[d];
    int64_t stride = op.getStrides()[d], size;
    if (op.getTransposed()) {
      size = stride * (image[d] - 1) + (outputPads ? (*outputPads)[d] : 0) +
             reach + 1 - pads;
    } else {
      int64_t room = image[d] + pads - reach - 1;
      size = room < 0 ? 0 : room / stride + 1;
    }
    if (size < 0)
      return call.error() << "has size " << size << " in spatial dim " << d;
    sizes.push_back(size);
  }
  return sizes;
}

LogicalResult evaluateConv(graph::ConvOp op, Call &call) {
  Tensor input = call.operands[0], filter = call.operands[1];
  int64_t rank = input.getRank();
  if (op.getChannelsLast()) {
    FailureOr<Tensor> first = transpose(call, input, getChannelsFirst(rank));
    FailureOr<Tensor> second = transpose(call, filter, getChannelsFirst(rank));
    if (failed(first) || failed(second))
      return failure();
    input = *first;
    filter = *second;
  }
  bool transposed = op.getTransposed();
  int64_t groups = op.getGroups();
  int64_t channels = input.getDim(1);
  int64_t expected = transposed ? filter.getDim(0) : filter.getDim(1) * groups;
  if (groups <= 0 || channels != expected || filter.getDim(0) % groups != 0)
    return call.error() << "has input " << input.describe() << " and filter "
                        << filter.describe() << " in " << groups
                        << " groups, expected " << expected << " channels";
  llvm::ArrayRef<int64_t> image = input.getShape().drop_front(2);
  llvm::ArrayRef<int64_t> kernel = filter.getShape().drop_front(2);
  FailureOr<Shape> sizes = getResultSizes(op, call, image, kernel);
  if (failed(sizes))
    return failure();
  int64_t outputs = transposed ? filter.getDim(1) * groups : filter.getDim(0);
  Shape shape = {input.getDim(0), outputs};
  shape.append(sizes->begin(), sizes->end());
  FailureOr<Tensor> result = call.allocate(call.resultElement(), shape);
  if (failed(result))
    return failure();

  Problem problem{input.getDim(0), channels, outputs, groups,
                  Windows{transposed ? *sizes : Shape(image), Shape(kernel),
                          transposed ? Shape(image) : *sizes, op.getStrides(),
                          op.getDilations(), op.getPadsLow()}};
  if (result->size() != 0 &&
      failed(withAccumulator(
          result->getElementType(), input.getElementType(), [&](auto tag) {
            using T = decltype(tag);
            auto x = loadNumbers<T>(input, op.getInputUnsigned());
            auto w = loadNumbers<T>(filter, op.getFilterUnsigned());
            storeNumbers(*result, transposed ? runTransposed(problem, x, w)
                                             : runForward(problem, x, w));
            return success();
          })))
    return failure();
  if (!op.getChannelsLast())
    return call.finish(*result);
  FailureOr<Tensor> last = transpose(call, *result, getChannelsLast(rank));
  return failed(last) ? failure() : call.finish(*last);
}

} // namespace

void addConvolutionHandlers(HandlerTable &table) { table.add(evaluateConv); }

} // namespace raddle::reference
