//===- Safetensors.h - the container ---------------------------*- C++ -*-===//
//
// Strict reading and streamed writing of safetensors files
// (https://github.com/huggingface/safetensors): 8 bytes of header length, a
// JSON header, then the tensors without holes.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_ARTIFACT_SAFETENSORS_H
#define RADDLE_ARTIFACT_SAFETENSORS_H

#include "raddle/Artifact/ByteSink.h"
#include "raddle/Support/Error.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace raddle {

/// A tensor in a safetensors file.
struct SafetensorsEntry {
  std::string name;
  /// As in the file: `U8`, `F32`, `F8_E4M3`, ...
  std::string dtype;
  std::vector<int64_t> shape;
  /// From the start of the file.
  uint64_t offset = 0;
  /// In bytes.
  uint64_t size = 0;
};

/// A safetensors file, mapped into memory. Any bytes are safe to open: every
/// size, offset and type is checked, and an error names the entry at fault.
class SafetensorsFile {
public:
  /// Maps a regular file.
  static Expected<SafetensorsFile> open(const std::string &path);
  /// Takes bytes in memory; `name` is used in messages.
  static Expected<SafetensorsFile> fromBytes(std::vector<std::byte> bytes,
                                             std::string name);

  /// In the order of their offsets.
  const std::vector<SafetensorsEntry> &entries() const { return entries_; }
  /// Null when there is none.
  const SafetensorsEntry *find(std::string_view name) const;
  /// Valid as long as this object or one moved from it.
  std::span<const std::byte> bytes(const SafetensorsEntry &entry) const {
    return data_.subspan(entry.offset, entry.size);
  }
  /// The strings of `__metadata__`.
  const std::map<std::string, std::string, std::less<>> &metadata() const {
    return metadata_;
  }
  const std::string &path() const { return path_; }

private:
  Error parse();

  std::string path_;
  /// Keeps the mapping or the vector alive.
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> data_;
  std::vector<SafetensorsEntry> entries_;
  std::map<std::string, uint32_t, std::less<>> index_;
  std::map<std::string, std::string, std::less<>> metadata_;
};

/// Writes the bytes of one entry.
using ByteProducer = std::function<Error(ByteSink &)>;

/// Writes a safetensors file whose entries start on multiples of `alignment`.
/// Nothing is written before `write`, and the memory needed does not grow with
/// the entries' sizes. The file appears under its name complete or not at all.
/// Equal calls give equal bytes.
class SafetensorsWriter {
public:
  /// `alignment` is a power of two; the holes are filled with entries
  /// `__pad__/<n>`.
  explicit SafetensorsWriter(uint64_t alignment = 256)
      : alignment_(alignment) {}

  void setMetadata(std::string key, std::string value) {
    metadata_[std::move(key)] = std::move(value);
  }
  /// Adds an entry of `size` bytes, which `producer` writes later, in the order
  /// of the calls. Wrong sizes and names taken twice are errors.
  Error add(std::string name, std::string_view dtype,
            std::vector<int64_t> shape, uint64_t size, ByteProducer producer);
  /// The same for bytes that stay valid until `write` has returned.
  Error add(std::string name, std::string_view dtype,
            std::vector<int64_t> shape, std::span<const std::byte> bytes);
  /// Writes to a temporary name next to `path`, syncs it to the disk and
  /// renames it. On an error nothing is left behind and `path` is as before.
  Error write(const std::string &path) const;

private:
  std::string header(std::vector<uint64_t> &offsets) const;
  Error writeTo(ByteSink &sink) const;

  struct Entry {
    std::string name, dtype;
    std::vector<int64_t> shape;
    uint64_t size;
    ByteProducer producer;
  };
  uint64_t alignment_;
  std::map<std::string, std::string> metadata_;
  std::vector<Entry> entries_;
  std::map<std::string, uint32_t> index_;
};

} // namespace raddle

#endif // RADDLE_ARTIFACT_SAFETENSORS_H
