//===- Types.cpp - Names and sizes of ONNX element types ------------------===//
#include "Model.h"

#include <iterator>

using namespace raddle::onnx;

namespace {
struct Row {
  const char *name;
  const char *interchange;
  unsigned bits;
};
constexpr Row rows[] = {{"undefined", "", 0},
                        {"float", "f32", 32},
                        {"uint8", "u8", 8},
                        {"int8", "i8", 8},
                        {"uint16", "u16", 16},
                        {"int16", "i16", 16},
                        {"int32", "i32", 32},
                        {"int64", "i64", 64},
                        {"string", "", 0},
                        {"bool", "i1", 8},
                        {"float16", "f16", 16},
                        {"double", "f64", 64},
                        {"uint32", "u32", 32},
                        {"uint64", "u64", 64},
                        {"complex64", "", 64},
                        {"complex128", "", 128},
                        {"bfloat16", "bf16", 16},
                        {"float8e4m3fn", "f8E4M3FN", 8},
                        {"float8e4m3fnuz", "f8E4M3FNUZ", 8},
                        {"float8e5m2", "f8E5M2", 8},
                        {"float8e5m2fnuz", "f8E5M2FNUZ", 8},
                        {"uint4", "u4", 4},
                        {"int4", "i4", 4},
                        {"float4e2m1", "f4E2M1FN", 4},
                        {"float8e8m0", "f8E8M0FNU", 8},
                        {"uint2", "u2", 2},
                        {"int2", "i2", 2}};

const Row *row(ElemType type) {
  auto index = static_cast<size_t>(type);
  return index < std::size(rows) ? &rows[index] : nullptr;
}
} // namespace

unsigned raddle::onnx::elemBits(ElemType type) {
  const Row *r = row(type);
  return r ? r->bits : 0;
}

std::string raddle::onnx::elemName(ElemType type) {
  const Row *r = row(type);
  return r ? r->name : "type " + std::to_string(static_cast<int>(type));
}

std::string raddle::onnx::interchangeName(ElemType type) {
  const Row *r = row(type);
  return r ? r->interchange : "";
}

const char *raddle::onnx::attrKindName(AttrKind kind) {
  static constexpr const char *names[] = {
      "undefined",      "float",   "int",    "string",
      "tensor",         "graph",   "floats", "ints",
      "strings",        "tensors", "graphs", "sparse tensor",
      "sparse tensors", "type",    "types"};
  auto index = static_cast<size_t>(kind);
  return index < std::size(names) ? names[index] : "unknown";
}

int64_t Tensor::count() const {
  int64_t n = 1;
  for (int64_t d : dims)
    n *= d;
  return n;
}

const NodeAttribute *Node::find(const std::string &name) const {
  for (const NodeAttribute &a : attributes)
    if (a.name == name)
      return &a;
  return nullptr;
}
