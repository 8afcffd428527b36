//===- RecurrenceSkeleton.cpp - LSTM, GRU and RNN layers ------------------===//
//
// A first kernel multiplies the inputs of all steps with the input weights. A
// second one walks the time: a block has one sequence of one direction, its
// threads share the products of the state, and the state lies in a buffer of
// two halves, so that a step reads one half and writes the other.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Skeletons/KernelBuilder.h"
#include "dialects/Tile/Skeletons/ReductionCombiners.h"
#include "dialects/Tile/Skeletons/SkeletonList.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;
using P = arith::CmpIPredicate;

namespace {
/// The operands and attributes of the three operations; absent ones are null.
struct Layer {
  Operation *root;
  Value input, weights, recurrence, bias, lengths, state, cell, peepholes;
  int64_t hidden, gates;
  graph::RecurrentDirection direction;
  double clip;
  // Accessors of operations are not const.
  mutable graph::LstmOp lstm;
  mutable graph::GruOp gru;
  mutable graph::RnnOp rnn;

  explicit Layer(Operation *root)
      : root(root), lstm(dyn_cast<graph::LstmOp>(root)),
        gru(dyn_cast<graph::GruOp>(root)), rnn(dyn_cast<graph::RnnOp>(root)) {
    if (lstm) {
      read(lstm);
      gates = 4;
      cell = lstm.getInitialCell();
      peepholes = lstm.getPeepholes();
    } else if (gru) {
      read(gru);
      gates = 3;
    } else {
      read(rnn);
      gates = 1;
    }
  }

  /// The type of the arithmetic and of the state between steps.
  Type getType() const {
    Type element = getElementTypeOrSelf(input.getType());
    return element.isF64() ? element
                           : Type(Float32Type::get(element.getContext()));
  }
  int64_t getNumDirections() const {
    return direction == graph::RecurrentDirection::bidirectional ? 2 : 1;
  }
  /// Whether the reset gate of a GRU is applied to the state, so that a step
  /// takes two rounds of products.
  bool hasTwoRounds() const { return gru && !gru.getLinearBeforeReset(); }

private:
  template <typename OpTy> void read(OpTy op) {
    input = op.getInput();
    weights = op.getWeights();
    recurrence = op.getRecurrence();
    bias = op.getBias();
    lengths = op.getLengths();
    state = op.getInitialState();
    hidden = op.getHidden();
    direction = op.getDirection();
    clip = op.getClip().convertToDouble();
  }
};

/// Vectors of `hidden` elements that a sequence keeps between barriers; the
/// state and the cell are followed by their second halves.
enum Slot : int64_t { stateSlot = 0, cellSlot = 2, resetSlot = 2, updateSlot };

/// Code that both kernels share.
struct LayerKernel {
  const Layer &layer;
  KernelBuilder kernel;
  OpBuilder &b;
  Location loc;
  int64_t rows, columns;
  LinearLayout layout;
  Type type;
  Value time, batch, hidden;

  LayerKernel(graph::GroupOp group, const Layer &layer,
              const Parameters &parameters, const Twine &name,
              OpBuilder &moduleBuilder)
      : layer(layer),
        kernel(group, name.str(), getParameter(parameters, "warps", 4),
               moduleBuilder),
        b(kernel.builder), loc(kernel.loc),
        rows(getParameter(parameters, "rows", 32)),
        columns(getParameter(parameters, "columns", 32)),
        layout(
            LinearLayout::blocked({rows, columns}, 4, kernel.numWarps, {1, 0})),
        type(layer.getType()) {
    time = kernel.getExtent(layer.input, 0);
    batch = kernel.getExtent(layer.input, 1);
    hidden = kernel.constant(layer.hidden);
  }

  TileElementBuilder scalars() {
    return TileElementBuilder(kernel, b, {1, 1}, layout.dropDim(0).dropDim(1));
  }
  /// A column of hidden units from `first` on.
  TileElementBuilder units(Value first, Value &unit) {
    TileElementBuilder element(kernel, b, {rows, 1}, layout.dropDim(1));
    unit = element.add(first, element.index(0));
    if (layer.hidden % rows)
      element.mask = element.compare(P::slt, unit, hidden);
    return element;
  }

