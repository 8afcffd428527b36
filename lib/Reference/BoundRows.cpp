//===- BoundRows.cpp - Errors of reductions and of what is made of them ---===//
//
// docs/Numerics.md, "Reductions".
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Bounds.h"

using namespace mlir;

namespace raddle::reference {
namespace {

/// The operand's magnitudes, or its errors (zeros without).
Tensor getSizes(const Bounded &operand) {
  Tensor result(operand.value.getElementType(), operand.value.getShape());
  for (int64_t i = 0; i < result.size(); ++i)
    result.mutableData<double>()[i] =
        std::fabs(operand.value.data<double>()[i]);
  return result;
}
Tensor getErrors(const Bounded &operand) {
  return operand.error
             ? operand.error
             : Tensor(operand.value.getElementType(), operand.value.getShape());
}

/// A sum or average of operand 0 with `depth` additions on the longest path.
LogicalResult boundLinear(BoundCall &call, double depth, bool divides) {
  FailureOr<Tensor> sizes = call.run({getSizes(call.operands[0])}),
                    spread = call.run({getErrors(call.operands[0])});
  if (failed(sizes) || failed(spread))
    return failure();
  Rounding rounding = call.rounding();
  double *errors = call.errors();
  double unit = rounding.unit > 1.5 * u32 ? rounding.unit : 0;
  bool isF64 = getElementTypeOrSelf(call.op->getResult(0).getType()).isF64();
  double relative = gamma(depth + (divides ? 1 : 0), isF64 ? 0x1p-52 : u32);
  for (int64_t i = 0, n = sizes->size(); i < n; ++i) {
    double error = spread->data<double>()[i];
    error += relative * (sizes->data<double>()[i] + error);
    errors[i] = error + unit * (std::fabs(call.result()[i]) + error) +
                (divides ? rounding.tiny : 0);
  }
  return success();
}

/// A maximum or minimum moves by at most the largest error of what it is over.
LogicalResult boundExtreme(BoundCall &call, Operation *maximum) {
  if (call.isExact())
    return success();
  llvm::SmallVector<Tensor> found;
  if (failed(call.evaluator.run(maximum, {getErrors(call.operands[0])}, found)))
    return failure();
  double *errors = call.errors();
  std::copy_n(found[0].data<double>(), found[0].size(), errors);
  return success();
}

int64_t countReduced(BoundCall &call) {
  int64_t results = call.results[0].value.size();
  return results ? call.operands[0].value.size() / results : 0;
}

LogicalResult boundReduce(graph::ReduceOp op, BoundCall &call) {
  if (!call.results[0].value.isFloat()) {
    if (!call.isExact())
      std::fill_n(call.errors(), call.results[0].value.size(), INFINITY);
    return success();
  }
  int64_t n = countReduced(call);
  switch (op.getKind()) {
  case graph::ReduceKind::add:
    return boundLinear(call, getSumDepth(n), false);
  case graph::ReduceKind::mul: {
    // Every factor's relative error and n - 1 roundings; underflow aside,
    // which an exact zero or a factor next to it brings.
    FailureOr<Tensor> upper = call.run({[&] {
      Tensor sizes = getSizes(call.operands[0]);
      Tensor result(sizes.getElementType(), sizes.getShape());
      for (int64_t i = 0; i < sizes.size(); ++i)
        result.mutableData<double>()[i] =
            (sizes.data<double>()[i] + call.error(0, i)) * (1 + 1.01 * u32);
      return result;
    }()});
    if (failed(upper))
      return failure();
    Rounding rounding = call.rounding();
    double *errors = call.errors();
    for (int64_t i = 0, e = upper->size(); i < e; ++i)
      errors[i] = (upper->data<double>()[i] - std::fabs(call.result()[i])) *
                      (1 + rounding.unit) +
                  double(n + 1) * rounding.tiny +
                  rounding.unit * std::fabs(call.result()[i]);
    return success();
  }
  default: {
    OwningOpRef<Operation *> maximum(op->clone());
    cast<graph::ReduceOp>(*maximum).setKind(graph::ReduceKind::max);
    return boundExtreme(call, *maximum);
  }
  }
}

LogicalResult boundPool(graph::PoolOp op, BoundCall &call) {
  if (!call.results[0].value.isFloat()) {
    if (!call.isExact())
      std::fill_n(call.errors(), call.results[0].value.size(), INFINITY);
    return success();
  }
  int64_t window = 1;
  for (int64_t size : op.getKernel())
    window *= size;
  if (op.getKind() == graph::PoolKind::max) {
    if (call.isExact())
      return success();
    FailureOr<Tensor> largest = call.run({getErrors(call.operands[0])});
    if (failed(largest))
      return failure();
    for (int64_t i = 0; i < largest->size(); ++i)
      call.errors()[i] = std::max(0.0, largest->data<double>()[i]);
    return success();
  }
  return boundLinear(call, double(window - 1),
                     op.getKind() != graph::PoolKind::sum);
}

LogicalResult boundCumulative(graph::CumulativeOp op, BoundCall &call) {
  if (!call.results[0].value.isFloat() ||
      op.getKind() != graph::ReduceKind::add) {
    if (call.isExact() && (!call.results[0].value.isFloat() ||
                           op.getKind() != graph::ReduceKind::mul))
      return success();
    std::fill_n(call.errors(), call.results[0].value.size(), INFINITY);
    return success();
  }
  return boundLinear(call, double(call.operands[0].value.getDim(op.getAxis())),
                     false);
}

LogicalResult boundSoftmax(graph::SoftmaxOp op, BoundCall &call) {
  AxisView view(call.operands[0].value.getShape(), op.getAxis());
  Rounding rounding = call.rounding();
  const double *x = call.value(0), *result = call.result();
  double *errors = call.errors();
  double depth = getSumDepth(view.axis), expError = 4 * u32;
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t inner = 0; inner < view.inner; ++inner) {
      int64_t start = outer * view.axis * view.inner + inner;
      auto at = [&](int64_t i) { return start + i * view.inner; };
      double largest = -INFINITY;
      for (int64_t i = 0; i < view.axis; ++i)
        largest = std::max(largest, x[at(i)]);
      if (!std::isfinite(largest))
        continue;
      double sum = 0, sumError = 0;
      for (int64_t i = 0; i < view.axis; ++i) {
        double shifted = x[at(i)] - largest, p = std::exp(shifted);
        double argument =
            call.error(0, at(i)) +
            (std::isfinite(shifted) ? u32 * std::fabs(shifted) : 0);
        double high = std::exp(shifted + argument) - p;
        double error = high + expError * (p + high) + 0x1p-126;
        if (!std::isfinite(shifted))
          error = 0;
        errors[at(i)] = error;
        sum += p;
        sumError += error;
      }
      sumError += gamma(depth) * (sum + sumError);
      double least = sum - sumError;
      for (int64_t i = 0; i < view.axis; ++i) {
        double size = std::fabs(result[at(i)]), error = errors[at(i)];
        if (op.getLog()) {
          double shifted = x[at(i)] - largest;
          double log = std::log(sum);
          double logError = -std::log1p(-std::min(1.0, sumError / sum)) +
                            4 * u32 * std::fabs(log) + 0x1p-149;
          error = call.error(0, at(i)) + u32 * std::fabs(shifted) + logError;
        } else {
          error = least > 0 ? (error + size * sumError) / least : INFINITY;
        }
        errors[at(i)] =
            error + (rounding.unit + u32) * (size + error) + rounding.tiny;
      }
    }
  return success();
}

/// Element of a scale or bias for position `i` of a row, with its error.
class RowParameter {
public:
  RowParameter(const Bounded &operand, ArrayRef<int64_t> row)
      : operand(operand), row(row) {
    if (operand.value)
      strides = getRowMajorStrides(operand.value.getShape());
  }
  explicit operator bool() const { return bool(operand.value); }
  int64_t offset(int64_t i) const {
    int64_t result = 0, rank = operand.value.getRank();
    for (int64_t dim = int64_t(row.size()) - 1, own = rank - 1; own >= 0;
         --dim, --own) {
      if (operand.value.getDim(own) != 1)
        result += i % row[dim] * strides[own];
      i /= row[dim];
    }
    return result;
  }
  double value(int64_t i) const {
    return operand.value.data<double>()[offset(i)];
  }
  double error(int64_t i) const {
    return operand.error ? operand.error.data<double>()[offset(i)] : 0;
  }

private:
  Bounded operand;
  ArrayRef<int64_t> row;
  Shape strides;
};

LogicalResult boundNorm(graph::NormOp op, BoundCall &call) {
  ArrayRef<int64_t> row =
      call.operands[0].value.getShape().drop_front(op.getAxis());
  int64_t n = *countElements(row);
  if (n == 0)
    return success();
  RowParameter scale(call[op.getScale()], row), bias(call[op.getBias()], row);
  Rounding rounding = call.rounding();
  double *errors = call.errors();
  double epsilon = op.getEpsilon().convertToDouble();
  double additions = gamma(getSumDepth(n) + 1); // and the division
  std::vector<double> centred(n), centredError(n);
  for (int64_t r = 0, rows = call.operands[0].value.size() / n; r < rows; ++r) {
    const double *x = call.value(0) + r * n;
    double mean = 0, meanError = 0, size = 0;
    if (op.getKind() == graph::NormKind::layer) {
      for (int64_t i = 0; i < n; ++i) {
        mean += x[i] / n;
        size += std::fabs(x[i]) / n;
        meanError += call.error(0, r * n + i) / n;
      }
      meanError += additions * (size + meanError);
    }
    double variance = 0, varianceError = 0;
    for (int64_t i = 0; i < n; ++i) {
      double c = x[i] - mean;
      double error = call.error(0, r * n + i) + meanError;
      error += op.getKind() == graph::NormKind::layer
                   ? u32 * (std::fabs(c) + error)
                   : 0;
      centred[i] = c;
      centredError[i] = error;
      variance += c * c / n;
      varianceError += (2 * std::fabs(c) + error) * error / n;
    }
    // A mean that is off by d adds d^2 to the variance and no more: the
    // centred values sum to zero. Above it is counted element by element,
    // which is never less.
    varianceError += gamma(getSumDepth(n) + 2) * (variance + varianceError);
    double total = variance + epsilon;
    double totalError = varianceError + 2 * u32 * (total + varianceError);
    double factor = 1 / std::sqrt(total);
    double factorError = total > totalError
                             ? 1 / std::sqrt(total - totalError) - factor
                             : INFINITY;
    // rsqrt: 2 ulp; or a root and a division, 3u together.
    factorError += 4 * u32 * (factor + factorError);
    for (int64_t i = 0; i < n; ++i) {
      double value = centred[i] * factor;
      double error = std::fabs(centred[i]) * factorError +
                     centredError[i] * (factor + factorError);
      auto round = [&] {
        error += u32 * (std::fabs(value) + error) + 0x1p-150;
      };
      round();
      if (scale) {
        double s = scale.value(i), e = scale.error(i);
        error = error * (std::fabs(s) + e) + std::fabs(value) * e;
        value *= s;
        round();
      }
      if (bias) {
        error += bias.error(i);
        value += bias.value(i);
        round();
      }
      if (rounding.unit > 1.5 * u32)
        error += rounding.unit * (std::fabs(value) + error) + rounding.tiny;
      errors[r * n + i] = error;
    }
  }
  return success();
}

/// The coordinate of a sample is computed in f32 with three roundings; the
/// interpolation changes by at most `slope` times the largest magnitude per
/// unit of coordinate and dim (linear 2; cubic with |coefficient| <= 1: 8).
LogicalResult boundResize(graph::ResizeOp op, BoundCall &call) {
  if (op.getMode() == graph::ResizeMode::nearest) {
    if (call.isExact())
      return success();
    FailureOr<Tensor> moved = call.run({getErrors(call.operands[0])});
    if (failed(moved))
      return failure();
    call.results[0].error = *moved;
    return success();
  }
  bool cubic = op.getMode() == graph::ResizeMode::cubic;
  const Tensor &input = call.operands[0].value;
  double largest = 0, spread = 0, coordinates = 0;
  unsigned dims = 0;
  for (int64_t i = 0; i < input.size(); ++i) {
    largest = std::max(largest, std::fabs(call.value(0)[i]));
    spread = std::max(spread, call.error(0, i));
  }
  for (int64_t dim = 0; dim < input.getRank(); ++dim) {
    if (input.getDim(dim) == call.results[0].value.getDim(dim) &&
        op.getScales()[dim] == 1)
      continue;
    ++dims;
    coordinates += 4 * u32 * double(input.getDim(dim) + 1);
  }
  // Weights sum to 1 in size (linear), to at most 1.75 (cubic).
  double gain = std::pow(cubic ? 1.75 : 1.0, dims);
  Rounding rounding = call.rounding();
  double roundings = gamma((cubic ? 16 : 6) * dims) + rounding.unit;
  double error =
      gain * spread +
      gain * (largest + spread) * ((cubic ? 8 : 2) * coordinates + roundings) +
      rounding.tiny;
  std::fill_n(call.errors(), call.results[0].value.size(), error);
  return success();
}

/// Updates of one place are combined in the order of their numbers.
LogicalResult boundScatter(BoundCall &call, graph::ScatterKind kind) {
  const Bounded &input = call.operands[0], &updates = call.operands[2];
  if (!input.value.isFloat()) {
    if (!call.isExact())
      std::fill_n(call.errors(), call.results[0].value.size(), INFINITY);
    return success();
  }
  bool adds = kind == graph::ScatterKind::add;
  if (call.isExact() && !adds && kind != graph::ScatterKind::mul)
    return success();
  if (call.operands[1].error || kind == graph::ScatterKind::mul) {
    std::fill_n(call.errors(), call.results[0].value.size(), INFINITY);
    return success();
  }
  const Tensor &indices = call.operands[1].value;
  auto run = [&](Tensor first, Tensor second) {
    return call.run({std::move(first), indices, std::move(second)});
  };
  FailureOr<Tensor> sizes = run(getSizes(input), getSizes(updates)),
                    spread = run(getErrors(input), getErrors(updates));
  if (failed(sizes) || failed(spread))
    return failure();
  Rounding rounding = call.rounding();
  // One rounding per update; of narrow types each, for the running value is
  // stored.
  double relative =
      adds ? gamma(double(updates.value.size()), rounding.unit) : 0;
  for (int64_t i = 0; i < sizes->size(); ++i) {
    // Only sums grow: a place without updates keeps its input.
    bool touched = !adds || call.result()[i] != input.value.data<double>()[i];
    double error = spread->data<double>()[i];
    call.errors()[i] =
        error + (touched ? relative * (sizes->data<double>()[i] + error) : 0);
  }
  return success();
}

/// Positions and orders: exact, or unknown where values are not.
LogicalResult boundOrder(BoundCall &call) {
  if (!call.isExact())
    for (unsigned n = 0; n < call.results.size(); ++n)
      std::fill_n(call.errors(n), call.results[n].value.size(), INFINITY);
  return success();
}

} // namespace

void addRowBounds(BoundTable &table) {
  table.add(boundReduce);
  table.add(boundPool);
  table.add(boundCumulative);
  table.add(boundSoftmax);
  table.add(boundNorm);
  table.add(boundResize);
  table.add<graph::ScatterElementsOp>(
      [](graph::ScatterElementsOp op, BoundCall &call) {
        return boundScatter(call, op.getKind());
      });
  table.add<graph::ScatterNdOp>([](graph::ScatterNdOp op, BoundCall &call) {
    return boundScatter(call, op.getKind());
  });
  table.add("graph.arg_reduce", boundOrder);
  table.add("graph.sort", boundOrder);
}

} // namespace raddle::reference
