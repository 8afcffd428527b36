//===- GraphBuilder.h - Builds graph operations with known sizes -*- C++
//-*-===//
#ifndef RADDLE_LIB_IMPORT_ONNX_GRAPHBUILDER_H
#define RADDLE_LIB_IMPORT_ONNX_GRAPHBUILDER_H

#include "HostBuilder.h"
#include "Model.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace raddle::onnx {

/// The element type of the IR; null when there is none. Unsigned types become
/// signless integers of their width.
mlir::Type elementType(mlir::MLIRContext *context, ElemType type);
/// Rounds towards zero; what does not fit becomes the nearest that does.
int64_t toInteger(double number);
bool isUnsigned(ElemType type);
bool isFloat(ElemType type);
bool isInteger(ElemType type); ///< Not bool.

/// Creates operations and keeps the sizes of their results as host scalars.
/// Where shapes do not fit, `problem` is called and a value of a plausible type
/// returned, so that callers need not test every step: the importer discards
/// the module when there was a problem.
class GraphBuilder {
public:
  explicit GraphBuilder(mlir::MLIRContext *context)
      : b(mlir::UnknownLoc::get(context), context), host(b) {}

  mlir::ImplicitLocOpBuilder b;
  HostBuilder host;
  std::function<void(const std::string &)> problem;

  // Sizes.
  static mlir::RankedTensorType typeOf(mlir::Value tensor) {
    return llvm::cast<mlir::RankedTensorType>(tensor.getType());
  }
  static int64_t rankOf(mlir::Value tensor) { return typeOf(tensor).getRank(); }
  static mlir::Type elementOf(mlir::Value tensor) {
    return typeOf(tensor).getElementType();
  }
  Scalar sizeOf(mlir::Value tensor, int64_t dim);
  Sizes sizesOf(mlir::Value tensor);
  void setSizes(mlir::Value tensor, llvm::ArrayRef<Scalar> sizes);
  mlir::RankedTensorType typeFor(llvm::ArrayRef<Scalar> sizes,
                                 mlir::Type element);
  /// The sizes, of which those that no dim can have are reported.
  Sizes checked(llvm::ArrayRef<Scalar> sizes);
  Scalar countOf(mlir::Value tensor);
  /// States that two sizes are equal: known, or checked at launch.
  /// Calls `problem` when they cannot be. Returns the size to go on with.
  Scalar assumeEqual(Scalar a, Scalar b);
  void check(Scalar condition, const std::string &message);
  /// Takes the computed `size` for `promised` wherever it is used, also before;
  /// that is checked where it is computed.
  void pin(Scalar size, int64_t promised, const std::string &message);

