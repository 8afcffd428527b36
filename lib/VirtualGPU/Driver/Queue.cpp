//===- Queue.cpp - Work of streams that has not run yet -------------------===//

#include "Driver/Queue.h"

#include <cstdlib>

using namespace raddle::vgpu::driver;

namespace {

uint64_t seed() {
  static const uint64_t value = [] {
    const char *text = std::getenv("RADDLE_VGPU_SEED");
    return text ? std::strtoull(text, nullptr, 10) : 0;
  }();
  return value;
}

bool isDefault(CUstream stream) {
  return reinterpret_cast<uintptr_t>(stream) <= 2;
}

/// splitmix64.
uint64_t nextRandom() {
  static uint64_t state = seed();
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// Runs one piece of work of a stream that can go on. False when there is none.
bool step() {
  State &s = state();
  std::vector<CUstream> ready;
  for (CUstream stream : s.ordered)
    if (!stream->queue.empty() &&
        !s.pendingMoments.count(stream->queue.front().waitsFor))
      ready.push_back(stream);
  if (ready.empty())
    return false;
  CUstream stream = ready[nextRandom() % ready.size()];
  StreamWork work = std::move(stream->queue.front());
  stream->queue.pop_front();
  VirtualDevice &device = s.devices[stream->ordinal];
  // Nothing runs any more after a fault.
  s.running = stream;
  if (work.run && device.sticky == CUDA_SUCCESS)
    if (CUresult result = work.run(); result && device.sticky == CUDA_SUCCESS)
      device.sticky = result;
  s.running = nullptr;
  s.pendingMoments.erase(work.moment);
  return true;
}

} // namespace

CUresult raddle::vgpu::driver::submit(CUstream stream,
                                      std::function<CUresult()> work) {
  if (isDefault(stream) || seed() == 0) {
    drain(nullptr);
    return work();
  }
  stream->queue.push_back({std::move(work), 0, 0});
  return CUDA_SUCCESS;
}

uint64_t raddle::vgpu::driver::record(CUstream stream) {
  State &s = state();
  uint64_t moment = ++s.lastMoment;
  if (isDefault(stream) || seed() == 0) {
    drain(nullptr);
    return moment;
  }
  s.pendingMoments.insert(moment);
  stream->queue.push_back({nullptr, moment, 0});
  return moment;
}

void raddle::vgpu::driver::wait(CUstream stream, uint64_t moment) {
  if (isDefault(stream) || seed() == 0)
    return drain(nullptr);
  stream->queue.push_back({nullptr, 0, moment});
}

void raddle::vgpu::driver::drain(CUstream stream) {
  State &s = state();
  auto isBusy = [&] {
    if (stream)
      return !stream->queue.empty();
    for (CUstream other : s.ordered)
      if (!other->queue.empty())
        return true;
    return false;
  };
  while (isBusy() && step()) {
  }
}

void raddle::vgpu::driver::drainUntil(uint64_t moment) {
  while (state().pendingMoments.count(moment) && step()) {
  }
}
