//===- BoundRecurrent.cpp - Errors of recurrent layers --------------------===//
//
// The layer in interval-like numbers: every step's error goes into the next.
// Formulas as in RecurrentOps.cpp; sums of products in f32 without tensor
// cores, of any order.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Bounds.h"

using namespace mlir;

namespace raddle::reference {
namespace {

/// A number and its error, with the roundings of f32.
struct Number {
  double value = 0, error = 0;

  Number rounded(double ulps = 0.5) const {
    // An ulp is at most 2u of the number.
    return {value, error + 2 * ulps * u32 * (std::fabs(value) + error) +
                       ulps * 0x1p-149};
  }
};
Number operator+(Number x, Number y) {
  return Number{x.value + y.value, x.error + y.error}.rounded();
}
Number operator-(Number x, Number y) {
  return Number{x.value - y.value, x.error + y.error}.rounded();
}
Number operator*(Number x, Number y) {
  return Number{x.value * y.value, std::fabs(x.value) * y.error +
                                       std::fabs(y.value) * x.error +
                                       x.error * y.error}
      .rounded();
}

struct Matrix {
  Bounded tensor;
  explicit operator bool() const { return bool(tensor.value); }
  Number at(int64_t i) const {
    if (!tensor.value)
      return {};
    return {tensor.value.data<double>()[i],
            tensor.error ? tensor.error.data<double>()[i] : 0};
  }
};

/// One layer; `gates` rows of `hidden` units.
template <typename OpTy> class LayerBound {
public:
  LayerBound(OpTy op, BoundCall &call, int64_t gates)
      : op(op), call(call), gates(gates), hidden(op.getHidden()) {
    const Tensor &x = call.operands[0].value;
    time = x.getDim(0);
    batch = x.getDim(1);
    in = x.getDim(2);
    clip = op.getClip().convertToDouble();
  }
  LogicalResult run();

private:
  Number limit(Number x) const {
    if (clip > 0)
      x.value = std::clamp(x.value, -clip, clip);
    return x;
  }
  /// exp: 2 ulp, an addition, a division; the derivative is at most 1/4.
  Number sigmoid(Number x) const {
    x = limit(x);
    double y = 1 / (1 + std::exp(-x.value));
    double spread = std::min(1.0, 0.25 * x.error);
    // e/(1+e) <= 1 times the error of e, and two roundings.
    return {y, spread + (4 + 1 + 1) * u32 * (y + spread) + 0x1p-149};
  }
  Number tanh(Number x) const {
    x = limit(x);
    double y = std::tanh(x.value);
    return Number{y, std::min(2.0, x.error)}.rounded(3);
  }
  /// The sum of a row of products with a bias.
  template <typename Element>
  Number product(const Matrix &matrix, int64_t row, int64_t length, Number bias,
                 Element element) const {
    double value = 0, size = 0, error = 0;
    for (int64_t k = 0; k < length; ++k) {
      Number w = matrix.at(row * length + k), x = element(k);
      value += w.value * x.value;
      size += (std::fabs(w.value) + w.error) * (std::fabs(x.value) + x.error);
      error += std::fabs(w.value) * x.error + std::fabs(x.value) * w.error +
               x.error * w.error;
    }
    // Fused multiply-adds in any order: at most `length` roundings each.
    return Number{value, error + gamma(double(length)) * size +
                             double(length) * 0x1p-149} +
           bias;
  }
  void step(int64_t dir, int64_t b, ArrayRef<Number> x, std::vector<Number> &h,
            std::vector<Number> &c);

  OpTy op;
  BoundCall &call;
  int64_t gates, hidden, time, batch, in;
  double clip = 0;
  Matrix recurrence, bias, peepholes;
};

template <typename OpTy>
void LayerBound<OpTy>::step(int64_t dir, int64_t, ArrayRef<Number> x,
                            std::vector<Number> &h, std::vector<Number> &c) {
  int64_t rows = gates * hidden;
  auto recur = [&](int64_t row, const std::vector<Number> &state) {
    return product(recurrence, dir * rows + row, hidden,
                   bias.at(dir * 2 * rows + rows + row),
                   [&](int64_t k) { return state[k]; });
  };
  std::vector<Number> next(hidden);
  if constexpr (std::is_same_v<OpTy, graph::LstmOp>) {
    for (int64_t j = 0; j < hidden; ++j) {
      auto gate = [&](int64_t k) {
        return x[k * hidden + j] + recur(k * hidden + j, h);
      };
      auto peep = [&](int64_t k, Number sum, Number cell) {
        return peepholes ? sum + peepholes.at((dir * 3 + k) * hidden + j) * cell
                         : sum;
      };
      Number i = sigmoid(peep(0, gate(0), c[j]));
      Number f = op.getInputForget() ? Number{1, 0} - i
                                     : sigmoid(peep(2, gate(2), c[j]));
      c[j] = f * c[j] + i * tanh(gate(3));
      next[j] = sigmoid(peep(1, gate(1), c[j])) * tanh(c[j]);
    }
  } else if constexpr (std::is_same_v<OpTy, graph::GruOp>) {
    std::vector<Number> update(hidden), reset(hidden), gated(hidden);
    for (int64_t j = 0; j < hidden; ++j) {
      update[j] = sigmoid(x[j] + recur(j, h));
      reset[j] = sigmoid(x[hidden + j] + recur(hidden + j, h));
      gated[j] = reset[j] * h[j];
    }
    for (int64_t j = 0; j < hidden; ++j) {
      Number late = op.getLinearBeforeReset()
                        ? recur(2 * hidden + j, h) * reset[j]
                        : recur(2 * hidden + j, gated);
      Number candidate = tanh(x[2 * hidden + j] + late);
      next[j] = (Number{1, 0} - update[j]) * candidate + update[j] * h[j];
    }
  } else {
    for (int64_t j = 0; j < hidden; ++j) {
      Number sum = x[j] + recur(j, h);
      if (op.getRelu()) {
        sum = limit(sum);
        sum.value = std::max(sum.value, 0.0);
        next[j] = sum;
      } else {
        next[j] = tanh(sum);
      }
    }
  }
  h = std::move(next);
}

template <typename OpTy> LogicalResult LayerBound<OpTy>::run() {
  recurrence.tensor = call[op.getRecurrence()];
  bias.tensor = call[op.getBias()];
  Matrix weights{call[op.getWeights()]}, input{call.operands[0]},
      state{call[op.getInitialState()]}, cell;
  Tensor lengths = call[op.getLengths()].value;
  if constexpr (std::is_same_v<OpTy, graph::LstmOp>) {
    cell.tensor = call[op.getInitialCell()];
    peepholes.tensor = call[op.getPeepholes()];
  }
  bool both = op.getDirection() == graph::RecurrentDirection::bidirectional;
  int64_t dirs = both ? 2 : 1, rows = gates * hidden;
  Rounding rounding = call.rounding();
  auto store = [&](unsigned result, int64_t i, Number number) {
    double more = rounding.unit > 1.5 * u32
                      ? rounding.unit * std::fabs(number.value) + rounding.tiny
                      : 0;
    call.errors(result)[i] = number.error + more;
  };
  for (int64_t dir = 0; dir < dirs; ++dir) {
    bool reverse =
        dir == 1 || op.getDirection() == graph::RecurrentDirection::reverse;
    for (int64_t b = 0; b < batch; ++b) {
      int64_t start = (dir * batch + b) * hidden;
      std::vector<Number> h(hidden), c(hidden), x(rows);
      for (int64_t j = 0; j < hidden; ++j) {
        h[j] = state.at(start + j);
        c[j] = cell.at(start + j);
      }
      int64_t length = lengths ? lengths.getInteger(b) : time;
      for (int64_t i = 0; i < length; ++i) {
        int64_t t = reverse ? length - 1 - i : i;
        for (int64_t row = 0; row < rows; ++row)
          x[row] = product(
              weights, dir * rows + row, in, bias.at(dir * 2 * rows + row),
              [&](int64_t k) { return input.at((t * batch + b) * in + k); });
        step(dir, b, x, h, c);
        for (int64_t j = 0; j < hidden; ++j)
          store(0, ((t * dirs + dir) * batch + b) * hidden + j, h[j]);
      }
      for (int64_t j = 0; j < hidden; ++j) {
        store(1, start + j, h[j]);
        if (std::is_same_v<OpTy, graph::LstmOp>)
          store(2, start + j, c[j]);
      }
    }
  }
  return success();
}

template <typename OpTy, int64_t gates>
LogicalResult boundLayer(OpTy op, BoundCall &call) {
  return LayerBound<OpTy>(op, call, gates).run();
}

} // namespace

void addRecurrentBounds(BoundTable &table) {
  table.add(boundLayer<graph::LstmOp, 4>);
  table.add(boundLayer<graph::GruOp, 3>);
  table.add(boundLayer<graph::RnnOp, 1>);
}

} // namespace raddle::reference
