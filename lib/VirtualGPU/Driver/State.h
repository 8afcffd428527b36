//===- State.h - Objects behind the driver API's handles --------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_DRIVER_STATE_H
#define RADDLE_LIB_VIRTUALGPU_DRIVER_STATE_H

#include "Device/Device.h"
#include "raddle/VirtualGPU/CudaDriver.h"

#include <atomic>
#include <deque>
#include <functional>
#include <set>

using raddle::vgpu::Device;
using raddle::vgpu::Kernel;
using raddle::vgpu::LoadedModule;

namespace raddle::vgpu::driver {
/// One piece of a stream's work: something to run, a moment to pass, or a
/// moment to wait for (0: none).
struct StreamWork {
  std::function<CUresult()> run;
  uint64_t moment = 0, waitsFor = 0;
};
} // namespace raddle::vgpu::driver

struct CUctx_st {
  int ordinal = 0;
  bool isPrimary = false;
  int retained = 0;
};
struct CUfunc_st {
  struct CUmod_st *module = nullptr;
  const Kernel *kernel = nullptr;
  int maxDynamicShared = 0;
};
struct CUmod_st {
  int ordinal = 0;
  std::unique_ptr<LoadedModule> loaded;
  std::map<std::string, std::unique_ptr<CUfunc_st>> functions;
};
struct CUstream_st {
  int ordinal = 0;
  /// Only with a seed (Queue.h).
  std::deque<raddle::vgpu::driver::StreamWork> queue;
};
struct CUevent_st {
  bool recorded = false;
  uint64_t nanoseconds = 0;
  /// The moment that was recorded last.
  uint64_t moment = 0;
};

namespace raddle::vgpu::driver {

struct VirtualDevice {
  std::unique_ptr<Device> device;
  CUctx_st primary;
  /// A fault stays: every later call reports it, as on a real GPU.
  CUresult sticky = CUDA_SUCCESS;
};

/// Everything of the process. Calls hold `mutex`, so those of several host
/// threads take turns.
struct State {
  std::recursive_mutex mutex;
  bool initialized = false;
  std::vector<VirtualDevice> devices;
  std::set<CUcontext> contexts;
  std::set<CUmodule> modules;
  std::set<CUfunction> functions;
  std::set<CUstream> streams;
  /// The same in the order of their creation.
  std::vector<CUstream> ordered;
  std::set<CUevent> events;
  /// The stream whose work is being run later than it was submitted.
  CUstream running = nullptr;
  uint64_t lastMoment = 0;
  std::set<uint64_t> pendingMoments;
  std::map<void *, std::pair<int, size_t>> hostMemory;
  std::string faultText, faultJson;
  std::string counters;
};
State &state();

/// Locks the state, and gives the device of the calling thread's context.
class Call {
public:
  Call();
  /// The error to return at once: not initialised, no context, or an earlier
  /// fault.
  CUresult check();
  VirtualDevice *operator->() { return current; }
  VirtualDevice *current = nullptr;
  int ordinal = 0;

private:
  std::lock_guard<std::recursive_mutex> lock;
};

CUcontext currentContext();

} // namespace raddle::vgpu::driver

#endif
