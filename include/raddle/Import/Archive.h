//===- Archive.h - Tensors by name in a mapped file ------------*- C++ -*-===//
//
// Weights never enter the IR: `graph.weight` names an entry of an archive that
// lies beside the module. An archive maps its files and hands out byte ranges;
// it copies nothing.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_IMPORT_ARCHIVE_H
#define RADDLE_IMPORT_ARCHIVE_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace raddle {

/// One tensor of an archive.
struct ArchiveEntry {
  std::string name;
  /// An interchange type name: `i1` (one byte per element), `i8`, `u8`, ...,
  /// `f16`, `bf16`, `f32`, `f64`, `f8E4M3FN`, ...; `i4`, `u4`, `i2`, `u2` and
  /// `f4E2M1FN` are packed, the first element in the lowest bits.
  std::string type;
  std::vector<int64_t> shape;
  /// Row-major little-endian elements; lives as long as the archive.
  const uint8_t *data = nullptr;
  size_t size = 0;
};

/// Tensors by name. `find` is const and may be called from several threads.
class Archive {
public:
  virtual ~Archive();

  /// The entry called `name`, or null.
  virtual const ArchiveEntry *find(std::string_view name) const = 0;

  /// The names of all entries, in the order of the file.
  virtual std::vector<std::string> names() const = 0;

  /// Opens `path` in `format` (as in the module's `graph.archives`: `onnx`).
  /// Null and a message in `error` when the file cannot be read, is damaged, or
  /// the format is unknown.
  static std::unique_ptr<Archive>
  open(const std::string &path, const std::string &format, std::string &error);
};

} // namespace raddle

#endif // RADDLE_IMPORT_ARCHIVE_H
