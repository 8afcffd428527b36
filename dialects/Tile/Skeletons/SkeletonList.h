//===- SkeletonList.h - The skeletons of this library ----------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_SKELETONS_SKELETONLIST_H
#define RADDLE_DIALECTS_TILE_SKELETONS_SKELETONLIST_H

#include "dialects/Tile/Skeletons/KernelSkeleton.h"

namespace raddle::tile {
const KernelSkeleton &getPointwiseSkeleton();
const KernelSkeleton &getReductionSkeleton();
const KernelSkeleton &getContractionSkeleton();
const KernelSkeleton &getRowContractionSkeleton();
const KernelSkeleton &getAttentionSkeleton();
const KernelSkeleton &getRecurrenceSkeleton();
const KernelSkeleton &getScanSkeleton();
const KernelSkeleton &getScatterSkeleton();
const KernelSkeleton &getSortSkeleton();
} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_SKELETONS_SKELETONLIST_H
