//===- SessionImpl.h - one call's state ------------------------*- C++ -*-===//

#ifndef RADDLE_LIB_RUNTIME_SESSIONIMPL_H
#define RADDLE_LIB_RUNTIME_SESSIONIMPL_H

#include "AccessOrder.h"
#include "ModelImpl.h"
#include "Profile.h"
#include "raddle/Runtime/Session.h"

#include <atomic>
#include <deque>
#include <set>

namespace raddle {

/// Where a buffer of the program is during a call.
struct BufferRange {
  cuda::DevicePtr address = 0;
  int64_t bytes = 0;
  /// False for a pool buffer that names no memory.
  bool isPlaced = false;
  /// Of a weight or an input, under whatever name.
  bool isReadOnly = false;
  /// Of memory from the pool.
  std::shared_ptr<DeviceMemory> owner;
};

/// Binds the entry dims, the first slots; all problems at once.
Error bindDims(const host::Program &program, const Session::Inputs &inputs,
               std::vector<int64_t> &slots);

struct Session::Impl {
  Impl(std::shared_ptr<Model> model, const SessionOptions &options)
      : model(std::move(model)), options(options),
        program(this->model->program()), code(this->model->impl().code),
        gpu(this->model->device()->impl()), memory(program.buffers.size()) {}

  std::shared_ptr<Model> model;
  SessionOptions options;
  const host::Program &program;
  const code::Program &code;
  Device::Impl &gpu;

  /// Stream 0, and the program's others.
  DeviceStream stream;
  std::deque<DeviceStream> moreStreams;
  std::map<uint32_t, DeviceEvent> events;
  DeviceEvent joined;
  AccessOrder order;
  /// What may still be running, for messages.
  std::vector<const code::Launch *> underWay;
  Transfer transfer;
  /// For `read` statements.
  PinnedMemory readBack;
  DeviceMemory arena;
  /// Of inputs and outputs on the host, of states and of isolated workspaces;
  /// by buffer.
  std::vector<DeviceMemory> memory;
  std::set<uint32_t> liveStates;
  MemoryPool pool;

  /// Values of the host scalars and places of the buffers in this call.
  std::vector<int64_t> slots;
  std::vector<BufferRange> ranges;

  OnLaunch onLaunch;
  RunStats stats;
  /// With SessionOptions::profile.
  std::unique_ptr<Profile> profile;
  std::set<uint32_t> launchedKernels;
  std::atomic<bool> isRunning{false};

  //===--- Binding.cpp ---===//

  /// Evaluates the checks on the dims.
  Error checkConditions() const;
  /// Gives every buffer its memory and checks its range against it.
  /// Inputs first: the prologue reads them, and the sizes of other buffers may
  /// depend on what it finds.
  Error placeInputs(const Inputs &inputs, const OutputMemories &memories);
  Error placeBuffers(const Inputs &inputs, const OutputMemories &memories);
  std::map<uint32_t, const host::Port *> getPorts() const;
  Error uploadInputs(const Inputs &inputs);
  Expected<Outputs> collectOutputs(const OutputMemories &memories);

  //===--- Interpreter.cpp ---===//

  Error execute(const code::Block &block);
  /// Counts a statement, or a turn of a loop, against the limit.
  Error countTurn();
  /// Creates what the program needs beside stream 0.
  Error createStreams();
  DeviceStream &streamOf(uint32_t number) {
    return number == 0 ? stream : moreStreams[number - 1];
  }
  /// Every stream waits for all others.
  Error joinStreams();
  /// Waits until nothing runs any more.
  Error finishStreams(const std::string &what);

  Expected<Outputs> run(const Inputs &inputs, const OutputMemories &memories);

private:
  Error placeBuffer(uint32_t index, const Inputs &inputs,
                    const OutputMemories &memories,
                    const std::map<uint32_t, const host::Port *> &ports);
  Error placeState(uint32_t index, int64_t bytes);

  Error step(const code::Launch &op);
  Error step(const code::Let &op);
  Error step(const code::Read &op);
  Error step(const code::If &op);
  Error step(const code::Loop &op);
  Error step(const code::While &op);
  Error step(const code::Copy &op);
  Error step(const code::Fill &op);
  /// The message of a condition that does not hold, with what was compared.
  std::string describe(const code::Assert &check) const;
  Error step(const code::Assert &op);
  Error step(const code::Alloc &op);
  Error step(const code::Bind &op);
  Error step(const code::Free &op);
  Error step(const code::Record &op);
  Error step(const code::Wait &op);

  Error launch(const code::Launch &op, const host::Kernel &kernel);
  /// Judges the order of an access of the statement under way.
  Error touch(uint32_t buffer, cuda::DevicePtr address, uint64_t bytes,
              bool isWrite);
  Error describeFault(Error error, const std::string &module,
                      const host::Launch &launch);
  Expected<bool> isTrue(const host::CompiledExpr &condition);
  /// The address of a range of a buffer, which must lie inside of it.
  Expected<cuda::DevicePtr> addressIn(uint32_t buffer, int64_t offset,
                                      int64_t bytes) const;
  /// For messages: a line that says where an address is.
  std::string nearestBuffer(uint64_t address) const;
  Error copy(const code::Copy &op);
  Error fill(const code::Fill &op);
  Error read(const code::Read &op);
};

} // namespace raddle

#endif // RADDLE_LIB_RUNTIME_SESSIONIMPL_H
