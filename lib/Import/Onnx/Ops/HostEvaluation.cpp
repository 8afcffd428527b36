//===- HostEvaluation.cpp - Small tensors computed on the host ------------===//
#include "HostEvaluation.h"

using namespace raddle::onnx;

bool raddle::onnx::hostMap(
    NodeContext &c, ElemType type,
    llvm::function_ref<Scalar(llvm::ArrayRef<Scalar>)> f) {
  bool constant = true;
  int64_t rank = 0;
  for (unsigned n = 0; n < c.count(); ++n) {
    constant &= c.host(n)->isConstant();
    rank = std::max(rank, c.host(n)->rank());
  }
  if (!constant && type != ElemType::Int64 && type != ElemType::Int32 &&
      type != ElemType::Bool)
    return false;
  HostTensor result;
  result.shape.assign(rank, 1);
  for (unsigned n = 0; n < c.count(); ++n) {
    const HostTensor &operand = *c.host(n);
    for (auto [d, size] : llvm::enumerate(operand.shape)) {
      int64_t &out = result.shape[d + rank - operand.rank()];
      // Not broadcastable: the ordinary handler reports it.
      if (size != 1 && out != 1 && out != size)
        return false;
      if (size != 1)
        out = size;
    }
  }
  int64_t count = countOf(result.shape);
  if (count > maxHostResult)
    return false;
  for (int64_t i = 0; i < count; ++i) {
    llvm::SmallVector<Scalar> elements;
    for (unsigned n = 0; n < c.count(); ++n) {
      const HostTensor &operand = *c.host(n);
      int64_t rest = i, offset = 0, stride = 1;
      for (int64_t d = rank; d-- > 0;) {
        int64_t index = rest % result.shape[d];
        rest /= result.shape[d];
        int64_t own = d - rank + operand.rank();
        if (own < 0)
          continue;
        if (operand.shape[own] != 1)
          offset += index * stride;
        stride *= operand.shape[own];
      }
      elements.push_back(operand.elements[offset]);
    }
    Scalar value = f(elements);
    if (value.isConstant()) {
      if (value.isReal)
        value.real = roundTo(value.real, type);
      else
        value.integer = wrapTo(value.integer, type);
    }
    result.elements.push_back(value);
  }
  c.setHost(0, std::move(result), type);
  return true;
}

bool raddle::onnx::hostRemap(
    NodeContext &c, llvm::ArrayRef<int64_t> shape,
    llvm::function_ref<void(llvm::SmallVectorImpl<int64_t> &)> from) {
  const HostTensor &source = *c.host(0);
  int64_t count = countOf(shape);
  if (count < 0 || count > maxHostResult)
    return false;
  HostTensor result;
  result.shape.assign(shape.begin(), shape.end());
  for (int64_t i = 0; i < count; ++i) {
    llvm::SmallVector<int64_t> index(shape.size());
    int64_t rest = i;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d])
      index[d] = rest % shape[d];
    from(index);
    int64_t offset = 0;
    for (auto [at, size] : llvm::zip_equal(index, source.shape))
      offset = offset * size + at;
    result.elements.push_back(source.elements[offset]);
  }
  c.setHost(0, std::move(result), c.type(0));
  return true;
}
