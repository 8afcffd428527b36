//===- Launch.cpp - cuLaunchKernel ----------------------------------------===//

#include "Driver/Queue.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

using namespace raddle::vgpu;
using namespace raddle::vgpu::driver;

static CUresult codeOf(FaultClass c) {
  switch (c) {
  case FaultClass::Misaligned:
    return CUDA_ERROR_MISALIGNED_ADDRESS;
  case FaultClass::Timeout:
    return CUDA_ERROR_LAUNCH_TIMEOUT;
  case FaultClass::Assert:
    return CUDA_ERROR_ASSERT;
  case FaultClass::IllegalInstruction:
  case FaultClass::Trap:
    return CUDA_ERROR_ILLEGAL_INSTRUCTION;
  case FaultClass::OutOfBounds:
  case FaultClass::UseAfterFree:
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  default:
    return CUDA_ERROR_LAUNCH_FAILED;
  }
}

static CUresult run(const Kernel &kernel, const LaunchDimensions &dims,
                    std::vector<uint8_t> params);

static CUresult launchKernel(CUfunction function, const LaunchDimensions &dims,
                             CUstream stream, void **kernelParams,
                             void **extra) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  State &s = state();
  if (!s.functions.count(function))
    return CUDA_ERROR_INVALID_HANDLE;
  const Kernel &kernel = *function->kernel;
  const Machine &machine = call->device->machine;
  std::vector<uint8_t> params(kernel.paramBytes);
  if (extra) {
    const void *buffer = nullptr;
    size_t size = 0;
    for (void **p = extra; *p != CU_LAUNCH_PARAM_END; p += 2) {
      if (*p == CU_LAUNCH_PARAM_BUFFER_POINTER)
        buffer = p[1];
      else if (*p == CU_LAUNCH_PARAM_BUFFER_SIZE)
        size = *static_cast<size_t *>(p[1]);
      else
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (!buffer || size < kernel.paramBytes || kernelParams)
      return CUDA_ERROR_INVALID_VALUE;
    std::memcpy(params.data(), buffer, kernel.paramBytes);
  } else {
    if (!kernel.params.empty() && !kernelParams)
      return CUDA_ERROR_INVALID_VALUE;
    for (size_t i = 0; i < kernel.params.size(); ++i)
      std::memcpy(params.data() + kernel.params[i].offset, kernelParams[i],
                  kernel.params[i].bytes);
  }
  // More shared memory than the default needs the function's attribute.
  uint64_t limit = std::max<uint64_t>(
      machine.sharedPerBlock,
      kernel.staticShared + static_cast<uint64_t>(function->maxDynamicShared));
  if (kernel.staticShared + uint64_t(dims.dynamicShared) > limit) {
    s.faultText = "launch of kernel '" + kernel.name + "': " +
                  std::to_string(kernel.staticShared + dims.dynamicShared) +
                  " bytes of shared memory, the function's limit is " +
                  std::to_string(limit);
    return CUDA_ERROR_INVALID_VALUE;
  }
  return submit(stream, [&kernel, dims, params = std::move(params)] {
    return run(kernel, dims, params);
  });
}

static CUresult run(const Kernel &kernel, const LaunchDimensions &dims,
                    std::vector<uint8_t> params) {
  Call call;
  State &s = state();
  std::string error;
  Fault fault;
  switch (call->device->launch(kernel, dims, params.data(), params.size(),
                               error, fault)) {
  case Device::LaunchResult::Done:
    return CUDA_SUCCESS;
  case Device::LaunchResult::Invalid:
    s.faultText = error;
    return CUDA_ERROR_INVALID_VALUE;
  case Device::LaunchResult::Fault:
    break;
  }
  s.faultText = fault.text();
  s.faultJson = fault.json();
  // Set by `raddle-vgpu exec`: other people's programs do not print faults.
  if (const char *path = std::getenv("RADDLE_VGPU_FAULTS"); path && *path) {
    std::fprintf(stderr, "fault: %s\n", s.faultText.c_str());
    if (std::strcmp(path, "-")) {
      std::ofstream out(path, std::ios::binary | std::ios::app);
      out << s.faultJson << "\n";
    }
  }
  // The launch itself is asynchronous: the next synchronising call reports.
  call->sticky = codeOf(fault.faultClass);
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY,
                        unsigned gridZ, unsigned blockX, unsigned blockY,
                        unsigned blockZ, unsigned sharedBytes, CUstream stream,
                        void **kernelParams, void **extra) {
  LaunchDimensions dims;
  dims.grid[0] = gridX;
  dims.grid[1] = gridY;
  dims.grid[2] = gridZ;
  dims.block[0] = blockX;
  dims.block[1] = blockY;
  dims.block[2] = blockZ;
  dims.dynamicShared = sharedBytes;
  return launchKernel(function, dims, stream, kernelParams, extra);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function,
                          void **kernelParams, void **extra) {
  if (!config)
    return CUDA_ERROR_INVALID_VALUE;
  LaunchDimensions dims;
  dims.grid[0] = config->gridDimX;
  dims.grid[1] = config->gridDimY;
  dims.grid[2] = config->gridDimZ;
  dims.block[0] = config->blockDimX;
  dims.block[1] = config->blockDimY;
  dims.block[2] = config->blockDimZ;
  dims.dynamicShared = config->sharedMemBytes;
  // Programmatic launch order and priorities change nothing here.
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    const CUlaunchAttribute &attribute = config->attrs[i];
    constexpr unsigned kClusterDimension = 4;
    if (attribute.id == kClusterDimension) {
      std::memcpy(dims.cluster, attribute.value, sizeof dims.cluster);
      if (!dims.cluster[0] || !dims.cluster[1] || !dims.cluster[2])
        return CUDA_ERROR_INVALID_VALUE;
    }
  }
  return launchKernel(function, dims, config->hStream, kernelParams, extra);
}
