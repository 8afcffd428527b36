//===- KernelSkeleton.h - From a group to a tile kernel --------*- C++ -*-===//
//
// A skeleton fixes what one thread block does for the root of a group: the loop
// nest, which axes are parallel, reduced or sequential. Everything else of the
// group is evaluated where the skeleton needs it (graph::buildElement). A new
// skeleton is one file that defines a subclass and one line in `getSkeletons`.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_SKELETONS_KERNELSKELETON_H
#define RADDLE_DIALECTS_TILE_SKELETONS_KERNELSKELETON_H

#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace raddle::tile {

/// What a kernel parameter stands for, in terms of its group.
struct KernelArgument {
  enum Kind {
    Input,   ///< pointer to input tensor `index`
    Output,  ///< pointer to output tensor `index`
    Scratch, ///< pointer to scratch buffer `index` of the group
    Extent,  ///< i32: extent of dim `dim` of input tensor `index`
    Scalar   ///< host scalar `index` (i32 for `index`)
  };
  Kind kind;
  unsigned index = 0, dim = 0;
  bool operator==(const KernelArgument &) const = default;
};

/// A kernel and how it is launched.
struct TileKernel {
  mlir::func::FuncOp func;
  llvm::SmallVector<KernelArgument> arguments;
  /// Host arithmetic: from the Extent and Scalar arguments in order (`index`
  /// for i32) to the number of thread blocks along x, then the bytes of each
  /// scratch buffer of the group (kernel 0 only).
  mlir::func::FuncOp host;
};

/// Launches, in order, that compute a group.
struct GroupKernels {
  llvm::SmallVector<TileKernel, 1> kernels;
  unsigned numScratch = 0;
};

/// Tile sizes and resources: the space in which a policy chooses.
using Parameters = llvm::SmallVector<std::pair<llvm::StringRef, int64_t>, 8>;

/// Value of `name`, or `otherwise`.
int64_t getParameter(const Parameters &parameters, llvm::StringRef name,
                     int64_t otherwise);

class KernelSkeleton {
public:
  virtual ~KernelSkeleton();
  /// As in `graph.group`'s attribute `skeleton`.
  virtual llvm::StringRef getName() const = 0;
  /// The candidates for a group, the default first.
  virtual llvm::SmallVector<Parameters>
  enumerate(graph::GroupOp group) const = 0;
  /// Builds the kernels at the builder's insertion point (a module body),
  /// named from `name`. Emits a diagnostic on failure.
  virtual mlir::FailureOr<GroupKernels>
  build(graph::GroupOp group, const Parameters &parameters,
        llvm::StringRef name, mlir::OpBuilder &builder) const = 0;
};

/// All skeletons, looked up by name.
const KernelSkeleton *getSkeleton(llvm::StringRef name);
llvm::ArrayRef<const KernelSkeleton *> getSkeletons();

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_SKELETONS_KERNELSKELETON_H
