//===- ScatterSkeleton.cpp - Elements written by index --------------------===//
//
// Updates are numbered, and the slot that an update goes to is known from its
// indices. The result is first a copy of the input. Of several updates of a
// slot, `replace` keeps the one with the highest number: an integer maximum
// per slot finds it. The other kinds are combined in order of their numbers by
// the first update of the slot, which looks at all later ones. Both are
// deterministic.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Skeletons/KernelBuilder.h"
#include "dialects/Tile/Skeletons/ReductionCombiners.h"
#include "dialects/Tile/Skeletons/SkeletonList.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;
using P = arith::CmpIPredicate;

namespace {
/// What both operations have in common. A *pick* is what an index (of
/// scatter_elements) or a tuple of indices (scatter_nd) selects: a slot of one
/// element, or of a slice.
struct Scatter {
  Operation *root;
  Value input, indices, updates;
  graph::ScatterKind kind;
  bool isNd;
  unsigned axis = 0, depth = 0, numPickDims = 0;
  int64_t numWarps;

  Scatter(Operation *root, int64_t numWarps) : root(root), numWarps(numWarps) {
    input = root->getOperand(0);
    indices = root->getOperand(1);
    updates = root->getOperand(2);
    auto type = cast<RankedTensorType>(indices.getType());
    if (auto elements = dyn_cast<graph::ScatterElementsOp>(root)) {
      isNd = false;
      kind = elements.getKind();
      axis = elements.getAxis();
      numPickDims = type.getRank();
    } else {
      isNd = true;
      kind = cast<graph::ScatterNdOp>(root).getKind();
      depth = type.getShape().back();
      numPickDims = type.getRank() - 1;
    }
  }

  SmallVector<Value> getPickExtents(KernelBuilder &kernel) const {
    SmallVector<Value> result;
    for (unsigned d = 0; d < numPickDims; ++d)
      result.push_back(kernel.getExtent(indices, d));
    return result;
  }

  /// Extents of the slots, and of the slice at each.
  SmallVector<Value> getSlotExtents(KernelBuilder &kernel) const {
    auto all = kernel.getExtents(input);
    if (isNd)
      all.truncate(depth);
    return all;
  }
  SmallVector<Value> getSliceExtents(KernelBuilder &kernel) const {
    auto all = kernel.getExtents(input);
    return isNd ? SmallVector<Value>(llvm::drop_begin(all, depth))
                : SmallVector<Value>();
  }

  /// Position of the pick at `at` among those that may go to its slot.
  Value getNumber(TileElementBuilder &element, KernelBuilder &kernel,
                  ArrayRef<Value> at) const {
    if (!isNd)
      return at[axis];
    return element.linearize(at, getPickExtents(kernel));
  }
  Value countNumbers(KernelBuilder &kernel) const {
    return isNd ? kernel.product(getPickExtents(kernel))
                : kernel.getExtent(indices, axis);
  }

  /// The row-major number of the slot that the pick goes to, -1 when the
  /// indices are outside.
  Value getSlot(TileElementBuilder &element, KernelBuilder &kernel,
                ArrayRef<Value> at) const {
    Value inside;
    auto normalize = [&](Value index, Value extent) {
      Type type = getElementTypeOrSelf(index.getType());
      unsigned bits = type.getIntOrFloatBitWidth();
      if (bits < 32) {
        index = element.castInteger(index, element.builder.getI32Type());
        type = element.builder.getI32Type();
        bits = 32;
      }
      Value size = element.castInteger(extent, type);
      Value zero = element.integer(0, bits);
      index =
          element.select(element.compare(P::slt, index, zero),
                         element.create<arith::AddIOp>({index, size}), index);
      Value within =
          element.create<arith::AndIOp>({element.compare(P::sge, index, zero),
                                         element.compare(P::slt, index, size)});
      inside =
          inside ? element.create<arith::AndIOp>({inside, within}) : within;
      return element.castInteger(index, element.builder.getI32Type());
    };
    Indices slot;
    if (isNd) {
      for (unsigned k = 0; k < depth; ++k) {
        Indices where(at);
        where.push_back(element.integer(k));
        slot.push_back(normalize(element.evaluate(indices, where),
                                 element.extent(input, k)));
      }
    } else {
      slot.assign(at.begin(), at.end());
      slot[axis] =
          normalize(element.evaluate(indices, at), element.extent(input, axis));
    }
    Value result = slot.empty()
                       ? element.integer(0)
                       : element.linearize(slot, getSlotExtents(kernel));
    return inside ? element.select(inside, result, element.integer(-1))
                  : result;
  }
};

/// A kernel with a thread per point of a box of `extents`.
struct PointKernel {
  int64_t blockSize;
  KernelBuilder kernel;
  LinearLayout layout;
  TileElementBuilder element;
  Value total, linear;

