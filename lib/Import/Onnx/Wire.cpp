//===- Wire.cpp - Splits the bytes of tensors from a message --------------===//
#include "Wire.h"

#include <google/protobuf/descriptor.h>

using namespace raddle::onnx;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

// Nesting of a model: graphs in attributes of nodes cost three levels each.
constexpr unsigned maxDepth = 90;

bool readVarint(const uint8_t *&at, const uint8_t *end, uint64_t &value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at == end)
      return false;
    uint8_t byte = *at++;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return true;
  }
  return false;
}

void writeVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>((value & 0x7f) | 0x80));
  out.push_back(static_cast<char>(value));
}

/// The wire type that a single value of the field has.
unsigned wireType(const FieldDescriptor *field) {
  switch (field->type()) {
  case FieldDescriptor::TYPE_DOUBLE:
  case FieldDescriptor::TYPE_FIXED64:
  case FieldDescriptor::TYPE_SFIXED64:
    return 1;
  case FieldDescriptor::TYPE_FLOAT:
  case FieldDescriptor::TYPE_FIXED32:
  case FieldDescriptor::TYPE_SFIXED32:
    return 5;
  case FieldDescriptor::TYPE_STRING:
  case FieldDescriptor::TYPE_BYTES:
  case FieldDescriptor::TYPE_MESSAGE:
  case FieldDescriptor::TYPE_GROUP:
    return 2;
  default:
    return 0;
  }
}

} // namespace

bool WireSplitter::fail(const uint8_t *at, const std::string &what) {
  error = what + " at byte " + std::to_string(at - start);
  return false;
}

bool WireSplitter::split(const Descriptor *type, const uint8_t *data,
                         size_t size, std::string &out) {
  start = data;
  return walk(type, data, size, 0, out);
}

bool WireSplitter::walk(const Descriptor *type, const uint8_t *data,
                        size_t size, unsigned depth, std::string &out) {
  if (depth > maxDepth)
    return fail(data, "messages nest deeper than " + std::to_string(maxDepth));
  const uint8_t *at = data, *end = data + size;
  bool isTensor = type->name() == "TensorProto";
  bool hasRaw = false;
  RawRange raw;
  while (at != end) {
    const uint8_t *fieldStart = at;
    uint64_t tag;
    if (!readVarint(at, end, tag))
      return fail(fieldStart, "truncated " + type->name());
    unsigned wire = tag & 7;
    uint64_t number = tag >> 3;
    uint64_t length = 0;
    const uint8_t *payload = at;
    switch (wire) {
    case 0: {
      uint64_t ignored;
      if (!readVarint(at, end, ignored))
        return fail(fieldStart, "truncated number in " + type->name());
      break;
    }
    case 1:
      length = 8;
      break;
    case 5:
      length = 4;
      break;
    case 2:
      if (!readVarint(at, end, length))
        return fail(fieldStart, "truncated length in " + type->name());
      payload = at;
      break;
    default:
      return fail(fieldStart, "malformed field of " + type->name());
    }
    if (length > static_cast<uint64_t>(end - at))
      return fail(fieldStart, "a field of " + type->name() + " states " +
                                  std::to_string(length) + " bytes but " +
                                  std::to_string(end - at) + " are left");
    at += length;
    const FieldDescriptor *field =
        number > 0 && number < (1u << 29)
            ? type->FindFieldByNumber(static_cast<int>(number))
            : nullptr;
    if (!field) {
      unknown.insert(type->name() + "." + std::to_string(number));
      continue;
    }
    bool packed = wire == 2 && field->is_packable();
    if (wire != wireType(field) && !packed)
      return fail(fieldStart, "field '" + field->name() + "' of " +
                                  type->name() + " has the wrong wire type");
    if (isTensor && field->name() == "raw_data") {
      hasRaw = true;
      raw = {payload, static_cast<size_t>(length)};
      continue;
    }
    if (isTensor && field->name() == "doc_string")
      continue;
    if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      std::string inner;
      if (!walk(field->message_type(), payload, length, depth + 1, inner))
        return false;
      writeVarint(out, tag);
      writeVarint(out, inner.size());
      out += inner;
      continue;
    }
    out.append(reinterpret_cast<const char *>(fieldStart), at - fieldStart);
  }
  if (hasRaw) {
    const FieldDescriptor *doc = type->FindFieldByName("doc_string");
    std::string mark = std::to_string(ranges.size());
    ranges.push_back(raw);
    writeVarint(out, static_cast<uint64_t>(doc->number()) << 3 | 2);
    writeVarint(out, mark.size());
    out += mark;
  }
  return true;
}
