//===- ContractionDomain.h - A product as batch, m, n and k ----*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_SKELETONS_CONTRACTIONDOMAIN_H
#define RADDLE_DIALECTS_TILE_SKELETONS_CONTRACTIONDOMAIN_H

#include "dialects/Tile/Skeletons/KernelBuilder.h"

namespace raddle::tile {

/// The iteration space of `graph.contract` and `graph.conv`: axes shared by
/// both operands and the result (batch), of the left operand and the result
/// (m), of the right operand and the result (n), and summed (k). A convolution
/// has the groups as batch, image and output position as m, output channel as
/// n, input channel and kernel position as k.
class ContractionDomain {
public:
  /// An axis is the extent of dim `dim` of operand or result `tensor`,
  /// divided by `divisor` (channels of a group).
  struct Axis {
    mlir::Value tensor;
    unsigned dim = 0;
    int64_t divisor = 1;
    /// Number of the loop dim (contract) or -1.
    int loop = -1;
    /// A constant extent (the groups of a convolution), if positive.
    int64_t constant = 0;
  };
  using Axes = llvm::SmallVector<Axis, 4>;

  explicit ContractionDomain(mlir::Operation *root);

  Axes batch, m, n, k;

  mlir::Value getExtent(KernelBuilder &kernel, const Axis &axis) const;
  /// Product of static extents, -1 when one is dynamic.
  int64_t getStaticExtent(const Axes &axes) const;

  bool usesTensorCores() const { return dotKind.has_value(); }
  DotKind getDotKind() const { return *dotKind; }
  /// Activations of f32 models leave the range of f16 (65504) sooner than its
  /// precision: with `--compute=f16` the left operand is divided by `leftScale`
  /// before it is rounded, and the sum multiplied by it. Values up to 2^20 keep
  /// finite; below 2^-10 the error is absolute, 2^-21 (docs/Numerics.md).
  static constexpr double leftScale = 16;
  bool scalesLeft() const;
  /// Whether f32 operands are split in two tf32 terms (at least one of them).
  bool splitsOperands() const {
    return dotKind == DotKind::tf32x3 || dotKind == DotKind::tf32x2a ||
           dotKind == DotKind::tf32x2b;
  }
  /// Elements of k in one `tile.dot`.
  int64_t getDotStep() const;
  /// Type in shared memory of operand 0 or 1.
  mlir::Type getOperandType(unsigned side) const;
  /// Whether integers of operand 0 or 1 are unsigned.
  bool isUnsigned(unsigned side) const {
    return side == 0 ? lhsUnsigned : rhsUnsigned;
  }
  mlir::Type getAccumulatorType() const { return accumulator; }
  mlir::Type getResultElementType() const;
  /// Whether memory of the operand runs along k.
  bool isKFast(unsigned side) const;
  /// Whether memory of the result runs along n.
  bool isResultNFast() const;

  /// The operand's element; zero where a window leaves the input.
  mlir::Value evaluate(TileElementBuilder &element, unsigned side,
                       mlir::ArrayRef<mlir::Value> batchIndex,
                       mlir::ArrayRef<mlir::Value> freeIndex,
                       mlir::ArrayRef<mlir::Value> kIndex) const;
  Indices getResultIndices(mlir::ArrayRef<mlir::Value> batchIndex,
                           mlir::ArrayRef<mlir::Value> mIndex,
                           mlir::ArrayRef<mlir::Value> nIndex,
                           TileElementBuilder &element) const;
  /// The inverse of `getResultIndices`.
  void splitResultIndices(TileElementBuilder &element,
                          mlir::ArrayRef<mlir::Value> at, Indices &batchIndex,
                          Indices &mIndex, Indices &nIndex) const;

private:
  mlir::Value evaluateInput(TileElementBuilder &element,
                            mlir::ArrayRef<mlir::Value> batchIndex,
                            mlir::ArrayRef<mlir::Value> mIndex,
                            mlir::ArrayRef<mlir::Value> kIndex) const;
  void chooseArithmetic(graph::ComputeMode mode, bool lhsUnsigned,
                        bool rhsUnsigned);

  mlir::Operation *root;
  // Accessors of operations are not const.
  mutable graph::ContractOp contract;
  mutable graph::ConvOp conv;
  std::optional<DotKind> dotKind;
  mlir::Type accumulator;
  bool lhsUnsigned = false, rhsUnsigned = false;
};

/// Evaluates and stores all outputs of the group, given the root's result
/// `value` at `at` (null: the element builder has what is needed). An output
/// may end in reshapes and transposes: its elements are stored where these put
/// them. Outputs whose numbers are in `skip` are stored by the caller.
mlir::LogicalResult
storeEpilogue(KernelBuilder &kernel, TileElementBuilder &element,
              mlir::Value rootResult, mlir::ArrayRef<mlir::Value> at,
              mlir::Value value, mlir::ArrayRef<unsigned> skip = {});

/// The layout in which an epilogue touches memory: `order[0]` is the dim along
/// which memory runs, `run` the known number of consecutive elements there (-1:
/// unknown). A thread has 16 bytes of the narrowest tensor that the epilogue
/// reads or writes at every point.
LinearLayout getEpilogueLayout(mlir::Value rootResult,
                               llvm::ArrayRef<int64_t> shape, unsigned warps,
                               llvm::ArrayRef<unsigned> order, int64_t run);

/// The sums of a root on their way to the epilogue: `value` (over `fragments`)
/// is rounded to the element type of the root's result, and further if nothing
/// reads anything wider; then it changes to the layout of `element`, where it
/// is the root's result, or what that is rounded to, at `at`. Returns the
/// root's result; null when only its rounding was defined.
mlir::Value exchangeResult(TileElementBuilder &fragments, mlir::Value value,
                           TileElementBuilder &element, mlir::Value rootResult,
                           mlir::ArrayRef<mlir::Value> at);

/// Numbers of the group's outputs that are not computed from `rootResult`.
llvm::SmallVector<unsigned> getIndependentOutputs(graph::GroupOp group,
                                                  mlir::Value rootResult);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_SKELETONS_CONTRACTIONDOMAIN_H