  void forRange(Value lower, Value upper, Value step,
                function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, loc, lower, upper, step);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }
  void forRange(Value upper, int64_t step, function_ref<void(Value)> body) {
    auto known = graph::getConstantIndex(upper);
    if (known && *known > 0 && *known <= step)
      return body(kernel.constant(0));
    forRange(kernel.constant(0), upper, kernel.constant(step), body);
  }

  Value number(TileElementBuilder &element, double value) {
    return element.number(value, type);
  }
  /// An operand's element in the layer's type; 0 without the operand.
  Value read(TileElementBuilder &element, Value tensor, ArrayRef<Value> at) {
    if (!tensor)
      return number(element, 0);
    return convertNumber(element, element.evaluate(tensor, at), type);
  }

  /// Products of the rows `unit` of some gates of `matrix` (`[dirs, gates *
  /// hidden, length]`) with a vector. One column per gate.
  SmallVector<Value>
  multiply(Value matrix, ArrayRef<int64_t> gates, Value dir, Value first,
           Value length,
           function_ref<Value(TileElementBuilder &, Value)> vector) {
    SmallVector<Value> sums;
    {
      TileElementBuilder whole(kernel, b, {rows, columns}, layout);
      sums.assign(gates.size(), whole.fill(b.getFloatAttr(type, 0)));
    }
    auto loop = scf::ForOp::create(b, loc, kernel.constant(0), length,
                                   kernel.constant(columns), sums);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      TileElementBuilder body(kernel, b, {rows, columns}, layout);
      Value k = body.add(loop.getInductionVar(), body.index(1));
      Value unit = body.add(first, body.index(0));
      auto known = graph::getConstantIndex(length);
      Value inRow;
      if (!known || *known % columns)
        body.mask = inRow = body.compare(P::slt, k, length);
      Value x = vector(body, k);
      if (layer.hidden % rows) {
        Value inside = body.compare(P::slt, unit, hidden);
        body.mask =
            inRow ? body.create<arith::AndIOp>({inRow, inside}) : inside;
      }
      SmallVector<Value> next;
      for (auto [gate, sum] : llvm::zip(gates, loop.getRegionIterArgs())) {
        Value row = body.add(body.integer(gate * layer.hidden), unit);
        Value w = read(body, matrix, {dir, row, k});
        Value product = body.create<math::FmaOp>({w, x, sum});
        next.push_back(inRow ? body.select(inRow, product, sum) : product);
      }
      failed |= body.failed();
      scf::YieldOp::create(b, loc, next);
    }
    Combiner combiner = getCombiner(graph::ReduceKind::add, type);
    SmallVector<Value> result;
    for (Value sum : loop.getResults()) {
      auto reduce = ReduceOp::create(
          b, loc, TypeRange{getTileType({rows, 1}, type, layout.dropDim(1))}, 1,
          ValueRange{sum});
      OpBuilder::InsertionGuard guard(b);
      Block *block = b.createBlock(&reduce.getCombiner(), {},
                                   TypeRange{type, type}, {loc, loc});
      YieldOp::create(b, loc,
                      combiner.combine(b, loc, {block->getArgument(0)},
                                       {block->getArgument(1)}));
      result.push_back(reduce.getResult(0));
    }
    return result;
  }

  Value loadFrom(TileElementBuilder &element, unsigned scratch, Value offset) {
    SmallVector<Value> values{offset};
    if (element.mask)
      values.push_back(element.mask);
    element.unify(values);
    return LoadOp::create(element.builder, loc,
                          element.withElementType(values[0].getType(), type),
                          kernel.getScratchPointer(scratch), values[0],
                          element.mask ? values[1] : Value(), Value(),
                          /*invariant=*/false);
  }
  void storeTo(TileElementBuilder &element, unsigned scratch, Value offset,
               Value value) {
    StoreOp::create(b, loc, element.full(value),
                    kernel.getScratchPointer(scratch), element.full(offset),
                    element.mask ? element.full(element.mask) : Value());
  }
  /// Offset of the input's product for a gate and unit of a step.
  Value productOffset(TileElementBuilder &element, Value t, Value row,
                      Value dir, int64_t gate, Value unit) {
    return element.linearize({t, row, dir, element.integer(gate), unit},
                             {time, batch,
                              element.integer(layer.getNumDirections()),
                              element.integer(layer.gates), hidden});
  }

  bool failed = false;
};

