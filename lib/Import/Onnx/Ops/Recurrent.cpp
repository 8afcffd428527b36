//===- Recurrent.cpp - LSTM, GRU, RNN -------------------------------------===//
#include "../Importer.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

/// What the three layers share: operands with the time dim first.
struct Layer {
  Value input, weights, recurrence, bias, lengths, state;
  int64_t hidden = 0, directions = 1;
  graph::RecurrentDirection direction = graph::RecurrentDirection::forward;
  double clip = 0;
  bool batchFirst = false;
  Sizes outputSizes, stateSizes;
  RankedTensorType outputType, stateType;
};

/// `[batch, dirs, hidden]` as `[dirs, batch, hidden]` and back.
Value swapFirst(NodeContext &c, Value x) {
  SmallVector<int64_t> permutation;
  llvm::append_range(permutation,
                     llvm::seq<int64_t>(0, GraphBuilder::rankOf(x)));
  std::swap(permutation[0], permutation[1]);
  return c.g.transpose(x, permutation);
}

std::optional<Layer> readLayer(NodeContext &c, int64_t gates,
                               ArrayRef<StringRef> activations) {
  Layer layer;
  if (!c.expectRank(0, 3) || !c.expectRank(1, 3) || !c.expectRank(2, 3))
    return std::nullopt;
  std::string direction = c.string("direction", "forward");
  if (direction == "reverse")
    layer.direction = graph::RecurrentDirection::reverse;
  else if (direction == "bidirectional")
    layer.direction = graph::RecurrentDirection::bidirectional;
  else if (direction != "forward") {
    c.error("the attribute 'direction' is '" + direction + "'",
            "forward, reverse, bidirectional");
    return std::nullopt;
  }
  layer.directions = direction == "bidirectional" ? 2 : 1;
  if (const NodeAttribute *a = c.find("activations")) {
    for (auto [n, name] : llvm::enumerate(a->strings)) {
      StringRef expected = activations[n % activations.size()];
      if (StringRef(name).equals_insensitive(expected))
        continue;
      c.error("activation " + std::to_string(n) + " is '" + name + "'",
              "'" + expected.str() + "'");
      return std::nullopt;
    }
  }
  layer.clip = c.real("clip", 0);
  layer.batchFirst = c.integer("layout", 0);
  Scalar hidden = c.sizes(2)[2];
  if (!hidden.isConstant() || !c.sizes(1)[0].isConstant()) {
    c.error("the weights are not static");
    return std::nullopt;
  }
  layer.hidden = hidden.integer;
  if (int64_t stated = c.integer("hidden_size", layer.hidden);
      stated != layer.hidden) {
    c.error("the attribute 'hidden_size' is " + std::to_string(stated) +
            ", the recurrence weights have " + std::to_string(layer.hidden));
    return std::nullopt;
  }
  auto expect = [&](unsigned n, ArrayRef<int64_t> dims) {
    Sizes sizes = c.sizes(n);
    bool good = sizes.size() == dims.size();
    for (auto [size, dim] : llvm::zip(sizes, dims))
      good &= dim < 0 || size.isInteger(dim);
    if (!good)
      c.error("input '" + c.node.inputs[n] + "' has the wrong shape");
    return good;
  };
  int64_t rows = gates * layer.hidden;
  if (!expect(1, {layer.directions, rows, -1}) ||
      !expect(2, {layer.directions, rows, layer.hidden}) ||
      (c.has(3) && !expect(3, {layer.directions, 2 * rows})) ||
      (c.has(4) && !expect(4, {-1})) || (c.has(5) && !expect(5, {-1, -1, -1})))
    return std::nullopt;
  layer.input = c.tensor(0);
  if (layer.batchFirst)
    layer.input = swapFirst(c, layer.input);
  layer.weights = c.tensor(1);
  layer.recurrence = c.tensor(2);
  if (c.has(3))
    layer.bias = c.tensor(3);
  if (c.has(4))
    layer.lengths = c.g.cast(c.tensor(4), c.type(4), ElemType::Int32);
  if (c.has(5))
    layer.state = layer.batchFirst ? swapFirst(c, c.tensor(5)) : c.tensor(5);
  Sizes in = c.g.sizesOf(layer.input);
  c.g.assumeEqual(in[2], c.sizes(1)[2]);
  if (layer.state) {
    c.g.assumeEqual(in[1], c.g.sizeOf(layer.state, 1));
    c.g.assumeEqual(layer.hidden, c.g.sizeOf(layer.state, 2));
  }
  if (layer.lengths)
    c.g.assumeEqual(in[1], c.g.sizeOf(layer.lengths, 0));
  layer.outputSizes = {in[0], layer.directions, in[1], layer.hidden};
  layer.stateSizes = {layer.directions, in[1], layer.hidden};
  layer.outputType = c.g.typeFor(layer.outputSizes, c.element(0));
  layer.stateType = c.g.typeFor(layer.stateSizes, c.element(0));
  return layer;
}

