//===- ElementBuilder.h - Building the element of a tensor -----*- C++ -*-===//
//
// Kernels evaluate producers and consumers of their root operation element by
// element. This builder is what an operation or an encoding needs for that; the
// tile dialect implements it for tiles of elements, so Graph never links Tile.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_ELEMENTBUILDER_H
#define RADDLE_DIALECTS_GRAPH_IR_ELEMENTBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace raddle::graph {

/// Gives operand number `n` of the operation at hand at `indices` (one i32
/// value per dim of the operand).
using ElementAccess =
    mlir::function_ref<mlir::Value(unsigned n, mlir::ArrayRef<mlir::Value>)>;

/// The constant that `value` is in every lane, if it is one.
std::optional<int64_t> getConstantIndex(mlir::Value value);

/// Builds scalar arithmetic whose values may be scalars or tiles of scalars.
/// All values of one call are first brought to a common shape by broadcasting.
class ElementBuilder {
public:
  ElementBuilder(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}
  virtual ~ElementBuilder();

  /// Brings values (scalars or tiles, any element types) to one shape.
  virtual void unify(mlir::SmallVectorImpl<mlir::Value> &values) = 0;

  /// The type of `like`'s shape with another element type.
  virtual mlir::Type withElementType(mlir::Type like, mlir::Type element) = 0;

  /// The extent of dim `dim` of tensor `tensor` (a value of the graph) as an
  /// i32 scalar: a constant when static, else an argument of the kernel.
  virtual mlir::Value extent(mlir::Value tensor, unsigned dim) = 0;

  /// A host scalar (`index`, integer or float value of the graph), as an
  /// argument of the kernel; `index` becomes i32.
  virtual mlir::Value hostScalar(mlir::Value scalar) = 0;

  /// Elements accessed until the matching `leave` are used only where the i1
  /// value `condition` holds; the loads of other lanes may be skipped and give
  /// any value. Guards nest. Indices are clamped all the same, so a builder
  /// may ignore guards unless a tensor can be empty.
  virtual void enter(mlir::Value condition);
  virtual void leave();

  /// Re-creates an operation that maps elements to elements (arith, math) on
  /// `operands`, keeping its attributes. Result element types are those of
  /// `op`. Returns the results.
  mlir::SmallVector<mlir::Value> clone(mlir::Operation *op,
                                       mlir::ValueRange operands);

  /// Creates an element-wise operation whose result has the operands' type.
  template <typename OpTy, typename... Args>
  mlir::Value create(mlir::ValueRange operands, Args &&...args) {
    mlir::SmallVector<mlir::Value> values(operands);
    unify(values);
    return OpTy::create(builder, loc, values.front().getType(), values,
                        std::forward<Args>(args)...);
  }
  /// Creates an element-wise conversion to `element`.
  template <typename OpTy>
  mlir::Value convert(mlir::Value value, mlir::Type element) {
    return OpTy::create(builder, loc, withElementType(value.getType(), element),
                        value);
  }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value lhs,
                      mlir::Value rhs);
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value lhs,
                      mlir::Value rhs);
  mlir::Value select(mlir::Value condition, mlir::Value ifTrue,
                     mlir::Value ifFalse);

  /// A value of a signless integer type (or `index`, which is i32 in elements)
  /// in another one, by sign extension or truncation.
  mlir::Value castInteger(mlir::Value value, mlir::Type element);
  /// A signed integer value as an integer or float element.
  mlir::Value fromInteger(mlir::Value value, mlir::Type element);

  /// Scalar constants.
  mlir::Value integer(int64_t value, unsigned bits = 32);
  mlir::Value number(double value, mlir::Type type);

  // Index arithmetic in i32. Operands are not negative where the operation is
  // a division or remainder.
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  mlir::Value div(mlir::Value lhs, mlir::Value rhs);
  mlir::Value rem(mlir::Value lhs, mlir::Value rhs);
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);
  /// `value` brought into [0, extent - 1], by signed comparison.
  mlir::Value clamp(mlir::Value value, mlir::Value extent);
  /// A size or offset of the graph as an i32 value.
  mlir::Value size(mlir::OpFoldResult size);
  /// The extents of all dims of `tensor`.
  mlir::SmallVector<mlir::Value> extents(mlir::Value tensor);
  /// Row-major offset of `indices` in a box of `extents` (as many).
  mlir::Value linearize(mlir::ArrayRef<mlir::Value> indices,
                        mlir::ArrayRef<mlir::Value> extents);
  /// The inverse of `linearize`; the first extent is not needed.
  mlir::SmallVector<mlir::Value>
  delinearize(mlir::Value offset, mlir::ArrayRef<mlir::Value> extents);
  /// Row-major offset of `indices` in a tensor like `tensor`.
  mlir::Value linearize(mlir::ArrayRef<mlir::Value> indices,
                        mlir::Value tensor);
  /// The inverse of `linearize`.
  mlir::SmallVector<mlir::Value> delinearize(mlir::Value offset,
                                             mlir::Value tensor);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

/// How `index` elements are represented in kernels: as i32. Other types are
/// returned unchanged.
mlir::Type getKernelElementType(mlir::Type element);

/// True when `op`'s result elements can be evaluated at a point: it has the
/// element interface or is an upstream element-wise operation on tensors.
bool isElementOp(mlir::Operation *op);

/// The element of result `result` of `op` at `indices`, for every operation
/// for which `isElementOp` holds. Null after a diagnostic when the operation
/// has a form that cannot be evaluated at a point.
mlir::Value buildElement(mlir::Operation *op, ElementBuilder &builder,
                         unsigned result, mlir::ArrayRef<mlir::Value> indices,
                         ElementAccess element);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_IR_ELEMENTBUILDER_H