/// The products of all inputs, with the input's bias.
FailureOr<TileKernel> buildInputProducts(graph::GroupOp group,
                                         const Layer &layer,
                                         const Parameters &parameters,
                                         StringRef name,
                                         OpBuilder &moduleBuilder) {
  LayerKernel code(group, layer, parameters, name + "_input", moduleBuilder);
  KernelBuilder &kernel = code.kernel;
  int64_t parts = llvm::divideCeil(layer.hidden, code.rows);
  int64_t dirs = layer.getNumDirections();
  Value blocks =
      kernel.product({code.time, code.batch, kernel.constant(dirs * parts)});
  TileElementBuilder scalar = code.scalars();
  Indices at = scalar.delinearize(
      kernel.blockId(),
      {code.time, code.batch, kernel.constant(dirs), kernel.constant(parts)});
  Value dir = at[2];
  Value first = scalar.mul(at[3], scalar.integer(code.rows));
  auto gates = llvm::to_vector(llvm::seq<int64_t>(0, layer.gates));
  auto products = code.multiply(
      layer.weights, gates, dir, first, kernel.getExtent(layer.input, 2),
      [&](TileElementBuilder &element, Value k) {
        return code.read(element, layer.input, {at[0], at[1], k});
      });
  Value unit;
  TileElementBuilder element = code.units(first, unit);
  for (auto [gate, product] : llvm::enumerate(products)) {
    Value row = element.add(element.integer(gate * layer.hidden), unit);
    Value sum = element.create<arith::AddFOp>(
        {product, code.read(element, layer.bias, {dir, row})});
    code.storeTo(element, 0,
                 code.productOffset(element, at[0], at[1], dir, gate, unit),
                 sum);
  }
  if (code.failed || element.failed())
    return failure();
  int64_t bytes = code.type.getIntOrFloatBitWidth() / 8;
  int64_t perSequence = (layer.hasTwoRounds() || layer.lstm ? 4 : 2);
  Value productBytes = kernel.product(
      {code.time, code.batch,
       kernel.constant(dirs * layer.gates * layer.hidden * bytes)});
  Value stateBytes = kernel.product(
      {code.batch, kernel.constant(dirs * perSequence * layer.hidden * bytes)});
  return kernel.finish(blocks, {productBytes, stateBytes});
}

/// The walk over the time.
class StepsBuilder {
public:
  StepsBuilder(graph::GroupOp group, const Layer &layer,
               const Parameters &parameters, StringRef name,
               OpBuilder &moduleBuilder)
      : layer(layer), code(group, layer, parameters, name, moduleBuilder),
        kernel(code.kernel), b(code.b), loc(code.loc) {}

  FailureOr<TileKernel> build();

private:
  void step(Value i, Value length);
  void storeOutput(TileElementBuilder &element, unsigned result, Value value,
                   ArrayRef<Value> at);
  void forUnits(function_ref<void(Value first)> body) {
    code.forRange(code.hidden, code.rows, body);
  }
  void barrier() { BarrierOp::create(b, loc); }

  Value slotOffset(TileElementBuilder &element, int64_t slot, Value half,
                   Value unit) {
    Value number = element.integer(slot);
    if (half)
      number = element.add(number, half);
    return element.add(
        element.mul(element.add(element.mul(number, sequences), sequence),
                    code.hidden),
        unit);
  }
  Value load(TileElementBuilder &element, int64_t slot, Value half,
             Value unit) {
    return code.loadFrom(element, 1, slotOffset(element, slot, half, unit));
  }
  void store(TileElementBuilder &element, int64_t slot, Value half, Value unit,
             Value value) {
    code.storeTo(element, 1, slotOffset(element, slot, half, unit), value);
  }

