//===- StreamApi.cpp - Streams and events ---------------------------------===//
//
// Work runs inside the call that submits it or, with a seed, when somebody
// waits for it (Queue.h); an event is a moment.
//
//===----------------------------------------------------------------------===//

#include "Driver/Queue.h"

#include <chrono>

using namespace raddle::vgpu::driver;

static bool isStream(CUstream stream) {
  // Null, and the two special handles for legacy and per-thread streams.
  return reinterpret_cast<uintptr_t>(stream) <= 2 ||
         state().streams.count(stream);
}

CUresult cuStreamCreate(CUstream *stream, unsigned) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!stream)
    return CUDA_ERROR_INVALID_VALUE;
  *stream = new CUstream_st{call.ordinal, {}};
  state().streams.insert(*stream);
  state().ordered.push_back(*stream);
  return CUDA_SUCCESS;
}
CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int) {
  return cuStreamCreate(stream, flags);
}
CUresult cuStreamDestroy_v2(CUstream stream) {
  Call call;
  if (!state().streams.count(stream))
    return CUDA_ERROR_INVALID_HANDLE;
  drain(stream);
  state().streams.erase(stream);
  std::erase(state().ordered, stream);
  delete stream;
  return CUDA_SUCCESS;
}
CUresult cuStreamSynchronize(CUstream stream) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!isStream(stream))
    return CUDA_ERROR_INVALID_HANDLE;
  drain(state().streams.count(stream) ? stream : nullptr);
  return call->sticky;
}
CUresult cuStreamQuery(CUstream stream) { return cuStreamSynchronize(stream); }
CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!isStream(stream) || !state().events.count(event))
    return CUDA_ERROR_INVALID_HANDLE;
  if (event->recorded)
    wait(stream, event->moment);
  return CUDA_SUCCESS;
}
CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void *userData) {
  {
    Call call;
    if (CUresult bad = call.check())
      return bad;
    if (!isStream(stream))
      return CUDA_ERROR_INVALID_HANDLE;
    if (!function)
      return CUDA_ERROR_INVALID_VALUE;
    drain(state().streams.count(stream) ? stream : nullptr);
  }
  function(userData);
  return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent *event, unsigned) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!event)
    return CUDA_ERROR_INVALID_VALUE;
  *event = new CUevent_st;
  state().events.insert(*event);
  return CUDA_SUCCESS;
}
CUresult cuEventRecord(CUevent event, CUstream stream) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!state().events.count(event) || !isStream(stream))
    return CUDA_ERROR_INVALID_HANDLE;
  event->recorded = true;
  event->moment = record(stream);
  event->nanoseconds = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::steady_clock::now().time_since_epoch())
          .count());
  return CUDA_SUCCESS;
}
CUresult cuEventQuery(CUevent event) { return cuEventSynchronize(event); }
CUresult cuEventSynchronize(CUevent event) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!state().events.count(event))
    return CUDA_ERROR_INVALID_HANDLE;
  drainUntil(event->moment);
  return call->sticky;
}
CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!milliseconds)
    return CUDA_ERROR_INVALID_VALUE;
  if (!state().events.count(start) || !state().events.count(end) ||
      !start->recorded || !end->recorded)
    return CUDA_ERROR_INVALID_HANDLE;
  *milliseconds = static_cast<float>((static_cast<double>(end->nanoseconds) -
                                      static_cast<double>(start->nanoseconds)) *
                                     1e-6);
  return CUDA_SUCCESS;
}
CUresult cuEventDestroy_v2(CUevent event) {
  Call call;
  if (!state().events.erase(event))
    return CUDA_ERROR_INVALID_HANDLE;
  delete event;
  return CUDA_SUCCESS;
}
