//===- Session.h - running a model -----------------------------*- C++ -*-===//
//
//   auto device = Device::open({});
//   auto model = Model::load("model.raddle", *device);
//   auto session = Session::create(*model);
//   auto result = (*session)->run({{"x", x.view()}});
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_RUNTIME_SESSION_H
#define RADDLE_RUNTIME_SESSION_H

#include "raddle/Runtime/Model.h"
#include "raddle/Runtime/Tensor.h"

#include <array>
#include <functional>
#include <map>

namespace raddle {

/// Memory of the caller that takes an output.
struct OutputMemory {
  void *data = nullptr;
  /// In bytes; at least the size of the output's buffer.
  uint64_t capacity = 0;
  MemorySpace space = MemorySpace::Host;
};

/// What a launch looked like, for tools.
struct LaunchInfo {
  const host::Kernel *kernel;
  const host::Launch *launch;
  std::array<int64_t, 3> grid;
  std::array<int64_t, 3> block;
  int64_t shared;
};

struct RunStats {
  /// Kernel launches, without those with an empty grid.
  uint64_t launches = 0;
  /// Different kernels among them.
  uint64_t kernels = 0;
  /// Wall-clock time of the call, copies of inputs and outputs included.
  double seconds = 0;
  /// Bytes of the workspace arena.
  uint64_t arenaBytes = 0;
  /// The most bytes at one time of buffers whose size was only known while the
  /// program ran.
  uint64_t poolBytes = 0;
  /// Statements and turns of loops.
  uint64_t statements = 0;
};

/// What the virtual GPU counted at one line of a kernel's tile text, for one
/// node of the graph.
struct ProfileRow {
  std::string kernel;
  /// Of the tile text; 0 for code without a line.
  uint64_t line = 0;
  std::string text;
  /// The operation of the graph and the part of it that the line is for, and
  /// its node; empty where not known.
  std::string operation, part, node;
  /// Instructions of warps, and those of threads that were predicated off.
  uint64_t instructions = 0, predicatedOff = 0;
  /// Sectors of 32 bytes of global memory, and the bytes asked for.
  uint64_t globalSectors = 0, globalBytes = 0;
  /// Accesses to shared memory, and those made necessary by bank conflicts.
  uint64_t sharedWavefronts = 0, sharedConflicts = 0;
};

struct SessionOptions {
  /// Counts events per line on the virtual GPU (slower). Counters belong to the
  /// driver: no other session may run meanwhile.
  bool profile = false;
  /// Gives each workspace memory of its own, new in each call, instead of a
  /// range of the arena: then the virtual GPU finds accesses beyond a workspace
  /// and reads of what was never written. For programs in which no workspace is
  /// meant to share memory with another.
  bool isolateWorkspaces = false;
  /// A call ends with an error after so many statements of the host program and
  /// turns of its loops, so that a loop that never ends does not hang; 0 for no
  /// limit. A statement takes a tenth of a microsecond or more.
  uint64_t maxStatements = 1'000'000'000;
};

/// One user of a model: a stream, a workspace arena that grows when a call
/// needs more, and the model's states. Not for use by two threads at once.
class Session {
public:
  using Inputs = std::map<std::string, TensorView>;
  using OutputMemories = std::map<std::string, OutputMemory>;
  using Outputs = std::map<std::string, Tensor>;
  using OnLaunch = std::function<void(const LaunchInfo &)>;

  static Expected<std::unique_ptr<Session>>
  create(std::shared_ptr<Model> model, const SessionOptions &options = {});
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  /// Runs the model and waits for it. All outputs are in the result; those
  /// named in `memories` have their data there instead of in the tensor's
  /// bytes. On an error no output is valid, and states may be half changed.
  Expected<Outputs> run(const Inputs &inputs,
                        const OutputMemories &memories = {});

  /// Gives the states their initial values again, and lets them have another
  /// size.
  void resetStates();
  /// Called for each launch, in order, from within `run`.
  void setOnLaunch(OnLaunch onLaunch);
  /// Of the last call of `run`.
  const RunStats &stats() const;
  /// Of the last call of `run`, with SessionOptions::profile; most instructions
  /// first.
  std::vector<ProfileRow> profile() const;

  struct Impl;

private:
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Everything that is wrong with the names, types and shapes of inputs, one
/// line per problem, with what was expected and found. Needs no device; `run`
/// does the same.
Error checkInputs(const host::Program &program, const Session::Inputs &inputs);

} // namespace raddle

#endif // RADDLE_RUNTIME_SESSION_H
