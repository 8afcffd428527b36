//===- ScanSkeleton.cpp - Running combinations along an axis --------------===//
//
// With many rows, a thread walks the axis of one row and carries the running
// value. With few, the threads of a block take one segment each of a row: they
// combine their segments, exchange the results, and walk their segments again
// from where the segments before them end. Sums are taken in the same order in
// every run.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Skeletons/ContractionDomain.h"
#include "dialects/Tile/Skeletons/KernelBuilder.h"
#include "dialects/Tile/Skeletons/ReductionCombiners.h"
#include "dialects/Tile/Skeletons/SkeletonList.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;
using P = arith::CmpIPredicate;

namespace {
/// What both forms share.
struct Scan {
  graph::CumulativeOp root;
  KernelBuilder kernel;
  OpBuilder &b;
  Location loc;
  Value input, length, numRows;
  SmallVector<Value> parallel;
  Type stored, running;
  Combiner combiner;

  Scan(graph::GroupOp group, StringRef name, unsigned warps,
       OpBuilder &moduleBuilder)
      : root(cast<graph::CumulativeOp>(group.getRootOp())),
        kernel(group, name, warps, moduleBuilder), b(kernel.builder),
        loc(kernel.loc), input(root.getInput()) {
    auto type = cast<RankedTensorType>(input.getType());
    for (unsigned d = 0; d < type.getRank(); ++d)
      if (d != root.getAxis())
        parallel.push_back(kernel.getExtent(input, d));
    numRows = kernel.product(parallel);
    length = kernel.getExtent(input, root.getAxis());
    running = stored = graph::getKernelElementType(type.getElementType());
    if (auto floating = dyn_cast<FloatType>(stored);
        floating && floating.getWidth() < 32)
      running = b.getF32Type();
    combiner = getCombiner(root.getKind(), running);
  }

  /// The element that is number `step` of `row` in the order of the scan.
  Indices locate(TileElementBuilder &element, Value row, Value step) {
    Indices at = element.delinearize(row, parallel);
    if (root.getReverse())
      step = element.sub(element.sub(length, element.integer(1)), step);
    at.insert(at.begin() + root.getAxis(), step);
    return at;
  }
  Value read(TileElementBuilder &element, ArrayRef<Value> at) {
    return element.full(
        convertNumber(element, element.evaluate(input, at), running));
  }
  Value combine(OpBuilder &builder, Value before, Value value) {
    return combiner.combine(builder, loc, {before}, {value})[0];
  }
  LogicalResult store(TileElementBuilder &element, ArrayRef<Value> at,
                      Value before, Value after) {
    Value result =
        convertNumber(element, root.getExclusive() ? before : after, stored);
    return storeEpilogue(kernel, element, root.getResult(), at, result);
  }
  static void restrict(TileElementBuilder &element, Value condition) {
    element.mask =
        element.mask ? element.create<arith::AndIOp>({element.mask, condition})
                     : condition;
  }
};

class ScanSkeleton : public KernelSkeleton {
public:
  StringRef getName() const override { return "scan"; }

  ArrayRef<ParameterInfo> getParameterInfo() const override {
    static constexpr ParameterInfo info[] = {
        {"rows", "rows", "rows of a block, each walked by one thread"},
        {"segments", "segments",
         "parts of a row that threads walk side by side; 1: whole rows"},
        {"warps", "warps", "warps of a block"}};
    return info;
  }

  SmallVector<GroupDim> getDims(graph::GroupOp group) const override {
    auto root = cast<graph::CumulativeOp>(group.getRootOp());
    GroupDim length{"length", {{root.getInput(), root.getAxis()}}};
    GroupDim rows{"rows", {}};
    for (int64_t d = 0; d < root.getInput().getType().getRank(); ++d)
      if (d != int64_t(root.getAxis()))
        rows.extents.push_back({root.getInput(), d});
    return {length, rows};
  }

  std::string getClass(graph::GroupOp group) const override {
    auto root = cast<graph::CumulativeOp>(group.getRootOp());
    return graph::stringifyReduceKind(root.getKind()).str();
  }

