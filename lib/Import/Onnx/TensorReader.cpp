//===- TensorReader.cpp - Locates the bytes of stored tensors -------------===//
#include "TensorReader.h"
#include "../MappedFile.h"
#include "onnx-ml.pb.h"

#include <cstring>
#include <filesystem>

using namespace raddle;
using namespace raddle::onnx;
namespace fs = std::filesystem;

namespace {

// Sparse tensors and typed fields become memory of their own: an upper bound
// keeps a small file from asking for a huge allocation.
constexpr int64_t maxOwnedBytes = int64_t(1) << 31;

/// Bytes of `count` elements; sub-byte elements are packed.
int64_t storedBytes(ElemType type, int64_t count) {
  unsigned bits = elemBits(type);
  return bits >= 8 ? count * (bits / 8)
                   : count / (8 / bits) + (count % (8 / bits) != 0);
}

template <typename To, typename Field>
void store(Tensor &tensor, const Field &field) {
  tensor.owned.resize(field.size() * sizeof(To));
  for (int i = 0; i < field.size(); ++i) {
    To value = static_cast<To>(field.Get(i));
    std::memcpy(tensor.owned.data() + i * sizeof(To), &value, sizeof(To));
  }
}

bool parseNumber(const std::string &text, uint64_t &value) {
  if (text.empty() || text.size() > 18 ||
      text.find_first_not_of("0123456789") != std::string::npos)
    return false;
  value = std::stoull(text);
  return true;
}

} // namespace

void TensorReader::readDims(Tensor &tensor, const ::onnx::TensorProto &proto) {
  // 2^40 elements are far over any memory and keep byte counts in 64 bits.
  constexpr int64_t limit = int64_t(1) << 40;
  int64_t count = 1;
  if (proto.dims_size() > 32) {
    tensor.problem = "has " + std::to_string(proto.dims_size()) +
                     " dims, expected at most 32";
    return;
  }
  for (int64_t dim : proto.dims()) {
    tensor.dims.push_back(dim);
    if (dim < 0) {
      tensor.problem = "has the negative dim " + std::to_string(dim);
      return;
    }
    if (dim != 0 && count > limit / dim) {
      tensor.problem = "has more than 2^40 elements";
      return;
    }
    count *= dim;
  }
}

void TensorReader::readTyped(Tensor &tensor, const ::onnx::TensorProto &proto) {
  switch (tensor.type) {
  case ElemType::Float:
    return store<float>(tensor, proto.float_data());
  case ElemType::Double:
    return store<double>(tensor, proto.double_data());
  case ElemType::Int64:
    return store<int64_t>(tensor, proto.int64_data());
  case ElemType::UInt64:
    return store<uint64_t>(tensor, proto.uint64_data());
  case ElemType::UInt32:
    return store<uint32_t>(tensor, proto.uint64_data());
  case ElemType::Int32:
    return store<int32_t>(tensor, proto.int32_data());
  case ElemType::Int16:
  case ElemType::UInt16:
  case ElemType::Float16:
  case ElemType::BFloat16:
    return store<uint16_t>(tensor, proto.int32_data());
  case ElemType::String:
    return;
  default:
    // Of one byte, or several packed into one.
    return store<uint8_t>(tensor, proto.int32_data());
  }
}

void TensorReader::readExternal(Tensor &tensor,
                                const ::onnx::TensorProto &proto) {
  std::string location;
  uint64_t offset = 0, length = 0;
  bool hasLength = false;
  for (const auto &entry : proto.external_data()) {
    if (entry.key() == "location") {
      location = entry.value();
    } else if (entry.key() == "offset") {
      if (!parseNumber(entry.value(), offset)) {
        tensor.problem = "has the external offset '" + entry.value() +
                         "', which is not a number";
        return;
      }
    } else if (entry.key() == "length") {
      if (!parseNumber(entry.value(), length)) {
        tensor.problem = "has the external length '" + entry.value() +
                         "', which is not a number";
        return;
      }
      hasLength = true;
    }
  }
  if (directory.empty()) {
    tensor.problem = "is stored externally, but the model is not a file";
    return;
  }
  fs::path relative(location);
  bool escapes = location.empty() || relative.is_absolute() ||
                 location.find('\0') != std::string::npos;
  for (const fs::path &part : relative)
    escapes |= part == "..";
  std::error_code code;
  fs::path root = fs::canonical(directory, code);
  fs::path full = fs::weakly_canonical(root / relative, code);
  // A symbolic link may lead out as well as `..` does.
  fs::path back = full.lexically_relative(root);
  if (escapes || code || back.empty() || *back.begin() == "..") {
    tensor.problem = "is stored in '" + location +
                     "', which is not inside the model's directory";
    return;
  }
  std::shared_ptr<MappedFile> &file = files[full.string()];
  if (!file) {
    std::string error;
    file = MappedFile::open(full.string(), error);
    if (!file) {
      tensor.problem = "is stored externally: " + error;
      return;
    }
    model.storage.push_back(file);
  }
  if (!hasLength)
    length = file->size() > offset ? file->size() - offset : 0;
  if (offset > file->size() || length > file->size() - offset) {
    tensor.problem = "lies at bytes " + std::to_string(offset) + " to " +
                     std::to_string(offset + length) + " of '" + location +
                     "', which has " + std::to_string(file->size());
    return;
  }
  tensor.data = file->data() + offset;
  tensor.size = length;
  // Without a stated length the tensor is a prefix of the rest of the file.
  if (!hasLength && elemBits(tensor.type)) {
    auto bytes =
        static_cast<uint64_t>(storedBytes(tensor.type, tensor.count()));
    tensor.size = std::min<uint64_t>(length, bytes);
  }
}

