//===- ResizeOps.cpp - Interpolation along dims ---------------------------===//
//
// Each mode is a weighted sum over neighbours that is a product over dims, so
// one dim is resized after the other. Weights and sums are in f64 and rounded
// once at the end. Formulas: ONNX operator specification, Resize.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include <cmath>

using namespace mlir;

namespace raddle::reference {
namespace {

/// One result position as a weighted sum of input positions.
struct Neighbours {
  std::vector<int64_t> positions;
  std::vector<double> weights;
};

/// The input coordinate of result position `i`.
double getCoordinate(graph::CoordinateMode mode, int64_t i, int64_t inputSize,
                     int64_t resultSize, double scale) {
  using graph::CoordinateMode;
  switch (mode) {
  case CoordinateMode::half_pixel:
    return (i + 0.5) / scale - 0.5;
  case CoordinateMode::half_pixel_symmetric: {
    double adjustment = resultSize / (scale * inputSize);
    double offset = inputSize / 2.0 * (1 - adjustment);
    return offset + (i + 0.5) / scale - 0.5;
  }
  case CoordinateMode::pytorch_half_pixel:
    return resultSize > 1 ? (i + 0.5) / scale - 0.5 : 0;
  case CoordinateMode::align_corners:
    return resultSize > 1
               ? double(i) * double(inputSize - 1) / double(resultSize - 1)
               : 0;
  case CoordinateMode::asymmetric:
    return i / scale;
  }
  llvm_unreachable("unknown coordinate mode");
}

int64_t getNearest(graph::NearestMode mode, double x) {
  using graph::NearestMode;
  switch (mode) {
  case NearestMode::round_prefer_floor:
    return static_cast<int64_t>(std::ceil(x - 0.5));
  case NearestMode::round_prefer_ceil:
    return static_cast<int64_t>(std::floor(x + 0.5));
  case NearestMode::floor:
    return static_cast<int64_t>(std::floor(x));
  case NearestMode::ceil:
    return static_cast<int64_t>(std::ceil(x));
  }
  llvm_unreachable("unknown nearest mode");
}

/// Weight of a neighbour at distance `x`; zero from the support (1 or 2) on.
double getWeight(graph::ResizeMode mode, double x, double a) {
  x = std::fabs(x);
  if (mode == graph::ResizeMode::linear)
    return std::max(0.0, 1 - x);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

Neighbours getNeighbours(graph::ResizeOp op, double x, int64_t size,
                         double scale) {
  Neighbours result;
  auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i, 0, size - 1); };
  if (op.getMode() == graph::ResizeMode::nearest) {
    result.positions = {clamp(getNearest(op.getNearest(), x))};
    result.weights = {1};
    return result;
  }
  // With antialiasing a shrinking filter is widened by the scale.
  double squeeze = op.getAntialias() ? std::min(scale, 1.0) : 1.0;
  double support =
      (op.getMode() == graph::ResizeMode::linear ? 1 : 2) / squeeze;
  double a = op.getCubicCoefficient().convertToDouble();
  double sum = 0;
  for (auto i = static_cast<int64_t>(std::ceil(x - support));
       i <= static_cast<int64_t>(std::floor(x + support)); ++i) {
    double weight = getWeight(op.getMode(), (i - x) * squeeze, a);
    if (weight == 0 || (op.getExcludeOutside() && (i < 0 || i >= size)))
      continue;
    result.positions.push_back(clamp(i));
    result.weights.push_back(weight);
    sum += weight;
  }
  if (op.getAntialias() || op.getExcludeOutside())
    for (double &weight : result.weights)
      weight /= sum;
  return result;
}

/// Resizes dim `dim` of `numbers`, whose shape is `shape`.
std::vector<double> resizeDim(const std::vector<double> &numbers,
                              llvm::ArrayRef<int64_t> shape, int64_t dim,
                              llvm::ArrayRef<Neighbours> neighbours) {
  AxisView view(shape, dim);
  int64_t count = neighbours.size();
  std::vector<double> result(view.outer * count * view.inner, 0.0);
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t i = 0; i < count; ++i) {
      double *out = result.data() + (outer * count + i) * view.inner;
      for (auto [position, weight] :
           llvm::zip(neighbours[i].positions, neighbours[i].weights)) {
        const double *in =
            numbers.data() + (outer * view.axis + position) * view.inner;
        for (int64_t k = 0; k < view.inner; ++k)
          out[k] += weight * in[k];
      }
    }
  return result;
}

/// Copies along dims whose every neighbour is one position of weight 1: no
/// arithmetic, so infinities and NaN stay where they are.
bool isIdentity(llvm::ArrayRef<Neighbours> neighbours, int64_t size) {
  if (int64_t(neighbours.size()) != size)
    return false;
  for (auto [i, list] : llvm::enumerate(neighbours))
    if (list.positions.size() != 1 || list.positions[0] != int64_t(i) ||
        list.weights[0] != 1)
      return false;
  return true;
}

LogicalResult evaluateResize(graph::ResizeOp op, Call &call) {
  const Tensor &input = call.operands[0];
  Shape sizes = call.mixed(op.getStaticSizes(), op.getSizes());
  FailureOr<Tensor> result = call.allocate(call.resultElement(), sizes);
  if (failed(result))
    return failure();
  if (result->size() == 0)
    return call.finish(*result);
  if (input.size() == 0)
    return call.error() << "has no element to interpolate in "
                        << input.describe();
  std::vector<double> numbers(input.size());
  loadElements(input, 0, input.size(), numbers.data());
  Shape shape(input.getShape());
  for (int64_t dim = 0; dim < input.getRank(); ++dim) {
    double scale = op.getScales()[dim];
    if (!(scale > 0))
      return call.error() << "has scale " << scale << " in dim " << dim
                          << ", expected a positive one";
    std::vector<Neighbours> neighbours;
    for (int64_t i = 0; i < sizes[dim]; ++i)
      neighbours.push_back(getNeighbours(
          op,
          getCoordinate(op.getCoordinates(), i, shape[dim], sizes[dim], scale),
          shape[dim], scale));
    if (!isIdentity(neighbours, shape[dim]))
      numbers = resizeDim(numbers, shape, dim, neighbours);
    shape[dim] = sizes[dim];
  }
  storeElements(*result, 0, result->size(), numbers.data());
  return call.finish(*result);
}

} // namespace

void addResizeHandlers(HandlerTable &table) { table.add(evaluateResize); }

} // namespace raddle::reference
