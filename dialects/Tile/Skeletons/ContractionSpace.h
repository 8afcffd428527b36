//===- ContractionSpace.h - The parameters of products ---------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_SKELETONS_CONTRACTIONSPACE_H
#define RADDLE_DIALECTS_TILE_SKELETONS_CONTRACTIONSPACE_H

#include "dialects/Tile/Skeletons/ContractionDomain.h"

namespace raddle::tile {

/// What policies and enumeration know of the contraction skeletons. With
/// `holdsRows` a block computes whole rows of the result.
class ContractionSpace {
public:
  ContractionSpace(graph::GroupOp group, bool holdsRows);

  static llvm::ArrayRef<ParameterInfo> getParameterInfo();
  llvm::SmallVector<GroupDim> getDims() const;
  std::string getClass() const;
  llvm::SmallVector<Parameters> enumerate() const;
  Footprint getFootprint(const Parameters &parameters) const;
  DimGuard getRequirement(const Parameters &parameters) const;

private:
  GroupDim getDim(llvm::StringRef name,
                  const ContractionDomain::Axes &axes) const;
  void enumerateTiles(llvm::function_ref<void(Parameters)> add) const;

  mutable graph::GroupOp group; // accessors of operations are not const
  ContractionDomain domain;
  bool holdsRows;
  int64_t m, n, k; // -1 when dynamic
};

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_SKELETONS_CONTRACTIONSPACE_H
