//===- Wire.h - Splits the bytes of tensors from a message -----*- C++ -*-===//
//
// Protobuf copies every byte it parses and stops at 2 GB. This walk goes over
// the wire format first, guided by the schema, leaves out the `raw_data` of
// every tensor and remembers where it lies.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_LIB_IMPORT_ONNX_WIRE_H
#define RADDLE_LIB_IMPORT_ONNX_WIRE_H

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace google::protobuf {
class Descriptor;
}

namespace raddle::onnx {

struct RawRange {
  const uint8_t *data = nullptr;
  size_t size = 0;
};

class WireSplitter {
public:
  /// Copies the message at `data` without raw data. In each tensor that has
  /// some, the field `doc_string` is replaced by the number of its range.
  /// False, and a message in `error`, when the bytes are not a message.
  bool split(const google::protobuf::Descriptor *type, const uint8_t *data,
             size_t size, std::string &out);

  std::vector<RawRange> ranges;
  /// Fields that the schema does not have, as `NodeProto.99`.
  std::set<std::string> unknown;
  std::string error;

private:
  bool walk(const google::protobuf::Descriptor *type, const uint8_t *data,
            size_t size, unsigned depth, std::string &out);
  bool fail(const uint8_t *at, const std::string &what);

  const uint8_t *start = nullptr;
};

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_WIRE_H
