//===- ModelImpl.h - modules and weights -----------------------*- C++ -*-===//

#ifndef RADDLE_LIB_RUNTIME_MODELIMPL_H
#define RADDLE_LIB_RUNTIME_MODELIMPL_H

#include "Code.h"
#include "DeviceImpl.h"
#include "raddle/Runtime/Model.h"

#include <map>

namespace raddle {

/// A kernel on the chosen target, ready for launching.
struct LoadedKernel {
  cuda::Function function = nullptr;
  std::array<int64_t, 3> block = {1, 1, 1};
  int64_t shared = 0;
};

struct Model::Impl {
  Impl(Artifact artifact, std::shared_ptr<Device> device)
      : artifact(std::move(artifact)), device(std::move(device)),
        code(this->artifact.program()) {}
  ~Impl();

  Error chooseTarget();
  Error uploadWeights();
  /// The kernel, loaded on its first use by any thread.
  Expected<LoadedKernel> kernel(uint32_t index);

  Artifact artifact;
  std::shared_ptr<Device> device;
  std::string target;
  code::Program code;
  /// By entry name.
  std::map<std::string, DeviceMemory> weights;

private:
  Expected<cuda::Module> module(const std::string &name);

  std::mutex mutex_;
  std::map<std::string, cuda::Module> modules_;
  /// By index of the kernel; a null function is not loaded yet.
  std::vector<LoadedKernel> kernels_;
};

} // namespace raddle

#endif // RADDLE_LIB_RUNTIME_MODELIMPL_H
