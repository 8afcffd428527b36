//===- Tensor.h - A tensor in host memory ----------------------*- C++ -*-===//
//
// The values of the reference evaluator. A tensor holds its elements in
// row-major order: i1 in one byte (0 or 1), narrower integers and floats in the
// low bits of the next power-of-two number of bytes, `index` in eight bytes.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_REFERENCE_TENSOR_H
#define RADDLE_REFERENCE_TENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>
#include <optional>
#include <vector>

namespace raddle::reference {

using Shape = llvm::SmallVector<int64_t, 6>;

/// Number of elements of `shape`; nullopt when it does not fit 64 bits or a
/// dim is negative.
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape);

/// Bytes that one element takes in a tensor; 0 for types without a form here.
unsigned getElementBytes(mlir::Type elementType);

/// Row-major strides in elements.
Shape getRowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// A shared, in effect immutable value: whoever creates a tensor fills it
/// before anyone else sees it; copies share the elements.
class Tensor {
public:
  /// No tensor.
  Tensor() = default;
  /// Zeros. `shape` has passed `countElements`, and the element type has a form
  /// here.
  Tensor(mlir::Type elementType, llvm::ArrayRef<int64_t> shape);

  /// The same elements under another shape with as many elements.
  Tensor reshaped(llvm::ArrayRef<int64_t> shape) const;
  /// The same bytes as elements of another type of the same size.
  Tensor reinterpreted(mlir::Type elementType) const;
  /// A rank-0 tensor of an integer or `index` type.
  static Tensor scalar(mlir::Type type, int64_t value);
  /// An encoded tensor (see `StorageEncoding`): its logical type, and its
  /// components in the order of the encoding.
  static Tensor encoded(mlir::RankedTensorType type,
                        llvm::ArrayRef<int64_t> shape,
                        std::vector<Tensor> components);

  explicit operator bool() const { return static_cast<bool>(elementType); }
  mlir::Type getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getDim(int64_t dim) const { return shape[dim]; }
  int64_t size() const { return count; }
  unsigned elementBytes() const { return width; }
  int64_t byteSize() const { return count * width; }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(elementType); }

  template <typename T = char> const T *data() const {
    return reinterpret_cast<const T *>(bytes.get());
  }
  template <typename T = char> T *mutableData() {
    return reinterpret_cast<T *>(bytes.get());
  }

  /// Integer element `i`, sign-extended (true of i1 is 1).
  int64_t getInteger(int64_t i = 0) const;
  void setInteger(int64_t i, int64_t value);
  /// Element `i` of a float tensor.
  double getFloat(int64_t i = 0) const;

  /// The encoding of an encoded tensor, else null.
  mlir::Attribute getEncoding() const { return encoding; }
  llvm::ArrayRef<Tensor> getComponents() const {
    return components ? llvm::ArrayRef<Tensor>(*components)
                      : llvm::ArrayRef<Tensor>();
  }

  /// "tensor<2x3xf32>", for diagnostics.
  std::string describe() const;

private:
  mlir::Type elementType;
  mlir::Attribute encoding;
  Shape shape;
  int64_t count = 0;
  unsigned width = 0;
  std::shared_ptr<char[]> bytes;
  std::shared_ptr<const std::vector<Tensor>> components;
};

/// Elements `[begin, begin + n)` in a form for arithmetic. Float tensors of any
/// type load as float (exact up to 32 bits) or double; integers load
/// sign-extended. Stores round to nearest even, and wrap integers.
void loadElements(const Tensor &tensor, int64_t begin, int64_t n, float *out);
void loadElements(const Tensor &tensor, int64_t begin, int64_t n, double *out);
void loadElements(const Tensor &tensor, int64_t begin, int64_t n, int64_t *out);
void storeElements(Tensor &tensor, int64_t begin, int64_t n, const float *in);
void storeElements(Tensor &tensor, int64_t begin, int64_t n, const double *in);
void storeElements(Tensor &tensor, int64_t begin, int64_t n, const int64_t *in);

/// The tensor with another float element type (itself when equal), each
/// element rounded once.
Tensor convertFloat(const Tensor &tensor, mlir::Type elementType);

/// The elements as an attribute of type `type` (static, of the tensor's shape
/// and element type).
mlir::DenseElementsAttr toAttribute(const Tensor &tensor,
                                    mlir::RankedTensorType type);
/// The elements of an inline or resource attribute, or of a scalar integer or
/// float attribute; no tensor when the attribute has another kind.
Tensor fromAttribute(mlir::Attribute attribute);

} // namespace raddle::reference

#endif // RADDLE_REFERENCE_TENSOR_H