  Value limit(TileElementBuilder &element, Value x) {
    if (!(layer.clip > 0))
      return x;
    x = element.create<arith::MaximumFOp>(
        {x, code.number(element, -layer.clip)});
    return element.create<arith::MinimumFOp>(
        {x, code.number(element, layer.clip)});
  }
  Value sigmoid(TileElementBuilder &element, Value x) {
    Value minus = element.create<arith::NegFOp>({limit(element, x)});
    Value power = element.create<math::ExpOp>({minus});
    Value one = code.number(element, 1);
    return element.create<arith::DivFOp>(
        {one, element.create<arith::AddFOp>({one, power})});
  }
  Value tanh(TileElementBuilder &element, Value x) {
    return element.create<math::TanhOp>({limit(element, x)});
  }
  Value add(TileElementBuilder &element, Value x, Value y) {
    return element.create<arith::AddFOp>({x, y});
  }
  Value mul(TileElementBuilder &element, Value x, Value y) {
    return element.create<arith::MulFOp>({x, y});
  }
  /// `a x + (1 - a) y`
  Value blend(TileElementBuilder &element, Value a, Value x, Value y) {
    Value rest = element.create<arith::SubFOp>({code.number(element, 1), a});
    return add(element, mul(element, rest, y), mul(element, a, x));
  }

  /// The input's product of a gate.
  Value inputOf(TileElementBuilder &element, int64_t gate, Value unit) {
    return code.loadFrom(element, 0,
                         code.productOffset(element, at, row, dir, gate, unit));
  }
  /// The state's bias of a gate.
  Value biasOf(TileElementBuilder &element, int64_t gate, Value unit) {
    return code.read(
        element, layer.bias,
        {dir, element.add(element.integer((layer.gates + gate) * layer.hidden),
                          unit)});
  }
  /// Products of the vector in `slot`, with the state's bias.
  SmallVector<Value> recur(ArrayRef<int64_t> gates, Value first, int64_t slot,
                           Value half) {
    auto products =
        code.multiply(layer.recurrence, gates, dir, first, code.hidden,
                      [&](TileElementBuilder &element, Value k) {
                        return load(element, slot, half, k);
                      });
    Value unit;
    TileElementBuilder element = code.units(first, unit);
    for (auto [gate, product] : llvm::zip(gates, products))
      product = add(element, product, biasOf(element, gate, unit));
    code.failed |= element.failed();
    return products;
  }

  const Layer &layer;
  LayerKernel code;
  KernelBuilder &kernel;
  OpBuilder &b;
  Location loc;
  // The block's sequence and direction; the step at hand and its halves.
  Value sequence, sequences, dir, row, at, now, next;
};

FailureOr<TileKernel> StepsBuilder::build() {
  int64_t dirs = layer.getNumDirections();
  sequences = kernel.product({code.batch, kernel.constant(dirs)});
  sequence = kernel.blockId();
  TileElementBuilder scalar = code.scalars();
  dir = dirs == 1 ? kernel.constant(0) : scalar.div(sequence, code.batch);
  row = dirs == 1 ? sequence : scalar.rem(sequence, code.batch);
  Value length = code.time;
  if (layer.lengths) {
    length = scalar.castInteger(scalar.evaluate(layer.lengths, {row}),
                                b.getI32Type());
    length = scalar.max(scalar.min(length, code.time), scalar.integer(0));
  }
  forUnits([&](Value first) {
    Value unit;
    TileElementBuilder element = code.units(first, unit);
    Value zero = kernel.constant(0);
    store(element, stateSlot, zero, unit,
          code.read(element, layer.state, {dir, row, unit}));
    if (layer.lstm)
      store(element, cellSlot, zero, unit,
            code.read(element, layer.cell, {dir, row, unit}));
    code.failed |= element.failed();
  });
  barrier();
  code.forRange(kernel.constant(0), length, kernel.constant(1),
                [&](Value i) { step(i, length); });
  // Steps behind the end of the sequence, and the last state.
  if (layer.lengths)
    code.forRange(length, code.time, kernel.constant(1), [&](Value t) {
      forUnits([&](Value first) {
        Value unit;
        TileElementBuilder element = code.units(first, unit);
        storeOutput(element, 0, code.number(element, 0), {t, dir, row, unit});
      });
    });
  Value half = arith::AndIOp::create(b, loc, length, kernel.constant(1));
  forUnits([&](Value first) {
    Value unit;
    TileElementBuilder element = code.units(first, unit);
    storeOutput(element, 1, load(element, stateSlot, half, unit),
                {dir, row, unit});
    if (layer.lstm)
      storeOutput(element, 2, load(element, cellSlot, half, unit),
                  {dir, row, unit});
  });
  if (code.failed || scalar.failed())
    return failure();
  return kernel.finish(sequences);
}

