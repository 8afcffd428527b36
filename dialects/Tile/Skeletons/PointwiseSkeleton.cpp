//===- PointwiseSkeleton.cpp - One thread per few elements ----------------===//

#include "dialects/Tile/Skeletons/KernelBuilder.h"
#include "dialects/Tile/Skeletons/SkeletonList.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

namespace {
/// All outputs have the same number of elements in row-major order; a block
/// computes a run of them.
class PointwiseSkeleton : public KernelSkeleton {
public:
  StringRef getName() const override { return "pointwise"; }

  SmallVector<Parameters> enumerate(graph::GroupOp group) const override {
    // 16 bytes per thread and access.
    unsigned bytes = 1;
    for (Value output : group.getTerminator()->getOperands())
      bytes = std::max<unsigned>(
          bytes,
          std::max(1u, graph::getKernelElementType(getElementTypeOrSelf(output))
                               .getIntOrFloatBitWidth() /
                           8));
    SmallVector<Parameters> result;
    for (int64_t vector : {16 / int64_t(bytes), int64_t(1), int64_t(2)})
      for (int64_t warps : {4, 8, 2})
        result.push_back({{"vector", vector}, {"warps", warps}});
    return result;
  }

  FailureOr<GroupKernels> build(graph::GroupOp group,
                                const Parameters &parameters, StringRef name,
                                OpBuilder &moduleBuilder) const override {
    int64_t vector = getParameter(parameters, "vector", 4);
    int64_t warps = getParameter(parameters, "warps", 4);
    int64_t block = vector * warps * 32;
    KernelBuilder kernel(group, name, warps, moduleBuilder);
    OpBuilder &b = kernel.builder;
    LinearLayout layout = LinearLayout::blocked({block}, vector, warps, {0});
    TileElementBuilder element(kernel, b, {block}, layout);

    Value first = group.getTerminator()->getOperand(0);
    Value total = kernel.product(kernel.getExtents(first));
    Value start = element.mul(kernel.blockId(), element.integer(block));
    Value linear = element.add(start, element.index(0));
    auto known = graph::getConstantIndex(total);
    if (!known || *known % block)
      element.mask = element.compare(arith::CmpIPredicate::slt, linear, total);
    for (auto [number, output] :
         llvm::enumerate(group.getTerminator()->getOperands())) {
      SmallVector<Value> indices = element.delinearize(linear, output);
      element.setLinear(indices, linear, output);
      element.store(number, element.evaluate(output, indices), indices, output);
    }
    if (element.failed())
      return failure();
    GroupKernels result;
    Value blocks = arith::CeilDivUIOp::create(b, kernel.loc, total,
                                              kernel.constant(block));
    result.kernels.push_back(kernel.finish(blocks));
    return result;
  }
};
} // namespace

const KernelSkeleton &raddle::tile::getPointwiseSkeleton() {
  static const PointwiseSkeleton skeleton;
  return skeleton;
}