  SmallVector<Parameters> enumerate(graph::GroupOp group) const override {
    SmallVector<GroupDim> dims = getDims(group);
    auto assume = [](const GroupDim &dim) {
      int64_t product = 1;
      for (auto [tensor, d] : dim.extents) {
        auto type = cast<RankedTensorType>(tensor.getType());
        product *= type.isDynamicDim(d) ? 256 : type.getDimSize(d);
      }
      return product;
    };
    int64_t length = assume(dims[0]), rows = assume(dims[1]);
    // The default: few rows are spread over as many threads and blocks as
    // possible.
    SmallVector<Parameters> result;
    auto add = [&](int64_t rows, int64_t segments, int64_t warps) {
      Parameters parameters{
          {"rows", rows}, {"segments", segments}, {"warps", warps}};
      if (!llvm::is_contained(result, parameters))
        result.push_back(parameters);
    };
    if (length >= 128 && rows < 4096)
      add(1, 64, 2);
    else if (rows < 16384)
      add(32, 1, 1);
    else
      add(128, 1, 4);
    for (int64_t warps : {1, 2, 4, 8})
      for (int64_t perThread : {1, 2, 4})
        add(32 * warps * perThread, 1, warps);
    for (int64_t segments : {32, 64, 128})
      add(1, segments, segments / 32);
    return result;
  }

  Footprint getFootprint(graph::GroupOp group,
                         const Parameters &parameters) const override {
    int64_t warps = getParameter(parameters, "warps", 1);
    int64_t segments = getParameter(parameters, "segments", 1);
    int64_t perThread =
        segments > 1 ? segments * segments / (32 * warps)
                     : getParameter(parameters, "rows", 32) / (32 * warps);
    return {32 * warps, segments > 1 ? warps * 32 * segments * 8 : 0,
            40 + 2 * perThread};
  }

  FailureOr<GroupKernels> build(graph::GroupOp group,
                                const Parameters &parameters, StringRef name,
                                OpBuilder &moduleBuilder) const override {
    Scan scan(group, name, getParameter(parameters, "warps", 1), moduleBuilder);
    int64_t segments = getParameter(parameters, "segments", 1);
    if (segments > 1)
      return buildSegments(scan, segments);
    return buildRows(scan, getParameter(parameters, "rows", 32));
  }

private:
  static FailureOr<GroupKernels> buildRows(Scan &scan, int64_t block) {
    KernelBuilder &kernel = scan.kernel;
    OpBuilder &b = scan.b;
    LinearLayout layout = LinearLayout::blocked(
        {block}, std::max<int64_t>(1, block / (kernel.numWarps * 32)),
        kernel.numWarps, {0});
    TileElementBuilder element(kernel, b, {block}, layout);
    Value blocks = arith::CeilDivUIOp::create(b, scan.loc, scan.numRows,
                                              kernel.constant(block));
    Value row =
        element.add(element.mul(kernel.blockId(), element.integer(block)),
                    element.index(0));
    auto known = graph::getConstantIndex(scan.numRows);
    if (!known || *known % block)
      element.mask = element.compare(P::slt, row, scan.numRows);
    auto loop = scf::ForOp::create(
        b, scan.loc, kernel.constant(0), scan.length, kernel.constant(1),
        ValueRange{element.fill(scan.combiner.neutral.front())});
    OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
    TileElementBuilder body(kernel, inner, {block}, layout);
    body.mask = element.mask;
    Indices at = scan.locate(body, row, loop.getInductionVar());
    Value before = loop.getRegionIterArg(0);
    Value after = scan.combine(inner, before, scan.read(body, at));
    if (failed(scan.store(body, at, before, after)))
      return failure();
    scf::YieldOp::create(inner, scan.loc, after);

    GroupKernels kernels;
    kernels.kernels.push_back(kernel.finish(blocks));
    return kernels;
  }

