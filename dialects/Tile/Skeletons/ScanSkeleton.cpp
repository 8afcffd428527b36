//===- ScanSkeleton.cpp - Running combinations along an axis --------------===//
//
// A thread walks the axis of one row and carries the running value.
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

namespace {
class ScanSkeleton : public KernelSkeleton {
public:
  StringRef getName() const override { return "scan"; }

  SmallVector<Parameters> enumerate(graph::GroupOp group) const override {
    auto root = cast<graph::CumulativeOp>(group.getRootOp());
    auto type = cast<RankedTensorType>(root.getInput().getType());
    // Few rows are spread over as many blocks as possible.
    int64_t rows = 1;
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (d != int64_t(root.getAxis()))
        rows *= type.isDynamicDim(d) ? 64 : type.getDimSize(d);
    Parameters narrow{{"rows", 32}, {"warps", 1}};
    Parameters wide{{"rows", 128}, {"warps", 4}};
    if (rows < 16384)
      return {narrow, wide};
    return {wide, narrow};
  }

  FailureOr<GroupKernels> build(graph::GroupOp group,
                                const Parameters &parameters, StringRef name,
                                OpBuilder &moduleBuilder) const override {
    auto root = cast<graph::CumulativeOp>(group.getRootOp());
    int64_t warps = getParameter(parameters, "warps", 1);
    int64_t block = getParameter(parameters, "rows", 32);
    KernelBuilder kernel(group, name, warps, moduleBuilder);
    OpBuilder &b = kernel.builder;
    Location loc = kernel.loc;
    LinearLayout layout = LinearLayout::blocked(
        {block}, std::max<int64_t>(1, block / (warps * 32)), warps, {0});
    TileElementBuilder element(kernel, b, {block}, layout);

    Value input = root.getInput();
    auto type = cast<RankedTensorType>(input.getType());
    unsigned axis = root.getAxis();
    SmallVector<Value> parallel;
    for (unsigned d = 0; d < type.getRank(); ++d)
      if (d != axis)
        parallel.push_back(kernel.getExtent(input, d));
    Value total = kernel.product(parallel);
    Value length = kernel.getExtent(input, axis);
    Value blocks =
        arith::CeilDivUIOp::create(b, loc, total, kernel.constant(block));
    Value row =
        element.add(element.mul(kernel.blockId(), element.integer(block)),
                    element.index(0));
    auto known = graph::getConstantIndex(total);
    if (!known || *known % block)
      element.mask = element.compare(arith::CmpIPredicate::slt, row, total);
    Indices at = element.delinearize(row, parallel);
    at.insert(at.begin() + axis, Value());

    Type stored = graph::getKernelElementType(type.getElementType());
    Type running = stored;
    if (auto floating = dyn_cast<FloatType>(stored);
        floating && floating.getWidth() < 32)
      running = b.getF32Type();
    Combiner combiner = getCombiner(root.getKind(), running);
    auto loop = scf::ForOp::create(
        b, loc, kernel.constant(0), length, kernel.constant(1),
        ValueRange{element.fill(combiner.neutral.front())});
    OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
    TileElementBuilder body(kernel, inner, {block}, layout);
    body.mask = element.mask;
    at[axis] = loop.getInductionVar();
    if (root.getReverse())
      at[axis] = body.sub(body.sub(length, body.integer(1)), at[axis]);
    Value value = convertNumber(body, body.evaluate(input, at), running);
    Value before = loop.getRegionIterArg(0);
    Value after = combiner.combine(inner, loc, {before}, {body.full(value)})[0];
    Value result =
        convertNumber(body, root.getExclusive() ? before : after, stored);
    if (failed(storeEpilogue(kernel, body, root.getResult(), at, result)))
      return failure();
    scf::YieldOp::create(inner, loc, after);

    GroupKernels kernels;
    kernels.kernels.push_back(kernel.finish(blocks));
    return kernels;
  }
};
} // namespace

const KernelSkeleton &raddle::tile::getScanSkeleton() {
  static const ScanSkeleton skeleton;
  return skeleton;
}
