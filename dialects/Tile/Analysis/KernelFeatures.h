//===- KernelFeatures.h - What a kernel looks like, as numbers -*- C++ -*-===//
//
// The features of recorded rows (docs/CostModel.md): what a cost model may know
// of a candidate before anything is compiled, and of its code on tiles.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_ANALYSIS_KERNELFEATURES_H
#define RADDLE_DIALECTS_TILE_ANALYSIS_KERNELFEATURES_H

#include "dialects/Tile/Skeletons/ParameterPolicy.h"

namespace raddle::tile {

/// Grows when a feature is added, removed or counted otherwise.
inline constexpr int kFeaturesVersion = 1;

/// Counts over the group, and the footprint of the candidate.
cost::NamedValues getGroupFeatures(graph::GroupOp group,
                                   const Candidate &candidate);

/// Elements that one block moves or computes, by operation, of straight code
/// and of loop bodies (once each): `load`, `loop_load`, `dot`, ...
void addCodeFeatures(const GroupKernels &kernels, cost::NamedValues &features);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_ANALYSIS_KERNELFEATURES_H