  PointKernel(graph::GroupOp group, const Scatter &scatter, const Twine &name,
              OpBuilder &moduleBuilder)
      : blockSize(32 * scatter.numWarps),
        kernel(group, name.str(), scatter.numWarps, moduleBuilder),
        layout(LinearLayout::blocked({blockSize}, 1, scatter.numWarps, {0})),
        element(kernel, kernel.builder, {blockSize}, layout) {}

  void setExtents(ValueRange extents) {
    total = kernel.product(extents);
    linear =
        element.add(element.mul(kernel.blockId(), element.integer(blockSize)),
                    element.index(0));
    auto known = graph::getConstantIndex(total);
    if (!known || *known % blockSize)
      element.mask = element.compare(P::slt, linear, total);
  }
  void restrict(Value condition) {
    element.mask =
        element.mask ? element.create<arith::AndIOp>({element.mask, condition})
                     : condition;
  }
  Value mask() { return element.mask ? element.full(element.mask) : Value(); }
  void store(Value value, Value pointer, Value offset) {
    StoreOp::create(kernel.builder, kernel.loc, element.full(value), pointer,
                    element.full(offset), mask());
  }
  /// An i32 of a buffer that an earlier kernel wrote.
  static Value load(TileElementBuilder &element, Value pointer, Value offset) {
    SmallVector<Value> values{offset};
    if (element.mask)
      values.push_back(element.mask);
    element.unify(values);
    return LoadOp::create(element.builder, element.loc, values[0].getType(),
                          pointer, values[0],
                          element.mask ? values[1] : Value(), Value(),
                          /*invariant=*/false);
  }
  FailureOr<TileKernel> finish(ValueRange scratchBytes = {}) {
    if (element.failed())
      return failure();
    Value blocks = arith::CeilDivUIOp::create(kernel.builder, kernel.loc, total,
                                              kernel.constant(blockSize));
    return kernel.finish(blocks, scratchBytes);
  }
};

class ScatterSkeleton : public KernelSkeleton {
public:
  StringRef getName() const override { return "scatter"; }

  ArrayRef<ParameterInfo> getParameterInfo() const override {
    static constexpr ParameterInfo info[] = {
        {"warps", "warps", "warps of a block; a thread has one point"}};
    return info;
  }

  SmallVector<GroupDim> getDims(graph::GroupOp group) const override {
    return {getTotal("total", group.getRootOp()->getOperand(0)),
            getTotal("updates", group.getRootOp()->getOperand(2))};
  }

  std::string getClass(graph::GroupOp group) const override {
    return graph::stringifyScatterKind(Scatter(group.getRootOp(), 4).kind)
        .str();
  }

  SmallVector<Parameters> enumerate(graph::GroupOp) const override {
    SmallVector<Parameters> result;
    for (int64_t warps : {4, 8, 2, 1})
      result.push_back({{"warps", warps}});
    return result;
  }

  Footprint getFootprint(graph::GroupOp,
                         const Parameters &parameters) const override {
    return {32 * getParameter(parameters, "warps", 4), 0, 40};
  }

