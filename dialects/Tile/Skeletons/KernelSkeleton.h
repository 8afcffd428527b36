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
#include <limits>

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

/// Tile sizes and resources: the space in which a policy chooses. Names are
/// those of the skeleton's `getParameterInfo`.
using Parameters = llvm::SmallVector<std::pair<llvm::StringRef, int64_t>, 8>;

/// Value of `name`, or `otherwise`.
int64_t getParameter(const Parameters &parameters, llvm::StringRef name,
                     int64_t otherwise);

/// `bm=64,bn=64`.
std::string formatParameters(const Parameters &parameters);

struct ParameterInfo {
  llvm::StringRef name, unit, description;
};

/// The parameter of every skeleton: blocks that a multiprocessor must be able
/// to hold, which limits the registers of a thread; 0 leaves it to the
/// assembler.
inline constexpr llvm::StringLiteral kMinBlocks = "min_blocks";

/// A size by which policies tell groups of one skeleton apart, and on which
/// guards of variants are stated: a product of extents, known on the host at
/// the latest when the kernel is launched.
struct GroupDim {
  llvm::StringRef name;
  /// Extents of tensors of the group: inputs or results of its operations.
  llvm::SmallVector<std::pair<mlir::Value, unsigned>, 4> extents;
  int64_t factor = 1, divisor = 1;

  /// The value, -1 when it is not static.
  int64_t getStatic() const;
};

/// The number of elements of a tensor as a dim.
GroupDim getTotal(llvm::StringRef name, mlir::Value tensor);

/// A condition on a named dim: at most `max`, and a multiple of `multiple`.
struct DimPredicate {
  static constexpr int64_t noMax = std::numeric_limits<int64_t>::max();
  llvm::StringRef dim;
  int64_t max = noMax;
  int64_t multiple = 1;

  bool holds(int64_t value) const {
    return value <= max && value % multiple == 0;
  }
  bool operator==(const DimPredicate &) const = default;
};

/// All must hold; none is always true. `m <= 64 and m % 64 == 0`.
using DimGuard = llvm::SmallVector<DimPredicate, 2>;
std::string formatGuard(const DimGuard &guard);

/// What the largest kernel of a candidate asks of a multiprocessor. Shared
/// memory is exact or more; registers are an estimate.
struct Footprint {
  int64_t threads = 0, sharedBytes = 0, registers = 0;
};

class KernelSkeleton {
public:
  virtual ~KernelSkeleton();
  /// As in `graph.group`'s attribute `skeleton`.
  virtual llvm::StringRef getName() const = 0;
  /// The parameters in the order in which candidates list them. Not every
  /// candidate has all.
  virtual llvm::ArrayRef<ParameterInfo> getParameterInfo() const = 0;
  /// The named dims; the one that matters most to the choice first.
  virtual llvm::SmallVector<GroupDim> getDims(graph::GroupOp group) const = 0;
  /// What else tells groups apart: the arithmetic, the kind of root.
  virtual std::string getClass(graph::GroupOp group) const = 0;
  /// The parameter space for a group, the default first. Candidates that do
  /// not fit a target are among them.
  virtual llvm::SmallVector<Parameters>
  enumerate(graph::GroupOp group) const = 0;
  virtual Footprint getFootprint(graph::GroupOp group,
                                 const Parameters &parameters) const = 0;
  /// When the kernel of these parameters is right; nothing: always.
  virtual DimGuard getRequirement(graph::GroupOp group,
                                  const Parameters &parameters) const {
    return {};
  }
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
