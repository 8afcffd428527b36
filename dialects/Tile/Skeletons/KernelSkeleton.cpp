//===- KernelSkeleton.cpp - The list of skeletons -------------------------===//

#include "dialects/Tile/Skeletons/KernelSkeleton.h"
#include "dialects/Tile/Skeletons/SkeletonList.h"

using namespace raddle::tile;

KernelSkeleton::~KernelSkeleton() = default;

llvm::ArrayRef<const KernelSkeleton *> raddle::tile::getSkeletons() {
  static const KernelSkeleton *skeletons[] = {
      &getPointwiseSkeleton(),   &getReductionSkeleton(),
      &getContractionSkeleton(), &getRowContractionSkeleton(),
      &getAttentionSkeleton(),   &getRecurrenceSkeleton(),
      &getScanSkeleton(),        &getScatterSkeleton(),
      &getSortSkeleton()};
  return skeletons;
}

const KernelSkeleton *raddle::tile::getSkeleton(llvm::StringRef name) {
  for (const KernelSkeleton *skeleton : getSkeletons())
    if (skeleton->getName() == name)
      return skeleton;
  return nullptr;
}

int64_t raddle::tile::getParameter(const Parameters &parameters,
                                   llvm::StringRef name, int64_t otherwise) {
  for (auto &[key, value] : parameters)
    if (key == name)
      return value;
  return otherwise;
}

std::string raddle::tile::formatParameters(const Parameters &parameters) {
  std::string text;
  for (auto &[name, value] : parameters)
    text +=
        (text.empty() ? "" : ",") + name.str() + "=" + std::to_string(value);
  return text;
}

std::string raddle::tile::formatGuard(const DimGuard &guard) {
  std::string text;
  auto add = [&](const std::string &condition) {
    text += (text.empty() ? "" : " and ") + condition;
  };
  for (const DimPredicate &predicate : guard) {
    if (predicate.max != DimPredicate::noMax)
      add(predicate.dim.str() + " <= " + std::to_string(predicate.max));
    if (predicate.multiple != 1)
      add(predicate.dim.str() + " % " + std::to_string(predicate.multiple) +
          " == 0");
  }
  return text;
}

int64_t GroupDim::getStatic() const {
  int64_t product = factor;
  for (auto [tensor, dim] : extents) {
    int64_t size =
        mlir::cast<mlir::RankedTensorType>(tensor.getType()).getDimSize(dim);
    if (mlir::ShapedType::isDynamic(size))
      return -1;
    product *= size;
  }
  return product / divisor;
}

GroupDim raddle::tile::getTotal(llvm::StringRef name, mlir::Value tensor) {
  GroupDim dim;
  dim.name = name;
  unsigned rank =
      mlir::cast<mlir::RankedTensorType>(tensor.getType()).getRank();
  for (unsigned d = 0; d < rank; ++d)
    dim.extents.push_back({tensor, d});
  return dim;
}