  FailureOr<GroupKernels> build(graph::GroupOp group,
                                const Parameters &parameters, StringRef name,
                                OpBuilder &moduleBuilder) const override {
    Scatter scatter(group.getRootOp(), getParameter(parameters, "warps", 4));
    bool replace = scatter.kind == graph::ScatterKind::replace;
    GroupKernels result;
    result.numScratch = 1;
    auto add = [&](FailureOr<TileKernel> kernel) -> LogicalResult {
      if (failed(kernel))
        return failure();
      result.kernels.push_back(*kernel);
      return success();
    };
    if (failed(add(buildCopy(group, scatter, name, moduleBuilder))) ||
        failed(add(buildSlots(group, scatter, name, moduleBuilder))) ||
        failed(add(replace
                       ? buildReplace(group, scatter, name, moduleBuilder)
                       : buildCombine(group, scatter, name, moduleBuilder))))
      return failure();
    return result;
  }

private:
  /// The result becomes the input; the highest number of each slot is none.
  static FailureOr<TileKernel> buildCopy(graph::GroupOp group,
                                         const Scatter &scatter, StringRef name,
                                         OpBuilder &moduleBuilder) {
    PointKernel point(group, scatter, name + "_copy", moduleBuilder);
    KernelBuilder &kernel = point.kernel;
    TileElementBuilder &element = point.element;
    point.setExtents(kernel.getExtents(scatter.input));
    Indices at = element.delinearize(point.linear, scatter.input);
    element.setLinear(at, point.linear, scatter.input);
    element.store(0, element.evaluate(scatter.input, at), at, scatter.input);
    Value count;
    if (scatter.kind == graph::ScatterKind::replace) {
      count = kernel.product(scatter.getSlotExtents(kernel));
      if (scatter.isNd)
        point.restrict(element.compare(P::slt, point.linear, count));
      point.store(element.integer(-1), kernel.getScratchPointer(0),
                  point.linear);
    } else {
      count = kernel.product(scatter.getPickExtents(kernel));
    }
    return point.finish(kernel.product({count, kernel.constant(4)}));
  }

  /// Replace: the highest number of each slot. Else: the slot of each pick.
  static FailureOr<TileKernel> buildSlots(graph::GroupOp group,
                                          const Scatter &scatter,
                                          StringRef name,
                                          OpBuilder &moduleBuilder) {
    PointKernel point(group, scatter, name + "_slots", moduleBuilder);
    KernelBuilder &kernel = point.kernel;
    TileElementBuilder &element = point.element;
    SmallVector<Value> extents = scatter.getPickExtents(kernel);
    point.setExtents(extents);
    Indices at = element.delinearize(point.linear, extents);
    Value slot = scatter.getSlot(element, kernel, at);
    Value scratch = kernel.getScratchPointer(0);
    if (scatter.kind == graph::ScatterKind::replace) {
      point.restrict(element.compare(P::sge, slot, element.integer(0)));
      AtomicOp::create(kernel.builder, kernel.loc, "max",
                       element.full(scatter.getNumber(element, kernel, at)),
                       scratch, element.full(slot), point.mask());
    } else {
      point.store(slot, scratch, point.linear);
    }
    return point.finish();
  }

  static FailureOr<TileKernel> buildReplace(graph::GroupOp group,
                                            const Scatter &scatter,
                                            StringRef name,
                                            OpBuilder &moduleBuilder) {
    PointKernel point(group, scatter, name, moduleBuilder);
    KernelBuilder &kernel = point.kernel;
    TileElementBuilder &element = point.element;
    point.setExtents(kernel.getExtents(scatter.updates));
    Indices at = element.delinearize(point.linear, scatter.updates);
    element.setLinear(at, point.linear, scatter.updates);
    ArrayRef<Value> pick = ArrayRef(at).take_front(scatter.numPickDims);
    Value slot = scatter.getSlot(element, kernel, pick);
    point.restrict(element.compare(P::sge, slot, element.integer(0)));
    Value winner =
        PointKernel::load(element, kernel.getScratchPointer(0), slot);
    point.restrict(element.compare(P::eq, winner,
                                   scatter.getNumber(element, kernel, pick)));
    Value value = element.evaluate(scatter.updates, at);
    point.store(value, kernel.getOutputPointer(0),
                getOffset(scatter, point, slot, at));
    return point.finish();
  }

