//===- RearrangeOps.cpp - Broadcast, reshape, slice, pad and so on --------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include <cstring>
#include <numeric>

using namespace mlir;

namespace raddle::reference {

template <typename T>
static void copyRow(int64_t n, const T *source, int64_t sourceStride, T *target,
                    int64_t targetStride) {
  for (int64_t i = 0; i < n; ++i)
    target[i * targetStride] = source[i * sourceStride];
}

static void copyRow(int64_t n, unsigned width, const char *source,
                    int64_t sourceStride, char *target, int64_t targetStride) {
  if (sourceStride == 1 && targetStride == 1) {
    std::memcpy(target, source, n * width);
    return;
  }
  auto run = [&](auto tag) {
    using T = decltype(tag);
    copyRow(n, reinterpret_cast<const T *>(source), sourceStride,
            reinterpret_cast<T *>(target), targetStride);
  };
  switch (width) {
  case 1:
    return run(uint8_t());
  case 2:
    return run(uint16_t());
  case 4:
    return run(uint32_t());
  default:
    return run(uint64_t());
  }
}

void copyBox(llvm::ArrayRef<int64_t> shape, unsigned width, const char *source,
             llvm::ArrayRef<int64_t> sourceStrides, char *target,
             llvm::ArrayRef<int64_t> targetStrides) {
  if (llvm::is_contained(shape, 0))
    return;
  // Neighbouring dims that are one dim in both places make longer rows.
  Shape sizes, from, to;
  for (auto [size, s, t] : llvm::zip(shape, sourceStrides, targetStrides)) {
    if (size == 1)
      continue;
    if (!sizes.empty() && from.back() == s * size && to.back() == t * size) {
      sizes.back() *= size;
      from.back() = s;
      to.back() = t;
      continue;
    }
    sizes.push_back(size);
    from.push_back(s);
    to.push_back(t);
  }
  if (sizes.empty()) {
    std::memcpy(target, source, width);
    return;
  }
  int64_t inner = sizes.size() - 1;
  Shape index(inner, 0);
  int64_t s = 0, t = 0;
  while (true) {
    copyRow(sizes[inner], width, source + s * width, from[inner],
            target + t * width, to[inner]);
    int64_t dim = inner - 1;
    for (; dim >= 0; --dim) {
      s += from[dim];
      t += to[dim];
      if (++index[dim] < sizes[dim])
        break;
      s -= from[dim] * sizes[dim];
      t -= to[dim] * sizes[dim];
      index[dim] = 0;
    }
    if (dim < 0)
      return;
  }
}

FailureOr<Tensor> transpose(Call &call, const Tensor &input,
                            llvm::ArrayRef<int64_t> permutation) {
  bool identity = true;
  for (auto [i, dim] : llvm::enumerate(permutation))
    identity &= int64_t(i) == dim;
  if (identity)
    return input;
  Shape inputStrides = getRowMajorStrides(input.getShape());
  Shape shape, strides;
  for (int64_t dim : permutation) {
    shape.push_back(input.getDim(dim));
    strides.push_back(inputStrides[dim]);
  }
  FailureOr<Tensor> result = call.allocate(input.getElementType(), shape);
  if (failed(result))
    return failure();
  copyBox(shape, input.elementBytes(), input.data(), strides,
          result->mutableData(), getRowMajorStrides(shape));
  return result;
}

namespace {

LogicalResult evaluateBroadcast(graph::BroadcastOp op, Call &call) {
  const Tensor &input = call.operands[0];
  Shape sizes = call.mixed(op.getStaticSizes(), op.getSizes());
  FailureOr<Tensor> result = call.allocate(input.getElementType(), sizes);
  if (failed(result))
    return failure();
  Shape inputStrides = getRowMajorStrides(input.getShape());
  Shape strides(sizes.size(), 0);
  int64_t offset = int64_t(sizes.size()) - input.getRank();
  for (int64_t dim = 0; dim < input.getRank(); ++dim) {
    int64_t found = input.getDim(dim), expected = sizes[dim + offset];
    if (found != 1 && found != expected)
      return call.error() << "broadcasts dim " << dim << " of "
                          << input.describe() << " to size " << expected;
    // A dim of size 1 in both places needs no stride either.
    strides[dim + offset] = found == 1 ? 0 : inputStrides[dim];
  }
  copyBox(sizes, input.elementBytes(), input.data(), strides,
          result->mutableData(), getRowMajorStrides(sizes));
  return call.finish(*result);
}

LogicalResult evaluateReshape(graph::ReshapeOp op, Call &call) {
  const Tensor &input = call.operands[0];
  Shape sizes = call.mixed(op.getStaticSizes(), op.getSizes());
  if (countElements(sizes) != input.size()) {
    InFlightDiagnostic diagnostic = call.error();
    diagnostic << "reshapes " << input.describe() << " to sizes [";
    llvm::interleaveComma(sizes, diagnostic);
    return diagnostic << "], expected as many elements";
  }
  return call.finish(input.reshaped(sizes));
}

LogicalResult evaluateTranspose(graph::TransposeOp op, Call &call) {
  FailureOr<Tensor> result =
      transpose(call, call.operands[0], op.getPermutation());
  return failed(result) ? failure() : call.finish(*result);
}

LogicalResult evaluateSlice(graph::SliceOp op, Call &call) {
  const Tensor &input = call.operands[0];
  Shape offsets = call.mixed(op.getStaticOffsets(), op.getOffsets());
  Shape sizes = call.mixed(op.getStaticSizes(), op.getSizes());
  FailureOr<Tensor> result = call.allocate(input.getElementType(), sizes);
  if (failed(result))
    return failure();
  if (result->size() == 0)
    return call.finish(*result);
  Shape steps = getRowMajorStrides(input.getShape());
  int64_t start = 0;
  for (int64_t dim = 0; dim < input.getRank(); ++dim) {
    int64_t stride = op.getStrides()[dim];
    int64_t first = offsets[dim];
    if (!isInside(first, sizes[dim], stride, input.getDim(dim)))
      return call.error() << "takes " << sizes[dim] << " elements from "
                          << first << " on in steps of " << stride << " in dim "
                          << dim << " of " << input.describe();
    start += first * steps[dim];
    steps[dim] *= stride;
  }
  unsigned width = input.elementBytes();
  copyBox(sizes, width, input.data() + start * width, steps,
          result->mutableData(), getRowMajorStrides(sizes));
  return call.finish(*result);
}

LogicalResult evaluateConcat(graph::ConcatOp op, Call &call) {
  int64_t axis = op.getAxis();
  Shape shape(call.operands[0].getShape());
  shape[axis] = 0;
  for (const Tensor &operand : call.operands) {
    for (int64_t dim = 0; dim < operand.getRank(); ++dim)
      if (dim != axis && operand.getDim(dim) != shape[dim])
        return call.error()
               << "joins " << call.operands[0].describe() << " and "
               << operand.describe() << ", expected equal sizes in dim " << dim;
    shape[axis] += operand.getDim(axis);
  }
  FailureOr<Tensor> result =
      call.allocate(call.operands[0].getElementType(), shape);
  if (failed(result))
    return failure();
  Shape strides = getRowMajorStrides(shape);
  int64_t offset = 0;
  unsigned width = result->elementBytes();
  for (const Tensor &operand : call.operands) {
    copyBox(operand.getShape(), width, operand.data(),
            getRowMajorStrides(operand.getShape()),
            result->mutableData() + offset * strides[axis] * width, strides);
    offset += operand.getDim(axis);
  }
  return call.finish(*result);
}

/// Source index of position `i` (from 0 at the first element of the input, so
/// negative in the low pad); -1 for the fill.
int64_t reflectIndex(int64_t i, int64_t size, graph::PadMode mode) {
  if (i >= 0 && i < size)
    return i;
  auto modulo = [](int64_t x, int64_t y) { return (x % y + y) % y; };
  switch (mode) {
  case graph::PadMode::constant:
    return -1;
  case graph::PadMode::edge:
    return i < 0 ? 0 : size - 1;
  case graph::PadMode::wrap:
    return modulo(i, size);
  case graph::PadMode::reflect: {
    if (size == 1)
      return 0;
    int64_t folded = modulo(i, 2 * (size - 1));
    return folded < size ? folded : 2 * (size - 1) - folded;
  }
  }
  llvm_unreachable("unknown pad mode");
}

LogicalResult evaluatePad(graph::PadOp op, Call &call) {
  const Tensor &input = call.operands[0];
  Shape low = call.mixed(op.getStaticLow(), op.getLow());
  Shape high = call.mixed(op.getStaticHigh(), op.getHigh());
  Shape shape;
  for (int64_t dim = 0; dim < input.getRank(); ++dim) {
    if (low[dim] < 0 || high[dim] < 0)
      return call.error() << "pads dim " << dim << " by " << low[dim] << " and "
                          << high[dim] << ", expected no negative counts";
    int64_t size = 0;
    if (llvm::AddOverflow(low[dim], high[dim], size) ||
        llvm::AddOverflow(size, input.getDim(dim), size))
      return call.error() << "pads dim " << dim << " by " << low[dim] << " and "
                          << high[dim] << ", which is too large";
    shape.push_back(size);
    if (op.getMode() != graph::PadMode::constant && input.getDim(dim) == 0 &&
        shape.back() != 0)
      return call.error() << "has no element to repeat in dim " << dim << " of "
                          << input.describe();
  }
  FailureOr<Tensor> result = call.allocate(input.getElementType(), shape);
  if (failed(result))
    return failure();
  // Each dim has a map from result index to offset in the input.
  Shape strides = getRowMajorStrides(input.getShape());
  std::vector<std::vector<int64_t>> sources(input.getRank());
  for (int64_t dim = 0; dim < input.getRank(); ++dim)
    for (int64_t i = 0; i < shape[dim]; ++i) {
      int64_t source =
          reflectIndex(i - low[dim], input.getDim(dim), op.getMode());
      sources[dim].push_back(source < 0 ? -1 : source * strides[dim]);
    }
  Tensor fill =
      op.getValue() ? call[op.getValue()] : Tensor(input.getElementType(), {});
  unsigned width = input.elementBytes();
  Shape index(input.getRank(), 0);
  for (int64_t i = 0; i < result->size(); ++i) {
    int64_t offset = 0;
    bool inside = true;
    for (int64_t dim = 0; dim < input.getRank(); ++dim) {
      int64_t source = sources[dim][index[dim]];
      inside &= source >= 0;
      offset += source;
    }
    std::memcpy(result->mutableData() + i * width,
                inside ? input.data() + offset * width : fill.data(), width);
    for (int64_t dim = input.getRank() - 1; dim >= 0; --dim) {
      if (++index[dim] < shape[dim])
        break;
      index[dim] = 0;
    }
  }
  return call.finish(*result);
}

LogicalResult evaluateIota(graph::IotaOp op, Call &call) {
  Shape sizes = call.mixed(op.getStaticSizes(), op.getSizes());
  FailureOr<Tensor> result = call.allocate(call.resultElement(), sizes);
  if (failed(result))
    return failure();
  AxisView view(sizes, op.getAxis());
  bool isFloat = result->isFloat();
  for (int64_t i = 0; i < result->size(); ++i) {
    int64_t value = i / view.inner % view.axis;
    if (isFloat) {
      auto number = static_cast<double>(value);
      storeElements(*result, i, 1, &number);
    } else {
      result->setInteger(i, value);
    }
  }
  return call.finish(*result);
}

LogicalResult evaluateSplat(graph::SplatOp op, Call &call) {
  const Tensor &scalar = call.operands[0];
  Type type = call.resultElement();
  if (scalar.isFloat())
    return call.finish(convertFloat(scalar, type));
  FailureOr<Tensor> result = call.allocate(type, {});
  if (failed(result))
    return failure();
  if (result->isFloat()) {
    auto number = static_cast<double>(scalar.getInteger());
    storeElements(*result, 0, 1, &number);
  } else {
    result->setInteger(0, scalar.getInteger());
  }
  return call.finish(*result);
}

} // namespace

void addRearrangeHandlers(HandlerTable &table) {
  table.add(evaluateBroadcast);
  table.add(evaluateReshape);
  table.add(evaluateTranspose);
  table.add(evaluateSlice);
  table.add(evaluateConcat);
  table.add(evaluatePad);
  table.add(evaluateIota);
  table.add(evaluateSplat);
}

} // namespace raddle::reference