void StepsBuilder::storeOutput(TileElementBuilder &element, unsigned result,
                               Value value, ArrayRef<Value> where) {
  Value tensor = layer.root->getResult(result);
  value = convertNumber(element, value, getElementTypeOrSelf(tensor));
  for (auto [i, output] :
       llvm::enumerate(kernel.group.getTerminator()->getOperands()))
    if (output == tensor)
      element.store(i, value, where, tensor);
}

void StepsBuilder::step(Value i, Value length) {
  {
    TileElementBuilder scalar = code.scalars();
    Value last = scalar.sub(scalar.sub(length, scalar.integer(1)), i);
    at = layer.direction == graph::RecurrentDirection::forward ? i
         : layer.direction == graph::RecurrentDirection::reverse
             ? last
             : scalar.select(scalar.compare(P::eq, dir, scalar.integer(1)),
                             last, i);
    now = scalar.create<arith::AndIOp>({i, scalar.integer(1)});
    next = scalar.sub(scalar.integer(1), now);
  }
  if (layer.hasTwoRounds()) {
    forUnits([&](Value first) {
      auto products = recur({0, 1}, first, stateSlot, now);
      Value unit;
      TileElementBuilder element = code.units(first, unit);
      Value update = sigmoid(
          element, add(element, inputOf(element, 0, unit), products[0]));
      Value reset = sigmoid(
          element, add(element, inputOf(element, 1, unit), products[1]));
      store(element, updateSlot, Value(), unit, update);
      store(element, resetSlot, Value(), unit,
            mul(element, reset, load(element, stateSlot, now, unit)));
    });
    barrier();
  }
  forUnits([&](Value first) {
    SmallVector<int64_t> gates;
    if (layer.hasTwoRounds())
      gates.push_back(2);
    else
      gates.append(llvm::to_vector(llvm::seq<int64_t>(0, layer.gates)));
    auto products =
        recur(gates, first, layer.hasTwoRounds() ? resetSlot : stateSlot,
              layer.hasTwoRounds() ? Value() : now);
    Value unit;
    TileElementBuilder element = code.units(first, unit);
    auto gate = [&](int64_t g) {
      return add(element, inputOf(element, g, unit), products[g]);
    };
    Value state;
    if (layer.lstm) {
      Value old = load(element, cellSlot, now, unit);
      auto peep = [&](int64_t g, Value sum, Value cell) {
        if (!layer.peepholes)
          return sum;
        Value weight = code.read(
            element, layer.peepholes,
            {dir, element.add(element.integer(g * layer.hidden), unit)});
        return add(element, sum, mul(element, weight, cell));
      };
      Value in = sigmoid(element, peep(0, gate(0), old));
      Value candidate = tanh(element, gate(3));
      Value cell;
      if (layer.lstm.getInputForget()) {
        cell = blend(element, in, candidate, old);
      } else {
        Value forget = sigmoid(element, peep(2, gate(2), old));
        cell = add(element, mul(element, forget, old),
                   mul(element, in, candidate));
      }
      store(element, cellSlot, next, unit, cell);
      Value out = sigmoid(element, peep(1, gate(1), cell));
      state = mul(element, out, tanh(element, cell));
    } else if (layer.gru) {
      Value update, product;
      if (layer.hasTwoRounds()) {
        update = load(element, updateSlot, Value(), unit);
        product = products[0];
      } else {
        update = sigmoid(element, gate(0));
        product = mul(element, sigmoid(element, gate(1)), products[2]);
      }
      Value candidate =
          tanh(element, add(element, inputOf(element, 2, unit), product));
      state = blend(element, update, load(element, stateSlot, now, unit),
                    candidate);
    } else if (layer.rnn.getRelu()) {
      state = element.create<arith::MaximumFOp>(
          {limit(element, gate(0)), code.number(element, 0)});
    } else {
      state = tanh(element, gate(0));
    }
    store(element, stateSlot, next, unit, state);
    storeOutput(element, 0, state, {at, dir, row, unit});
    code.failed |= element.failed();
  });
  barrier();
}

