//===- KernelBuilder.h - Building the kernel of a group --------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_SKELETONS_KERNELBUILDER_H
#define RADDLE_DIALECTS_TILE_SKELETONS_KERNELBUILDER_H

#include "dialects/Graph/IR/ElementBuilder.h"
#include "dialects/Tile/IR/TileDialect.h"
#include "dialects/Tile/Skeletons/KernelSkeleton.h"

namespace raddle::tile {

/// Creates the function of a kernel and hands out its arguments on demand.
class KernelBuilder {
public:
  KernelBuilder(graph::GroupOp group, llvm::StringRef name, unsigned numWarps,
                mlir::OpBuilder &moduleBuilder);

  graph::GroupOp group;
  mlir::func::FuncOp func;
  /// Set when a diagnostic was emitted.
  bool hadError = false;
  /// Inside the kernel.
  mlir::OpBuilder builder;
  /// The role of what belongs to the group's root.
  mlir::Location loc;
  unsigned numWarps;

  mlir::Value getInputPointer(unsigned index);
  mlir::Value getOutputPointer(unsigned index);
  mlir::Value getScratchPointer(unsigned index);
  /// i32 scalars; constants where static.
  mlir::Value getExtent(mlir::Value tensor, unsigned dim);
  mlir::Value getHostScalar(mlir::Value scalar);
  /// Extents of all dims of a tensor of the group.
  llvm::SmallVector<mlir::Value> getExtents(mlir::Value tensor);

  /// Product of i32 scalars.
  mlir::Value product(mlir::ValueRange factors);
  mlir::Value constant(int64_t value);
  /// The number of this thread block.
  mlir::Value blockId();

  /// Ends the kernel. `blocks` (thread blocks along x) and `scratchBytes` are
  /// i32 scalars that this builder made from extents and host scalars by arith
  /// operations; the host computes them in `index`.
  TileKernel finish(mlir::Value blocks, mlir::ValueRange scratchBytes = {});

  /// The location of code that computes an operation of the group: its name and
  /// position there, as in `loc("graph.norm#3")`. No names of nodes, since the
  /// kernel may serve other groups too.
  mlir::Location getRole(mlir::Operation *op);

  /// Scalars of the group's host values become i32.
  mlir::Value toI32(mlir::OpFoldResult size);

private:
  mlir::Value getArgument(KernelArgument argument, mlir::Type type);
  void nameAccesses();

  llvm::SmallVector<KernelArgument> arguments;
  llvm::DenseMap<mlir::Operation *, unsigned> positions;
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, mlir::Value> extents;
  llvm::DenseMap<mlir::Value, mlir::Value> scalars;
};

/// A vector of index values: one i32 scalar or tile per dim of a tensor.
using Indices = llvm::SmallVector<mlir::Value>;

/// Evaluates values of the group at tiles of points. All tiles have the shape
/// of the iteration space or size 1 in some of its dims.
class TileElementBuilder : public graph::ElementBuilder {
public:
  TileElementBuilder(KernelBuilder &kernel, mlir::OpBuilder &builder,
                     llvm::ArrayRef<int64_t> shape, const LinearLayout &layout);

  void unify(llvm::SmallVectorImpl<mlir::Value> &values) override;
  mlir::Type withElementType(mlir::Type like, mlir::Type element) override;
  mlir::Value extent(mlir::Value tensor, unsigned dim) override;
  mlir::Value hostScalar(mlir::Value scalar) override;
  void enter(mlir::Value condition) override;
  void leave() override;

  /// The value of a tensor of the group at `indices`.
  mlir::Value evaluate(mlir::Value tensor, mlir::ArrayRef<mlir::Value> indices);

  /// Gives the value of `tensor` at `indices`, instead of evaluating it.
  void define(mlir::Value tensor, mlir::ArrayRef<mlir::Value> indices,
              mlir::Value value);

  /// States that `linear` is the row-major offset of `indices` in every tensor
  /// with the extents of `like`.
  void setLinear(mlir::ArrayRef<mlir::Value> indices, mlir::Value linear,
                 mlir::Value like);

  /// 0 .. shape[dim)-1 along `dim` of the iteration space.
  mlir::Value index(unsigned dim);
  /// A scalar or tile repeated to the whole iteration space.
  mlir::Value full(mlir::Value value);
  mlir::Value fill(mlir::TypedAttr value);

  /// Stores output `number` of the group, whose value at `indices` of a tensor
  /// with the extents of `like` (in the same row-major order as the output) is
  /// `value`.
  void store(unsigned number, mlir::Value value,
             mlir::ArrayRef<mlir::Value> indices, mlir::Value like);

  /// Points outside are neither loaded nor stored.
  mlir::Value mask;
  mlir::ArrayRef<int64_t> getShape() const { return shape; }
  const LinearLayout &getLinearLayout() const { return layout; }
  bool failed() const { return hadError; }

private:
  mlir::Value load(unsigned input, mlir::ArrayRef<mlir::Value> indices);
  mlir::RankedTensorType tileType(mlir::ArrayRef<int64_t> dims,
                                  mlir::Type element);
  bool hasLinear(mlir::ArrayRef<mlir::Value> indices, mlir::Value tensor) const;

  KernelBuilder &kernel;
  llvm::SmallVector<int64_t> shape;
  LinearLayout layout;
  bool hadError = false;
  /// Masks to go back to when guards end.
  llvm::SmallVector<mlir::Value> guards;
  std::vector<std::tuple<mlir::Value, Indices, mlir::Value>> known;
  Indices linearIndices;
  mlir::Value linearValue, linearLike;
};

/// Storage order of a value that is read at points of an iteration space: the
/// dim of `tensor` along which memory is consecutive.
unsigned getFastestDim(mlir::Value tensor);

/// Smallest power of two >= value.
int64_t ceilPowerOf2(int64_t value);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_SKELETONS_KERNELBUILDER_H