  static FailureOr<GroupKernels> buildSegments(Scan &scan, int64_t segments) {
    KernelBuilder &kernel = scan.kernel;
    OpBuilder &b = scan.b;
    Location loc = scan.loc;
    LinearLayout layout =
        LinearLayout::blocked({segments}, 1, kernel.numWarps, {0});
    TileElementBuilder element(kernel, b, {segments}, layout);
    Value row = kernel.blockId();
    Value size = arith::CeilDivUIOp::create(b, loc, scan.length,
                                            kernel.constant(segments));
    Value first = element.mul(element.index(0), size);

    // Walks all segments together; gives what `step` yields last.
    bool failedAny = false;
    auto walk = [&](Value start,
                    function_ref<Value(OpBuilder &, TileElementBuilder &,
                                       ArrayRef<Value>, Value)>
                        step) {
      auto loop = scf::ForOp::create(b, loc, kernel.constant(0), size,
                                     kernel.constant(1), ValueRange{start});
      OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
      TileElementBuilder body(kernel, inner, {segments}, layout);
      Value position = body.add(first, loop.getInductionVar());
      body.mask = body.compare(P::slt, position, scan.length);
      Indices at = scan.locate(body, row, position);
      Value before = loop.getRegionIterArg(0);
      Value after = step(inner, body, at, before);
      failedAny |= body.failed();
      scf::YieldOp::create(inner, loc, body.select(body.mask, after, before));
      return loop.getResult(0);
    };
    Value neutral = element.fill(scan.combiner.neutral.front());
    Value sums = walk(neutral, [&](OpBuilder &inner, TileElementBuilder &body,
                                   ArrayRef<Value> at, Value before) {
      return scan.combine(inner, before, scan.read(body, at));
    });

    // What the segments before each one combine to. They are exchanged through
    // memory: a tile of [segments, segments] has all of them in every row.
    Value scratch = kernel.getScratchPointer(0);
    Value own = element.add(element.mul(row, element.integer(segments)),
                            element.index(0));
    StoreOp::create(b, loc, sums, scratch, element.full(own), Value());
    BarrierOp::create(b, loc);
    LinearLayout square =
        LinearLayout::blocked({segments, segments}, 1, kernel.numWarps, {0, 1});
    TileElementBuilder pairs(kernel, b, {segments, segments}, square);
    Value other = pairs.index(1);
    Value offset = pairs.add(pairs.mul(row, pairs.integer(segments)), other);
    Value others = LoadOp::create(
        b, loc, pairs.withElementType(offset.getType(), scan.running), scratch,
        offset, Value(), Value(), /*invariant=*/false);
    Value earlier = pairs.full(pairs.select(
        pairs.compare(P::slt, other, pairs.index(0)), others,
        arith::ConstantOp::create(b, loc, scan.combiner.neutral.front())));
    Type type = scan.running;
    auto reduce = ReduceOp::create(
        b, loc, TypeRange{getTileType({segments, 1}, type, square.dropDim(1))},
        1, ValueRange{earlier});
    {
      OpBuilder::InsertionGuard guard(b);
      Block *block = b.createBlock(&reduce.getCombiner(), {},
                                   TypeRange{type, type}, {loc, loc});
      YieldOp::create(
          b, loc,
          scan.combine(b, block->getArgument(0), block->getArgument(1)));
    }
    // Every thread has its segment's value already: dim 0 comes first in both
    // layouts.
    Value start = ReshapeOp::create(
        b, loc, getTileType({segments}, type, dropLast(square)),
        reduce.getResult(0));
    if (start.getType() != sums.getType())
      start = ConvertOp::create(b, loc, sums.getType(), start);
    walk(start, [&](OpBuilder &inner, TileElementBuilder &body,
                    ArrayRef<Value> at, Value before) {
      Value after = scan.combine(inner, before, scan.read(body, at));
      failedAny |= failed(scan.store(body, at, before, after));
      return after;
    });
    if (failedAny)
      return failure();

    GroupKernels kernels;
    kernels.numScratch = 1;
    int64_t bytes = std::max(1u, type.getIntOrFloatBitWidth() / 8);
    Value scratchBytes =
        kernel.product({scan.numRows, kernel.constant(segments * bytes)});
    kernels.kernels.push_back(kernel.finish(scan.numRows, scratchBytes));
    return kernels;
  }

  /// The layout of dim 0 alone, without the registers of dim 1.
  static LinearLayout dropLast(const LinearLayout &layout) {
    LinearLayout result = layout;
    result.rank = 1;
    for (auto *bases : {&result.registers, &result.lanes, &result.warps})
      for (Basis &basis : *bases)
        basis.truncate(1);
    return result;
  }
};
} // namespace

const KernelSkeleton &raddle::tile::getScanSkeleton() {
  static const ScanSkeleton skeleton;
  return skeleton;
}
