//===- ByteSink.h - where bytes go -----------------------------*- C++ -*-===//

#ifndef RADDLE_ARTIFACT_BYTESINK_H
#define RADDLE_ARTIFACT_BYTESINK_H

#include "raddle/Support/Error.h"

#include <cstddef>

namespace raddle {

/// Takes a stream of bytes.
class ByteSink {
public:
  virtual ~ByteSink() = default;
  virtual Error write(const void *data, size_t size) = 0;
};

} // namespace raddle

#endif // RADDLE_ARTIFACT_BYTESINK_H
