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

  ArrayRef<ParameterInfo> getParameterInfo() const override {
    static constexpr ParameterInfo info[] = {
        {"vector", "elements", "neighbouring elements of a thread"},
        {"warps", "warps", "warps of a block"},
        {"full", "flag", "1: blocks are whole, so edges need no masks"}};
    return info;
  }

  SmallVector<GroupDim> getDims(graph::GroupOp group) const override {
    return {getTotal("total", group.getTerminator()->getOperand(0))};
  }

  std::string getClass(graph::GroupOp group) const override {
    return "bytes" + std::to_string(getLargestBytes(group));
  }

  SmallVector<Parameters> enumerate(graph::GroupOp group) const override {
    // The default: 16 bytes per thread and access.
    int64_t whole = std::max<int64_t>(1, 16 / getLargestBytes(group));
    SmallVector<int64_t> vectors{whole};
    for (int64_t vector = 1; vector <= 2 * whole; vector *= 2)
      if (vector != whole)
        vectors.push_back(vector);
    SmallVector<Parameters> result;
    for (int64_t vector : vectors)
      for (int64_t warps : {4, 8, 2, 1})
        result.push_back({{"vector", vector}, {"warps", warps}});
    if (getDims(group).front().getStatic() < 0)
      for (size_t i = 0, e = result.size(); i < e; ++i) {
        Parameters full = result[i];
        full.push_back({"full", 1});
        result.push_back(full);
      }
    return result;
  }

  Footprint getFootprint(graph::GroupOp group,
                         const Parameters &parameters) const override {
    int64_t tensors = group.getInputs().size() + group.getOutputs().size();
    return {32 * getParameter(parameters, "warps", 4), 0,
            24 + 4 * tensors +
                tensors * getParameter(parameters, "vector", 4) *
                    std::max<int64_t>(4, getLargestBytes(group)) / 4};
  }

  DimGuard getRequirement(graph::GroupOp group,
                          const Parameters &parameters) const override {
    if (!getParameter(parameters, "full", 0))
      return {};
    return {{"total", DimPredicate::noMax,
             32 * getParameter(parameters, "warps", 4) *
                 getParameter(parameters, "vector", 4)}};
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
    bool full = !known && getParameter(parameters, "full", 0);
    if (!full && (!known || *known % block))
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

private:
  static int64_t getLargestBytes(graph::GroupOp group) {
    int64_t bytes = 1;
    for (Value output : group.getTerminator()->getOperands())
      bytes = std::max<int64_t>(
          bytes, graph::getKernelElementType(getElementTypeOrSelf(output))
                         .getIntOrFloatBitWidth() /
                     8);
    return bytes;
  }
};
} // namespace

const KernelSkeleton &raddle::tile::getPointwiseSkeleton() {
  static const PointwiseSkeleton skeleton;
  return skeleton;
}