void setResults(NodeContext &c, const Layer &layer, ValueRange results) {
  for (auto [n, result] : llvm::enumerate(results)) {
    Value value = result;
    c.g.setSizes(value, n == 0 ? layer.outputSizes : layer.stateSizes);
    if (layer.batchFirst)
      // [time, dirs, batch, hidden] becomes [batch, time, dirs, hidden].
      value = n == 0 ? c.g.transpose(value, {2, 0, 1, 3}) : swapFirst(c, value);
    c.set(n, value);
  }
}

void importLstm(NodeContext &c) {
  auto layer = readLayer(c, 4, {"Sigmoid", "Tanh", "Tanh"});
  if (!layer)
    return;
  Value cell, peepholes;
  if (c.has(6))
    cell = layer->batchFirst ? swapFirst(c, c.tensor(6)) : c.tensor(6);
  if (c.has(7))
    peepholes = c.tensor(7);
  MLIRContext *context = c.b.getContext();
  auto op = graph::LstmOp::create(
      c.b, TypeRange{layer->outputType, layer->stateType, layer->stateType},
      layer->input, layer->weights, layer->recurrence, layer->bias,
      layer->lengths, layer->state, cell, peepholes,
      c.b.getI64IntegerAttr(layer->hidden),
      graph::RecurrentDirectionAttr::get(context, layer->direction),
      c.b.getF64FloatAttr(layer->clip),
      c.integer("input_forget", 0) ? c.b.getUnitAttr() : UnitAttr());
  setResults(c, *layer, op->getResults());
}

void importGru(NodeContext &c) {
  auto layer = readLayer(c, 3, {"Sigmoid", "Tanh"});
  if (!layer)
    return;
  auto op = graph::GruOp::create(
      c.b, TypeRange{layer->outputType, layer->stateType}, layer->input,
      layer->weights, layer->recurrence, layer->bias, layer->lengths,
      layer->state, c.b.getI64IntegerAttr(layer->hidden),
      graph::RecurrentDirectionAttr::get(c.b.getContext(), layer->direction),
      c.b.getF64FloatAttr(layer->clip),
      c.integer("linear_before_reset", 0) ? c.b.getUnitAttr() : UnitAttr());
  setResults(c, *layer, op->getResults());
}

void importRnn(NodeContext &c) {
  bool relu = false;
  if (const NodeAttribute *a = c.find("activations"))
    relu = !a->strings.empty() &&
           StringRef(a->strings.front()).equals_insensitive("Relu");
  auto layer = readLayer(c, 1, {relu ? "Relu" : "Tanh"});
  if (!layer)
    return;
  auto op = graph::RnnOp::create(
      c.b, TypeRange{layer->outputType, layer->stateType}, layer->input,
      layer->weights, layer->recurrence, layer->bias, layer->lengths,
      layer->state, c.b.getI64IntegerAttr(layer->hidden),
      graph::RecurrentDirectionAttr::get(c.b.getContext(), layer->direction),
      c.b.getF64FloatAttr(layer->clip), relu ? c.b.getUnitAttr() : UnitAttr());
  setResults(c, *layer, op->getResults());
}

} // namespace

void raddle::onnx::addRecurrentOps(OpTable &table) {
  const char *limits = "activations other than the default ones (RNN: also "
                       "Relu in all directions)";
  OpRow rows[] = {
      {"LSTM", "f f f f? i? f? f? f?", 3,
       "activation_alpha=fs activation_beta=fs activations=ss clip=f "
       "direction=s hidden_size=i input_forget=i layout=i output_sequence=i",
       importLstm, nullptr, limits},
      {"GRU", "f f f f? i? f?", 2,
       "activation_alpha=fs activation_beta=fs activations=ss clip=f "
       "direction=s hidden_size=i layout=i linear_before_reset=i "
       "output_sequence=i",
       importGru, nullptr, limits},
      {"RNN", "f f f f? i? f?", 2,
       "activation_alpha=fs activation_beta=fs activations=ss clip=f "
       "direction=s hidden_size=i layout=i output_sequence=i",
       importRnn, nullptr, limits},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