  static FailureOr<TileKernel> buildCombine(graph::GroupOp group,
                                            const Scatter &scatter,
                                            StringRef name,
                                            OpBuilder &moduleBuilder) {
    PointKernel point(group, scatter, name, moduleBuilder);
    KernelBuilder &kernel = point.kernel;
    OpBuilder &b = kernel.builder;
    Location loc = kernel.loc;
    TileElementBuilder &element = point.element;
    point.setExtents(kernel.getExtents(scatter.updates));
    Indices at = element.delinearize(point.linear, scatter.updates);
    SmallVector<Value> picks = scatter.getPickExtents(kernel);
    ArrayRef<Value> pick = ArrayRef(at).take_front(scatter.numPickDims);
    Value scratch = kernel.getScratchPointer(0);
    Value own =
        PointKernel::load(element, scratch, element.linearize(pick, picks));
    point.restrict(element.compare(P::sge, own, element.integer(0)));
    Value number = scatter.getNumber(element, kernel, pick);

    Type stored = graph::getKernelElementType(
        getElementTypeOrSelf(scatter.input.getType()));
    Type running = stored;
    if (auto floating = dyn_cast<FloatType>(stored);
        floating && floating.getWidth() < 32)
      running = b.getF32Type();
    Combiner combiner = getCombiner(getReduceKind(scatter.kind), running);
    // Where the update goes, as an index of the input.
    Indices target = element.delinearize(element.max(own, element.integer(0)),
                                         scatter.getSlotExtents(kernel));
    target.append(at.begin() + scatter.numPickDims, at.end());
    Value old = element.full(convertNumber(
        element, element.evaluate(scatter.input, target), running));
    Value none = element.fill(b.getBoolAttr(false));
    auto loop = scf::ForOp::create(b, loc, kernel.constant(0),
                                   scatter.countNumbers(kernel),
                                   kernel.constant(1), ValueRange{old, none});
    {
      OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
      TileElementBuilder body(kernel, inner, {point.blockSize}, point.layout);
      body.mask = element.mask;
      Value next = loop.getInductionVar();
      Indices where(at);
      if (scatter.isNd)
        llvm::copy(body.delinearize(next, picks), where.begin());
      else
        where[scatter.axis] = next;
      Value slot = PointKernel::load(
          body, scratch,
          body.linearize(ArrayRef(where).take_front(scatter.numPickDims),
                         picks));
      Value same = body.compare(P::eq, slot, own);
      Value before = body.compare(P::slt, next, number);
      Value earlier = body.create<arith::AndIOp>({same, before});
      Value taken = body.create<arith::AndIOp>(
          {same, body.compare(P::sge, next, number)});
      body.enter(taken);
      Value update = body.evaluate(scatter.updates, where);
      body.leave();
      Value sum = loop.getRegionIterArg(0);
      Value combined = combiner.combine(
          inner, loc, {sum},
          {body.full(convertNumber(body, update, running))})[0];
      sum = body.select(taken, combined, sum);
      Value seen = body.create<arith::OrIOp>(
          {loop.getRegionIterArg(1), body.full(earlier)});
      if (body.failed())
        return failure();
      scf::YieldOp::create(inner, loc, ValueRange{sum, seen});
    }
    // The first update of a slot stores.
    point.restrict(element.create<arith::XOrIOp>(
        {loop.getResult(1), element.integer(1, 1)}));
    point.store(convertNumber(element, loop.getResult(0), stored),
                kernel.getOutputPointer(0), getOffset(scatter, point, own, at));
    return point.finish();
  }

  static graph::ReduceKind getReduceKind(graph::ScatterKind kind) {
    switch (kind) {
    case graph::ScatterKind::mul:
      return graph::ReduceKind::mul;
    case graph::ScatterKind::min:
      return graph::ReduceKind::min;
    case graph::ScatterKind::max:
      return graph::ReduceKind::max;
    default:
      return graph::ReduceKind::add;
    }
  }

  /// Offset in the result of the update element `at` that goes to `slot`.
  static Value getOffset(const Scatter &scatter, PointKernel &point, Value slot,
                         ArrayRef<Value> at) {
    TileElementBuilder &element = point.element;
    SmallVector<Value> slice = scatter.getSliceExtents(point.kernel);
    if (slice.empty())
      return slot;
    return element.add(
        element.mul(slot, point.kernel.product(slice)),
        element.linearize(at.drop_front(scatter.numPickDims), slice));
  }
};
} // namespace

const KernelSkeleton &raddle::tile::getScatterSkeleton() {
  static const ScatterSkeleton skeleton;
  return skeleton;
}
