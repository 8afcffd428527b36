//===- NpzFuzzer.cpp - any bytes are safe to read as arrays ---------------===//

#include "raddle/Runtime/Npz.h"

using namespace raddle;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto bytes = std::as_bytes(std::span(data, size));
  (void)parseNpz(bytes);
  (void)parseNpy(bytes);
  return 0;
}
