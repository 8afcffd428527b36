//===- Session.cpp - running a model --------------------------------------===//

#include "SessionImpl.h"

#include <chrono>
#include <new>

using namespace raddle;

Expected<std::unique_ptr<Session>>
Session::create(std::shared_ptr<Model> model, const SessionOptions &options) {
  auto impl = std::make_unique<Impl>(std::move(model), options);
  if (Error error = impl->gpu.enter())
    return error;
  if (Error error = impl->stream.create(impl->gpu))
    return error;
  if (Error error = impl->transfer.create(impl->gpu))
    return error;
  if (Error error = impl->readBack.allocate(impl->gpu, sizeof(int64_t)))
    return error;
  if (options.profile) {
    if (!impl->model->device()->countEvents(true))
      return Error("a profile per line needs the virtual GPU: '" +
                   impl->gpu.driver->path + "' has no counters");
    impl->profile = std::make_unique<Profile>();
  }
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

Error raddle::checkInputs(const host::Program &program,
                          const Session::Inputs &inputs) {
  std::vector<int64_t> dims(program.symbols.size());
  return bindDims(program, inputs, dims);
}

void Session::resetStates() { impl_->liveStates.clear(); }

void Session::setOnLaunch(OnLaunch onLaunch) {
  impl_->onLaunch = std::move(onLaunch);
}

const RunStats &Session::stats() const { return impl_->stats; }

std::vector<ProfileRow> Session::profile() const {
  return impl_->profile ? impl_->profile->rows() : std::vector<ProfileRow>();
}

Expected<Session::Outputs> Session::run(const Inputs &inputs,
                                        const OutputMemories &memories) {
  if (impl_->isRunning.exchange(true))
    return Error("the session is in use by another thread; each thread needs "
                 "a session of its own");
  // Sizes come from the model and its inputs, so memory may well run out.
  Expected<Outputs> outputs = [&]() -> Expected<Outputs> {
    try {
      return impl_->run(inputs, memories);
    } catch (const std::bad_alloc &) {
      return Error("out of memory");
    }
  }();
  impl_->isRunning = false;
  return outputs;
}

Expected<Session::Outputs> Session::Impl::run(const Inputs &inputs,
                                              const OutputMemories &memories) {
  auto start = std::chrono::steady_clock::now();
  stats = {};
  launchedKernels.clear();
  if (profile)
    profile->clear();
  slots.assign(code.numSlots, 0);
  ranges.assign(program.buffers.size(), {});
  pool.resetPeak();
  if (Error error = bindDims(program, inputs, slots))
    return error;
  if (Error error = checkConditions())
    return error;
  if (Error error = gpu.enter())
    return error;
  if (Error error = placeInputs(inputs, memories))
    return error;
  if (Error error = uploadInputs(inputs))
    return error;
  if (Error error = execute(code.prologue))
    return error;
  if (Error error = placeBuffers(inputs, memories))
    return error;
  if (Error error = createStreams())
    return error;
  // Events of an earlier call mean nothing here.
  events.clear();
  underWay.clear();
  order.reset(program.streams);
  Error error = joinStreams();
  if (!error)
    error = execute(code.body);
  // Also after an error: nothing may be under way when the caller gets its
  // memory back.
  Error late = finishStreams("a kernel failed");
  if (error)
    return error;
  if (late)
    return late;
  Expected<Outputs> outputs = collectOutputs(memories);
  stats.poolBytes = pool.peak();
  stats.kernels = launchedKernels.size();
  stats.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  return outputs;
}
