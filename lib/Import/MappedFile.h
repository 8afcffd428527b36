//===- MappedFile.h - A file mapped into memory ----------------*- C++ -*-===//
#ifndef RADDLE_LIB_IMPORT_MAPPEDFILE_H
#define RADDLE_LIB_IMPORT_MAPPEDFILE_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace raddle {

/// A regular file, mapped read-only and privately.
class MappedFile {
public:
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  /// Null and a message in `error` that names `path`.
  static std::shared_ptr<MappedFile> open(const std::string &path,
                                          std::string &error);

  const uint8_t *data() const { return bytes; }
  size_t size() const { return length; }

private:
  MappedFile(const uint8_t *bytes, size_t length)
      : bytes(bytes), length(length) {}
  const uint8_t *bytes;
  size_t length;
};

} // namespace raddle

#endif // RADDLE_LIB_IMPORT_MAPPEDFILE_H