void TensorReader::add(const std::shared_ptr<Tensor> &tensor,
                       const std::string &entry) {
  std::string base = entry.empty() ? "constant" : entry;
  tensor->entry = base;
  for (unsigned n = 1; model.entries.count(tensor->entry); ++n)
    tensor->entry = base + "#" + std::to_string(n);
  model.entries[tensor->entry] = tensor;
  model.entryOrder.push_back(tensor->entry);
}

std::shared_ptr<Tensor> TensorReader::read(const ::onnx::TensorProto &proto,
                                           const std::string &entry) {
  auto tensor = std::make_shared<Tensor>();
  tensor->name = proto.name();
  tensor->type = static_cast<ElemType>(proto.data_type());
  readDims(*tensor, proto);
  add(tensor, entry);
  if (!tensor->problem.empty())
    return tensor;
  if (!elemBits(tensor->type)) {
    tensor->problem = "has elements of " + elemName(tensor->type) +
                      ", which is not supported";
    return tensor;
  }
  if (proto.has_segment()) {
    tensor->problem = "is one segment of a tensor, which is not supported";
    return tensor;
  }
  if (proto.data_location() == ::onnx::TensorProto::EXTERNAL) {
    readExternal(*tensor, proto);
  } else if (proto.has_doc_string()) {
    // The mark that the wire splitter left.
    const RawRange &range = ranges[std::stoul(proto.doc_string())];
    tensor->data = range.data;
    tensor->size = range.size;
  } else {
    readTyped(*tensor, proto);
    tensor->data = tensor->owned.data();
    tensor->size = tensor->owned.size();
  }
  if (!tensor->problem.empty())
    return tensor;
  int64_t expected = storedBytes(tensor->type, tensor->count());
  if (tensor->size != static_cast<uint64_t>(expected))
    tensor->problem = "holds " + std::to_string(tensor->size) +
                      " bytes, but its shape and type need " +
                      std::to_string(expected);
  return tensor;
}

std::shared_ptr<Tensor>
TensorReader::read(const ::onnx::SparseTensorProto &proto,
                   const std::string &entry) {
  Model scratch;
  TensorReader parts(scratch, directory);
  parts.ranges = ranges;
  std::shared_ptr<Tensor> values = parts.read(proto.values(), "values");
  std::shared_ptr<Tensor> indices = parts.read(proto.indices(), "indices");
  // Their bytes are copied here; external files need not stay open.
  auto dense = std::make_shared<Tensor>();
  dense->name = values->name;
  dense->type = values->type;
  ::onnx::TensorProto shape;
  for (int64_t dim : proto.dims())
    shape.add_dims(dim);
  readDims(*dense, shape);
  add(dense, entry);
  if (!dense->problem.empty())
    return dense;
  if (!values->problem.empty() || !indices->problem.empty()) {
    dense->problem = values->problem.empty() ? "indices: " + indices->problem
                                             : values->problem;
    return dense;
  }
  size_t width = elemBits(dense->type) / 8;
  int64_t count = dense->count(), stored = values->count();
  size_t rank = dense->dims.size();
  bool tuples = indices->dims.size() == 2;
  if (width == 0 || count * static_cast<int64_t>(width) > maxOwnedBytes) {
    dense->problem = "is a sparse tensor of more than 2 GB or of packed "
                     "elements, which is not supported";
    return dense;
  }
  if (indices->type != ElemType::Int64 || values->dims.size() != 1 ||
      indices->dims.empty() || indices->dims.size() > 2 ||
      indices->dims[0] != stored ||
      (tuples && indices->dims[1] != static_cast<int64_t>(rank))) {
    dense->problem = "is a sparse tensor whose indices do not fit its values";
    return dense;
  }
  dense->owned.resize(count * width);
  for (int64_t n = 0; n < stored; ++n) {
    int64_t offset = 0;
    bool inside = true;
    for (size_t d = 0; d < (tuples ? rank : 1); ++d) {
      int64_t index;
      std::memcpy(&index, indices->data + 8 * (tuples ? n * rank + d : n), 8);
      int64_t extent = tuples ? dense->dims[d] : count;
      inside &= index >= 0 && index < extent;
      offset = inside ? offset * extent + index : 0;
    }
    if (!inside) {
      dense->problem = "is a sparse tensor with an index outside its shape";
      return dense;
    }
    std::memcpy(dense->owned.data() + offset * width, values->data + n * width,
                width);
  }
  dense->data = dense->owned.data();
  dense->size = dense->owned.size();
  return dense;
}
