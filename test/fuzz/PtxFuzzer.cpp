//===- PtxFuzzer.cpp - any PTX text is safe to load and to launch ---------===//
//
// The first byte chooses checks, seed and block size; the rest is PTX. Every
// kernel that loads runs for a moment on a small buffer. A kernel can only
// fault: the host is never harmed.
//
//===----------------------------------------------------------------------===//

#include "Device/Device.h"

using namespace raddle::vgpu;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  static const Machine kMachine = [] {
    Machine machine;
    std::string error;
    if (!findMachine("h100-sxm5", machine, error))
      __builtin_trap();
    machine.memoryBytes = 1 << 26;
    return machine;
  }();
  Settings settings;
  settings.threads = 1;
  settings.timeoutSeconds = 0.02;
  settings.checks.init = data[0] & 1;
  settings.checks.race = data[0] & 2;
  settings.checks.sync = data[0] & 4;
  settings.seed = data[0] >> 3 & 3;
  settings.count = data[0] & 32;
  Device device(kMachine, settings);
  std::string error;
  std::unique_ptr<LoadedModule> module = device.load(
      std::string(reinterpret_cast<const char *>(data + 1), size - 1), error);
  if (!module)
    return 0;
  const uint64_t buffer = device.memory.allocate(4096);
  for (auto &[name, kernel] : module->kernels) {
    std::vector<uint8_t> params(kernel->paramBytes + 8);
    for (size_t i = 0; i + 8 <= params.size(); i += 8)
      __builtin_memcpy(params.data() + i, &buffer, 8);
    LaunchDimensions dims;
    dims.block[0] = data[0] & 64 ? 33 : 64;
    dims.grid[0] = 2;
    dims.dynamicShared = 256;
    Fault fault;
    device.launch(*kernel, dims, params.data(), params.size(), error, fault);
  }
  return 0;
}
