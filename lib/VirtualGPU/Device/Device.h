//===- Device.h - A virtual GPU ---------------------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_DEVICE_DEVICE_H
#define RADDLE_LIB_VIRTUALGPU_DEVICE_DEVICE_H

#include "Device/Machine.h"
#include "Device/Memory.h"
#include "Exec/Block.h"
#include "Exec/Code.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace raddle::vgpu {

/// How a device executes; `fromEnvironment` reads RADDLE_VGPU_CHECKS, _SEED,
/// _THREADS, _MMA, _TIMEOUT and _COUNTERS.
struct Settings {
  Checks checks;
  MmaMode mma = MmaMode::Hw;
  uint64_t seed = 0;
  unsigned threads = 0; // 0: one per processor
  double timeoutSeconds = 0;
  bool count = false;

  static bool fromEnvironment(Settings &settings, std::string &error);
  /// "none", "all" or a list of mem, init, race, sync.
  static bool parseChecks(const std::string &text, Checks &checks,
                          std::string &error);
  static bool parseMma(const std::string &text, MmaMode &mode,
                       std::string &error);
};

struct LoadedModule {
  Module ast;
  struct Global {
    uint64_t address, bytes;
  };
  std::map<std::string, Global, std::less<>> globals;
  std::map<std::string, std::unique_ptr<Kernel>, std::less<>> kernels;
};

struct LaunchDimensions {
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {1, 1, 1};
  /// Blocks of a cluster; zeros: as the kernel says, else one.
  uint32_t cluster[3] = {0, 0, 0};
  uint32_t dynamicShared = 0;
};

class Device {
public:
  Device(Machine machine, Settings settings);
  ~Device();

  const Machine machine;
  Settings settings;
  DeviceMemory memory;

  /// Parses, checks against the GPU's capability, allocates variables and
  /// decodes every kernel. Null with a message otherwise.
  std::unique_ptr<LoadedModule> load(std::string text, std::string &error);
  void unload(LoadedModule &module);

  enum class LaunchResult { Done, Invalid, Fault };
  /// Runs a kernel to its end. `params` has the layout of the kernel's
  /// parameter buffer. Invalid: `error` says why; Fault: `fault` has it.
  LaunchResult launch(const Kernel &kernel, const LaunchDimensions &dims,
                      const void *params, size_t paramBytes, std::string &error,
                      Fault &fault);
  /// Registers that a thread is taken to need: PTX has no allocation.
  unsigned estimatedRegisters(const Kernel &kernel) const;

  /// Blocks that the whole GPU holds at a time.
  uint64_t residentBlocks(const Kernel &kernel, uint64_t threads,
                          uint64_t sharedBytes) const;

  /// Counters of all launches since the last reset, as JSON.
  std::string countersJson() const;
  void resetCounters();

private:
  uint64_t paramBuffer = 0;
  uint64_t nextLaunch = 1;
  std::vector<std::unique_ptr<Counters>> counters;
};

} // namespace raddle::vgpu

#endif