  // Re-arrangements.
  mlir::Value broadcast(mlir::Value x, llvm::ArrayRef<Scalar> sizes);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<Scalar> sizes);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> permutation);
  mlir::Value slice(mlir::Value x, llvm::ArrayRef<Scalar> offsets,
                    llvm::ArrayRef<Scalar> sizes,
                    llvm::ArrayRef<int64_t> strides);
  /// A slice of one dim.
  mlir::Value slice(mlir::Value x, int64_t dim, Scalar offset, Scalar size,
                    int64_t stride = 1);
  mlir::Value concat(llvm::ArrayRef<mlir::Value> parts, int64_t axis);
  /// `value`: rank 0, or null for zero.
  mlir::Value pad(mlir::Value x, llvm::ArrayRef<Scalar> low,
                  llvm::ArrayRef<Scalar> high, mlir::Value value,
                  graph::PadMode mode);
  mlir::Value gather(mlir::Value x, mlir::Value indices, int64_t axis);
  mlir::Value iota(mlir::Type element, llvm::ArrayRef<Scalar> sizes,
                   int64_t axis);
  mlir::Value insertUnitDims(mlir::Value x, llvm::ArrayRef<int64_t> dims);
  mlir::Value dropDims(mlir::Value x, llvm::ArrayRef<int64_t> dims);
  /// Joins the dims before `axis` and those from it on.
  mlir::Value flatten(mlir::Value x, int64_t axis);
  /// Forgets or states static dims.
  mlir::Value castTo(mlir::Value x, mlir::RankedTensorType type);

  // Constants.
  mlir::Value constant(double number, mlir::Type element);
  mlir::Value constant(mlir::DenseElementsAttr elements);
  /// The scalar as a rank-0 tensor.
  mlir::Value splat(Scalar scalar, mlir::Type element);
  /// `number` in every element of a tensor of these sizes.
  mlir::Value filled(double number, mlir::Type element,
                     llvm::ArrayRef<Scalar> sizes);
  mlir::Value like(mlir::Value x, double number) {
    return filled(number, elementOf(x), sizesOf(x));
  }

  // Element-wise, with broadcasting.
  void unify(llvm::MutableArrayRef<mlir::Value> values);
  Sizes broadcastSizes(llvm::ArrayRef<Sizes> shapes);
  template <typename Op, typename... Args>
  mlir::Value map(llvm::ArrayRef<mlir::Value> operands, Args &&...args) {
    llvm::SmallVector<mlir::Value> values(operands);
    unify(values);
    mlir::Value result = Op::create(b, values.front().getType(), values,
                                    std::forward<Args>(args)...);
    setSizes(result, sizesOf(values.front()));
    return result;
  }
  template <typename Op>
  mlir::Value convert(mlir::Value x, mlir::Type element) {
    mlir::Value result = Op::create(b, typeOf(x).clone(element), x);
    setSizes(result, sizesOf(x));
    return result;
  }
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y, bool isUnsigned = false);
  mlir::Value min(mlir::Value x, mlir::Value y, bool isUnsigned = false);
  mlir::Value max(mlir::Value x, mlir::Value y, bool isUnsigned = false);
  mlir::Value add(mlir::Value x, double y) { return add(x, like(x, y)); }
  mlir::Value mul(mlir::Value x, double y) { return mul(x, like(x, y)); }
  mlir::Value neg(mlir::Value x);
  mlir::Value reciprocal(mlir::Value x) { return div(like(x, 1), x); }
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value x,
                      mlir::Value y);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value x,
                      mlir::Value y);
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);
  mlir::Value logicalNot(mlir::Value x);
  mlir::Value cast(mlir::Value x, ElemType from, ElemType to);
  /// Between float types.
  mlir::Value floatCast(mlir::Value x, mlir::Type element);
  mlir::Value exp(mlir::Value x) { return map<mlir::math::ExpOp>({x}); }
  mlir::Value sigmoid(mlir::Value x);

  // Structured.
  mlir::Value reduce(graph::ReduceKind kind, mlir::Value x,
                     llvm::ArrayRef<int64_t> dims, bool keepDims);
  /// The sum divided by the number of elements.
  mlir::Value mean(mlir::Value x, llvm::ArrayRef<int64_t> dims, bool keepDims);
  mlir::Value softmax(mlir::Value x, int64_t axis, bool log = false);
  /// `numpy.matmul`; broadcasts leading dims.
  mlir::Value matmul(mlir::Value x, mlir::Value y, mlir::Type resultElement,
                     bool lhsUnsigned = false, bool rhsUnsigned = false);
  /// A contraction by index letters: each operand and the result name their
  /// dims by numbers.
  mlir::Value contract(mlir::Value x, mlir::Value y,
                       llvm::ArrayRef<unsigned> xDims,
                       llvm::ArrayRef<unsigned> yDims,
                       llvm::ArrayRef<unsigned> resultDims,
                       mlir::Type resultElement, bool lhsUnsigned = false,
                       bool rhsUnsigned = false);
  /// The type that sums of products accumulate in.
  mlir::Type accumulator(mlir::Type element);

  // Device to host.
  /// One element as a host scalar; a comparison or arithmetic on single
  /// elements is repeated on the host, so that only its inputs are read.
  Scalar read(mlir::Value tensor, llvm::ArrayRef<int64_t> indices,
              bool isUnsigned = false);

private:
  mlir::Value readRaw(mlir::Value tensor, llvm::ArrayRef<int64_t> indices,
                      unsigned depth);
  llvm::DenseMap<mlir::Value, Sizes> sizes;
};

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_GRAPHBUILDER_H
