//===- ArtifactFuzzer.cpp - any bytes are safe to open as a model ---------===//

#include "raddle/Artifact/Artifact.h"

#include <cstdlib>

using namespace raddle;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto bytes = std::as_bytes(std::span(data, size));
  Expected<Artifact> artifact =
      Artifact::fromBytes({bytes.begin(), bytes.end()}, "fuzz");
  if (artifact) {
    // What is accepted survives a round trip.
    std::string text = host::toJson(artifact->program());
    Expected<host::Program> again = host::fromJson(text);
    if (!again || host::toJson(*again) != text)
      std::abort();
  }
  // Most inputs fail in the container: try the program's text directly, too.
  (void)host::fromJson({reinterpret_cast<const char *>(data), size});
  return 0;
}
