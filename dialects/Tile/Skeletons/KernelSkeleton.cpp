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