class RecurrenceSkeleton : public KernelSkeleton {
public:
  StringRef getName() const override { return "recurrence"; }

  ArrayRef<ParameterInfo> getParameterInfo() const override {
    static constexpr ParameterInfo info[] = {
        {"rows", "units", "hidden units of a step of a product"},
        {"columns", "elements", "elements of the vector per step"},
        {"warps", "warps", "warps of a block"}};
    return info;
  }

  SmallVector<GroupDim> getDims(graph::GroupOp group) const override {
    Layer layer(group.getRootOp());
    GroupDim hidden{"hidden", {}};
    hidden.factor = layer.hidden;
    return {{"batch", {{layer.input, 1}}},
            {"time", {{layer.input, 0}}},
            {"size", {{layer.input, 2}}},
            hidden};
  }

  std::string getClass(graph::GroupOp group) const override {
    return group.getRootOp()->getName().stripDialect().str();
  }

  SmallVector<Parameters> enumerate(graph::GroupOp group) const override {
    Layer layer(group.getRootOp());
    SmallVector<Parameters> result;
    auto add = [&](int64_t rows, int64_t columns, int64_t warps) {
      Parameters parameters{
          {"rows", rows}, {"columns", columns}, {"warps", warps}};
      if (!llvm::is_contained(result, parameters))
        result.push_back(parameters);
    };
    if (layer.hidden <= 16)
      add(16, 16, 2);
    else
      add(32, 32, 8);
    for (int64_t rows : {16, 32, 64, 128})
      for (int64_t columns : {16, 32, 64, 128})
        for (int64_t warps : {2, 4, 8, 16})
          if (rows <= std::max<int64_t>(16, ceilPowerOf2(layer.hidden)) &&
              rows * columns >= 128 * warps && rows * columns <= 512 * warps)
            add(rows, columns, warps);
    return result;
  }

  Footprint getFootprint(graph::GroupOp group,
                         const Parameters &parameters) const override {
    Layer layer(group.getRootOp());
    int64_t warps = getParameter(parameters, "warps", 4);
    int64_t rows = getParameter(parameters, "rows", 32);
    int64_t perThread =
        rows * getParameter(parameters, "columns", 32) / (32 * warps);
    int64_t words = layer.getType().isF64() ? 2 : 1;
    // Sums of the gates, one set of partial sums per warp on the way.
    return {32 * warps, warps * 32 * rows * 4 * words,
            48 + words * (layer.gates + 1) * perThread};
  }

  FailureOr<GroupKernels> build(graph::GroupOp group,
                                const Parameters &parameters, StringRef name,
                                OpBuilder &moduleBuilder) const override {
    Layer layer(group.getRootOp());
    FailureOr<TileKernel> input =
        buildInputProducts(group, layer, parameters, name, moduleBuilder);
    if (failed(input))
      return failure();
    FailureOr<TileKernel> steps =
        StepsBuilder(group, layer, parameters, name, moduleBuilder).build();
    if (failed(steps))
      return failure();
    GroupKernels result;
    result.numScratch = 2;
    result.kernels = {*input, *steps};
    return result;
  }
};
} // namespace

const KernelSkeleton &raddle::tile::getRecurrenceSkeleton() {
  static const RecurrenceSkeleton skeleton;
  return skeleton;
}
