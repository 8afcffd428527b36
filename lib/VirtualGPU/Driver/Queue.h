//===- Queue.h - Work of streams that has not run yet -----------*- C++ -*-===//
//
// Without a seed the work of a stream runs inside the call that submits it.
// With a seed it waits until somebody has to wait for it; then streams take
// turns in an order that the seed gives and that events allow, so that a
// missing dependency shows.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_DRIVER_QUEUE_H
#define RADDLE_LIB_VIRTUALGPU_DRIVER_QUEUE_H

#include "Driver/State.h"

namespace raddle::vgpu::driver {

/// Runs `work` now, or behind what the stream has to do. The default streams
/// wait for all others. Needs the state's lock, as all of these.
CUresult submit(CUstream stream, std::function<CUresult()> work);
/// A moment in the stream's work.
uint64_t record(CUstream stream);
/// The stream goes on once the moment has come.
void wait(CUstream stream, uint64_t moment);
/// Runs work until the stream is idle; all streams, for null.
void drain(CUstream stream);
/// Runs work until the moment has come.
void drainUntil(uint64_t moment);

} // namespace raddle::vgpu::driver

#endif
