//===- HostEvaluation.h - Small tensors computed on the host ---*- C++ -*-===//
#ifndef RADDLE_LIB_IMPORT_ONNX_OPS_HOSTEVALUATION_H
#define RADDLE_LIB_IMPORT_ONNX_OPS_HOSTEVALUATION_H

#include "../Importer.h"

namespace raddle::onnx {

/// Applies `f` to the elements of all inputs, broadcast, and sets result 0 to
/// elements of `type`. False (nothing done) when an element is a value of the
/// host program but `type` is not one that the host computes with.
bool hostMap(NodeContext &c, ElemType type,
             llvm::function_ref<Scalar(llvm::ArrayRef<Scalar>)> f);

/// A function of one real known at import.
template <double (*F)(double)> bool hostReal(NodeContext &c) {
  if (!isFloat(c.type(0)) || !c.host(0)->isConstant())
    return false;
  return hostMap(c, c.type(0), [](llvm::ArrayRef<Scalar> x) {
    return Scalar::realNumber(F(x[0].real));
  });
}

/// Sets result 0 to elements of input 0, in `shape`: `from` turns an index of
/// the result into one of the input, in place. False when there are too many.
bool hostRemap(NodeContext &c, llvm::ArrayRef<int64_t> shape,
               llvm::function_ref<void(llvm::SmallVectorImpl<int64_t> &)> from);

inline int64_t countOf(llvm::ArrayRef<int64_t> shape) {
  int64_t n = 1;
  for (int64_t d : shape)
    n *= d;
  return n;
}

/// The largest number of elements that the host computes.
constexpr int64_t maxHostResult = 256;

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_OPS_HOSTEVALUATION_H
