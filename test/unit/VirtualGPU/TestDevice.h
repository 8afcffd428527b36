//===- TestDevice.h - Runs PTX in a test ------------------------*- C++ -*-===//

#ifndef RADDLE_TEST_UNIT_VIRTUALGPU_TESTDEVICE_H
#define RADDLE_TEST_UNIT_VIRTUALGPU_TESTDEVICE_H

#include "Device/Device.h"

#include <cstring>
#include <gtest/gtest.h>

namespace raddle::vgpu {

/// One device, one module; arguments are device pointers and scalars.
class TestDevice {
public:
  explicit TestDevice(const std::string &gpu = "a100-sxm4-80",
                      const std::string &checks = "none") {
    Machine machine;
    std::string error;
    EXPECT_TRUE(findMachine(gpu, machine, error)) << error;
    Settings settings;
    settings.threads = 1;
    EXPECT_TRUE(Settings::parseChecks(checks, settings.checks, error)) << error;
    device = std::make_unique<Device>(machine, settings);
  }

  /// Wraps a kernel body in a module for `target`.
  static std::string moduleText(const std::string &body,
                                const std::string &target = "sm_80") {
    return ".version 8.0\n.target " + target + "\n.address_size 64\n" + body;
  }

  bool load(const std::string &text) {
    error.clear();
    module = device->load(text, error);
    return module != nullptr;
  }

  template <class T> uint64_t upload(const std::vector<T> &data) {
    uint64_t a = device->memory.allocate(data.size() * sizeof(T));
    std::memcpy(reinterpret_cast<void *>(a), data.data(),
                data.size() * sizeof(T));
    device->memory.setState(a, data.size() * sizeof(T), kDefined);
    return a;
  }
  template <class T> std::vector<T> download(uint64_t address, size_t count) {
    std::vector<T> data(count);
    std::memcpy(data.data(), reinterpret_cast<const void *>(address),
                count * sizeof(T));
    return data;
  }
  uint64_t allocate(uint64_t bytes) { return device->memory.allocate(bytes); }

  /// Runs `entry` with 64-bit arguments.
  Device::LaunchResult run(const std::string &entry, std::vector<uint64_t> args,
                           uint32_t threads = 32, uint32_t blocks = 1,
                           uint32_t dynamicShared = 0) {
    auto it = module->kernels.find(entry);
    if (it == module->kernels.end()) {
      error = "no kernel '" + entry + "'";
      return Device::LaunchResult::Invalid;
    }
    LaunchDimensions dims;
    dims.grid[0] = blocks;
    dims.block[0] = threads;
    dims.dynamicShared = dynamicShared;
    fault = Fault();
    return device->launch(*it->second, dims, args.data(), args.size() * 8,
                          error, fault);
  }

  std::unique_ptr<Device> device;
  std::unique_ptr<LoadedModule> module;
  std::string error;
  Fault fault;
};

} // namespace raddle::vgpu

#endif
