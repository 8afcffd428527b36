//===- AtomicFile.h - a file that appears complete or not at all -*- C++ -*-==//

#ifndef RADDLE_ARTIFACT_ATOMICFILE_H
#define RADDLE_ARTIFACT_ATOMICFILE_H

#include "raddle/Artifact/ByteSink.h"

#include <string>
#include <vector>

namespace raddle {

/// A file written under a temporary name next to its target and renamed by
/// `commit`; removed again without it. A target that is there and is no regular
/// file (a pipe, a device) is written directly.
class AtomicFile : public ByteSink {
public:
  AtomicFile() = default;
  ~AtomicFile() override;
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  Error create(const std::string &path);
  Error write(const void *data, size_t size) override;
  /// Brings all to the disk and puts the file in its place.
  Error commit();

private:
  Error failure() const;
  Error flush();
  Error writeAll(const char *bytes, size_t size);

  std::string target_, temporary_;
  int fd_ = -1;
  std::vector<char> buffer_;
};

} // namespace raddle

#endif // RADDLE_ARTIFACT_ATOMICFILE_H
