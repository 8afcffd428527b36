//===- RecurrentOps.cpp - LSTM, GRU and RNN layers ------------------------===//
//
// Formulas: ONNX operator specification (LSTM, GRU, RNN with default
// activations), computed in f32 (f64 for f64) and rounded at the end.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include "lib/Reference/Matrix.h"
#include <cmath>

using namespace mlir;

namespace raddle::reference {
namespace {

/// All operands as numbers; absent ones are zeros.
template <typename T> struct Layer {
  int64_t time, batch, in, hidden, dirs, gates;
  std::vector<T> input, weights, recurrence, bias, state, cell, peepholes;
  std::vector<int64_t> lengths;
  std::vector<T> output;
  T clip = 0;

  T limit(T x) const { return clip > 0 ? std::clamp(x, -clip, clip) : x; }
  T sigmoid(T x) const { return 1 / (1 + std::exp(-limit(x))); }
  T tanh(T x) const { return std::tanh(limit(x)); }
};

/// `[rows, columns]` transposed.
template <typename T>
std::vector<T> transposed(const T *matrix, int64_t rows, int64_t columns) {
  std::vector<T> result(rows * columns);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      result[c * rows + r] = matrix[r * columns + c];
  return result;
}

/// One direction of a layer: `step(b, x, h, bias)` updates the state `h` of
/// sequence `b` from the products of the input (with its bias) and, through
/// `recur`, of a state.
template <typename T, typename Step>
void runDirection(Layer<T> &layer, int64_t dir, bool reverse, Step step) {
  int64_t rows = layer.gates * layer.hidden;
  std::vector<T> weights =
      transposed(layer.weights.data() + dir * rows * layer.in, rows, layer.in);
  std::vector<T> recurrence = transposed(
      layer.recurrence.data() + dir * rows * layer.hidden, rows, layer.hidden);
  const T *inputBias = layer.bias.data() + dir * 2 * rows;
  const T *stateBias = inputBias + rows;
  std::vector<T> x(rows);
  auto recur = [&](const T *state) {
    std::vector<T> products(stateBias, stateBias + rows);
    multiply(state, recurrence.data(), products.data(), 1, layer.hidden, rows);
    return products;
  };
  for (int64_t b = 0; b < layer.batch; ++b) {
    int64_t length = layer.lengths[b];
    T *state = layer.state.data() + (dir * layer.batch + b) * layer.hidden;
    for (int64_t i = 0; i < length; ++i) {
      int64_t t = reverse ? length - 1 - i : i;
      std::copy_n(inputBias, rows, x.begin());
      multiply(layer.input.data() + (t * layer.batch + b) * layer.in,
               weights.data(), x.data(), 1, layer.in, rows);
      step(b, x, state, recur);
      std::copy_n(state, layer.hidden,
                  layer.output.data() +
                      ((t * layer.dirs + dir) * layer.batch + b) *
                          layer.hidden);
    }
  }
}

template <typename T>
void runLstm(graph::LstmOp op, Layer<T> &layer, int64_t dir, bool reverse) {
  int64_t hidden = layer.hidden;
  const T *peep = layer.peepholes.data() + dir * 3 * hidden;
  runDirection(layer, dir, reverse,
               [&](int64_t b, const std::vector<T> &x, T *h, auto recur) {
                 std::vector<T> r = recur(h);
                 T *cell = layer.cell.data() + (dir * layer.batch + b) * hidden;
                 for (int64_t j = 0; j < hidden; ++j) {
                   auto gate = [&](int64_t k) {
                     return x[k * hidden + j] + r[k * hidden + j];
                   };
                   T old = cell[j];
                   T i = layer.sigmoid(gate(0) + peep[j] * old);
                   T f = op.getInputForget()
                             ? 1 - i
                             : layer.sigmoid(gate(2) +
                                             peep[2 * hidden + j] * old);
                   T c = layer.tanh(gate(3));
                   cell[j] = f * old + i * c;
                   T o = layer.sigmoid(gate(1) + peep[hidden + j] * cell[j]);
                   h[j] = o * layer.tanh(cell[j]);
                 }
               });
}

template <typename T>
void runGru(graph::GruOp op, Layer<T> &layer, int64_t dir, bool reverse) {
  int64_t hidden = layer.hidden;
  runDirection(layer, dir, reverse,
               [&](int64_t, const std::vector<T> &x, T *h, auto recur) {
                 std::vector<T> r = recur(h), gated(hidden), update(hidden);
                 std::vector<T> reset(hidden);
                 for (int64_t j = 0; j < hidden; ++j) {
                   update[j] = layer.sigmoid(x[j] + r[j]);
                   reset[j] = layer.sigmoid(x[hidden + j] + r[hidden + j]);
                   gated[j] = reset[j] * h[j];
                 }
                 // Either the state or its product (with its bias) passes the
                 // reset.
                 std::vector<T> late =
                     op.getLinearBeforeReset() ? r : recur(gated.data());
                 for (int64_t j = 0; j < hidden; ++j) {
                   T product = late[2 * hidden + j];
                   if (op.getLinearBeforeReset())
                     product *= reset[j];
                   T candidate = layer.tanh(x[2 * hidden + j] + product);
                   h[j] = (1 - update[j]) * candidate + update[j] * h[j];
                 }
               });
}

template <typename T>
void runRnn(graph::RnnOp op, Layer<T> &layer, int64_t dir, bool reverse) {
  runDirection(layer, dir, reverse,
               [&](int64_t, const std::vector<T> &x, T *h, auto recur) {
                 std::vector<T> r = recur(h);
                 for (int64_t j = 0; j < layer.hidden; ++j)
                   h[j] = op.getRelu()
                              ? std::max(layer.limit(x[j] + r[j]), T(0))
                              : layer.tanh(x[j] + r[j]);
               });
}

void runOne(graph::LstmOp op, auto &layer, int64_t dir, bool reverse) {
  runLstm(op, layer, dir, reverse);
}
void runOne(graph::GruOp op, auto &layer, int64_t dir, bool reverse) {
  runGru(op, layer, dir, reverse);
}
void runOne(graph::RnnOp op, auto &layer, int64_t dir, bool reverse) {
  runRnn(op, layer, dir, reverse);
}

/// Loads an operand of an exact shape, or zeros when it is absent.
template <typename T>
LogicalResult load(Call &call, Value operand, StringRef name,
                   const Shape &shape, std::vector<T> &numbers) {
  Tensor tensor = call[operand];
  if (!tensor) {
    numbers.assign(*countElements(shape), T(0));
    return success();
  }
  if (tensor.getShape() != llvm::ArrayRef(shape)) {
    InFlightDiagnostic diagnostic = call.error();
    diagnostic << "has " << name << " " << tensor.describe()
               << ", expected sizes [";
    llvm::interleaveComma(shape, diagnostic);
    return diagnostic << "]";
  }
  numbers = loadNumbers<T>(tensor);
  return success();
}

template <typename OpTy>
LogicalResult loadLengths(OpTy op, Call &call, const Tensor &input,
                          std::vector<int64_t> &lengths) {
  int64_t time = input.getDim(0), batch = input.getDim(1);
  lengths.assign(batch, time);
  Tensor given = call[op.getLengths()];
  if (!given)
    return success();
  if (given.size() != batch)
    return call.error() << "has lengths " << given.describe() << ", expected "
                        << batch;
  for (int64_t b = 0; b < batch; ++b) {
    lengths[b] = given.getInteger(b);
    if (lengths[b] < 0 || lengths[b] > time)
      return call.error() << "has length " << lengths[b] << " of sequence " << b
                          << ", expected 0 to " << time;
  }
  return success();
}

template <typename T, typename OpTy>
LogicalResult runLayer(OpTy op, Call &call, int64_t gates) {
  const Tensor &input = call.operands[0];
  int64_t hidden = op.getHidden();
  bool both = op.getDirection() == graph::RecurrentDirection::bidirectional;
  Layer<T> layer{input.getDim(0),
                 input.getDim(1),
                 input.getDim(2),
                 hidden,
                 both ? 2 : 1,
                 gates,
                 {},
                 {},
                 {},
                 {},
                 {},
                 {},
                 {},
                 {},
                 {},
                 static_cast<T>(op.getClip().convertToDouble())};
  Shape stateShape = {layer.dirs, layer.batch, hidden};
  Shape outputShape = {layer.time, layer.dirs, layer.batch, hidden};
  Shape weightShape = {layer.dirs, gates * hidden, layer.in};
  Shape recurrenceShape = {layer.dirs, gates * hidden, hidden};
  layer.input = loadNumbers<T>(input);
  if (failed(
          load(call, op.getWeights(), "weights", weightShape, layer.weights)) ||
      failed(load(call, op.getRecurrence(), "recurrence", recurrenceShape,
                  layer.recurrence)) ||
      failed(load(call, op.getBias(), "bias", {layer.dirs, 2 * gates * hidden},
                  layer.bias)) ||
      failed(load(call, op.getInitialState(), "initial state", stateShape,
                  layer.state)) ||
      failed(loadLengths(op, call, input, layer.lengths)))
    return failure();
  if constexpr (std::is_same_v<OpTy, graph::LstmOp>)
    if (failed(load(call, op.getInitialCell(), "initial cell", stateShape,
                    layer.cell)) ||
        failed(load(call, op.getPeepholes(), "peepholes",
                    {layer.dirs, 3 * hidden}, layer.peepholes)))
      return failure();
  FailureOr<Tensor> output = call.allocate(call.resultElement(0), outputShape);
  FailureOr<Tensor> state = call.allocate(call.resultElement(1), stateShape);
  if (failed(output) || failed(state))
    return failure();
  layer.output.assign(output->size(), T(0));
  for (int64_t dir = 0; dir < layer.dirs; ++dir)
    runOne(op, layer, dir,
           dir == 1 || op.getDirection() == graph::RecurrentDirection::reverse);
  storeNumbers(*output, layer.output);
  storeNumbers(*state, layer.state);
  call.results.push_back(*output);
  call.results.push_back(*state);
  if constexpr (std::is_same_v<OpTy, graph::LstmOp>) {
    FailureOr<Tensor> cell = call.allocate(call.resultElement(2), stateShape);
    if (failed(cell))
      return failure();
    storeNumbers(*cell, layer.cell);
    call.results.push_back(*cell);
  }
  return success();
}

template <typename OpTy, int64_t gates>
LogicalResult evaluateRecurrent(OpTy op, Call &call) {
  if (call.operands[0].getElementType().isF64())
    return runLayer<double>(op, call, gates);
  return runLayer<float>(op, call, gates);
}

} // namespace

void addRecurrentHandlers(HandlerTable &table) {
  table.add(evaluateRecurrent<graph::LstmOp, 4>);
  table.add(evaluateRecurrent<graph::GruOp, 3>);
  table.add(evaluateRecurrent<graph::RnnOp, 1>);
}

} // namespace raddle::reference
