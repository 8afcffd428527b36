//===- Block.cpp - Running thread blocks ----------------------------------===//

#include "Exec/Block.h"

#include "Check/Checker.h"
#include "Exec/Cluster.h"
#include "Exec/Counters.h"

#include <chrono>
#include <climits>
#include <cstring>
#include <deque>
#include <thread>

using namespace raddle::vgpu;

/// Instructions of a warp before the next one gets its turn.
static constexpr uint32_t kLongTurn = 1 << 16;
/// Instructions of a block before another block starts beside it: blocks may
/// wait for one another, but hardly any do, and each one costs its memory. Then
/// they take shorter turns.
static constexpr uint64_t kBeforeNextBlock = uint64_t(1) << 22;
static constexpr uint64_t kBlockTurn = uint64_t(1) << 16;
/// Stack of calls per thread beyond what the entry function declares.
static constexpr uint32_t kCallStackBytes = 4096;

static uint64_t steadyNanoseconds() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

BlockRunner::BlockRunner(LaunchState &launch) : launch(launch) {
  const uint32_t threads = launch.block[0] * launch.block[1] * launch.block[2];
  warps.resize((threads + 31) / 32);
  copies.resize(warps.size());
  sharedMemory = allocateAligned(launch.sharedBytes + 256);
  const Kernel &kernel = *launch.kernel;
  uint32_t local = 0;
  for (const auto &f : kernel.functions)
    local = std::max(local, f->localBytes);
  if (kernel.functions.size() > 1)
    local += kernel.functions[0]->localBytes + kCallStackBytes;
  if (local)
    localMemory = allocateAligned(size_t(local) * 32 * warps.size());
  for (Warp &w : warps) {
    w = Warp();
    w.localStride = local;
    w.localBytes = local;
  }
  if (launch.options.checks.any())
    checker = std::make_unique<Checker>(*this);
  if (launch.options.count)
    counters = std::make_unique<Counters>(*launch.kernel);
}

BlockRunner::~BlockRunner() = default;

Frame *BlockRunner::newFrame(const Code &code) {
  // Shadows of registers follow the registers.
  const uint32_t bytes = code.frameBytes * (hasShadows() ? 2 : 1);
  Frame *frame = nullptr;
  for (size_t i = 0; i < freeFrames.size(); ++i)
    if (freeFrames[i]->bytes == bytes) {
      frame = freeFrames[i];
      freeFrames[i] = freeFrames.back();
      freeFrames.pop_back();
      break;
    }
  if (!frame) {
    frames.push_back(std::make_unique<Frame>());
    frameMemory.push_back(allocateAligned(bytes));
    frame = frames.back().get();
    frame->regs = frameMemory.back().get();
    frame->bytes = bytes;
    std::memset(frame->regs, 0, bytes);
  }
  frame->code = &code;
  frame->parent = nullptr;
  frame->returnPc = 0;
  frame->localBase = 0;
  frame->depth = 0;
  frame->callOp = nullptr;
  if (hasShadows()) {
    // Everything is undefined; constants lie elsewhere.
    std::memset(frame->regs + code.frameBytes, 0xff, code.frameBytes);
  }
  return frame;
}

void BlockRunner::releaseFrame(Frame *frame) { freeFrames.push_back(frame); }

void BlockRunner::fault(Warp &w, const Op &op, FaultClass faultClass,
                        std::string message, unsigned lane, bool hasAddress,
                        uint64_t address, std::string allocation,
                        std::string other) {
  w.leave = true;
  w.mergePc = INT_MIN;
  if (faulted)
    return;
  faulted = true;
  std::lock_guard<std::mutex> lock(launch.mutex);
  // The fault of the first block counts, whatever thread ran first.
  if (launch.fault && launch.stopBlock.load() <= blockIndex)
    return;
  launch.stopBlock.store(blockIndex);
  Fault &f = launch.fault;
  f = Fault();
  f.faultClass = faultClass;
  f.message = std::move(message);
  f.kernel = launch.kernel->name;
  for (unsigned i = 0; i < 3; ++i)
    f.block[i] = w.ctaid[i];
  uint32_t linear = w.index * 32 + lane;
  f.thread[0] = linear % launch.block[0];
  f.thread[1] = linear / launch.block[0] % launch.block[1];
  f.thread[2] = linear / launch.block[0] / launch.block[1];
  for (const auto &code : launch.kernel->functions) {
    if (code->ops.empty() || &op < code->ops.data() ||
        &op >= code->ops.data() + code->ops.size())
      continue;
    const OpInfo &info = code->infos[&op - code->ops.data()];
    f.ptxLine = info.line;
    if (info.location >= 0) {
      const Module &module = *launch.kernel->module;
      const SourceLocation &at = module.locations[info.location];
      auto file = module.files.find(at.file);
      f.source = (file == module.files.end() ? "file " + std::to_string(at.file)
                                             : file->second) +
                 ":" + std::to_string(at.line);
      if (at.column)
        f.source += ":" + std::to_string(at.column);
    }
  }
  f.hasAddress = hasAddress;
  f.address = address;
  f.allocation = std::move(allocation);
  f.other = std::move(other);
}

void BlockRunner::begin(uint64_t index) {
  const uint32_t size = launch.blocksPerCluster();
  blockIndex = index * size + rank;
  faulted = false;
  const Code &entry = *launch.kernel->functions[0];
  const uint32_t threads = launch.block[0] * launch.block[1] * launch.block[2];
  freeFrames.clear();
  for (auto &f : frames)
    freeFrames.push_back(f.get());
  for (Barrier &b : barriers)
    b = Barrier();
  // Nothing may depend on what was there before.
  std::memset(sharedMemory.get(), 0xff, launch.sharedBytes);
  mbarriers.clear();
  clusterPhases.assign(32 * warps.size(), 0);
  bulkCopies.clear();
  wgmma.assign(warps.size(), WgmmaState());
  bulkGroups.assign(32 * warps.size(), 0);
  rounds = 0;
  uint32_t ctaid[3];
  uint64_t clusters = index;
  uint32_t inCluster = rank;
  for (unsigned d = 0; d < 3; ++d) {
    const uint32_t across = launch.grid[d] / launch.cluster[d];
    ctaid[d] = static_cast<uint32_t>(clusters % across) * launch.cluster[d] +
               inCluster % launch.cluster[d];
    clusters /= across;
    inCluster /= launch.cluster[d];
  }
  for (size_t i = 0; i < warps.size(); ++i) {
    Warp &w = warps[i];
    w.index = static_cast<uint32_t>(i);
    Frame *frame = newFrame(entry);
    const uint32_t first = w.index * 32;
    w.present = threads - first >= 32 ? ~0u : (1u << (threads - first)) - 1;
    frame->lanes = w.present;
    w.frame = frame;
    w.regs = frame->regs;
    w.code = entry.ops.data();
    w.consts = entry.consts.get();
    w.pc = 0;
    w.mergePc = INT_MAX;
    w.active = w.present;
    w.exec = 0;
    w.exited = 0;
    w.leave = w.done = w.waiting = false;
    w.mma = launch.options.mma;
    w.sm = launch.options.sm;
    w.backEdges = 0;
    w.shared = sharedMemory.get();
    w.sharedBytes = launch.sharedBytes;
    w.local = localMemory
                  ? localMemory.get() + size_t(w.localStride) * 32 * w.index
                  : nullptr;
    w.params = reinterpret_cast<const uint8_t *>(launch.params);
    w.paramBytes = launch.kernel->paramBytes;
    for (unsigned d = 0; d < 3; ++d) {
      w.ctaid[d] = ctaid[d];
      w.ntid[d] = launch.block[d];
      w.nctaid[d] = launch.grid[d];
      w.clusterDim[d] = launch.cluster[d];
    }
    w.clusterRank = rank;
    w.dynamicShared = launch.dynamicShared;
    w.launchId = launch.launchId;
    w.block = this;
    w.ranges = ranges;
    w.observed = checker || counters;
    w.numGroups = 0;
    w.copies = &copies[i];
    w.copies->copies.clear();
    std::memset(w.copies->laneGroup, 0, sizeof w.copies->laneGroup);
  }
  if (checker)
    checker->startBlock();
  random = (launch.options.seed * 0x9e3779b97f4a7c15u + blockIndex) | 1;
  if (launch.options.seed)
    for (int i = 0; i < 8; ++i)
      nextRandom();
}

void BlockRunner::runWarp(Warp &w) {
  w.leave = false;
  if (!w.active)
    reschedule(w);
  uint32_t budget = w.budget;
  while (true) {
    const Op *op = w.code + w.pc++;
    uint32_t lanes = w.active;
    if (op->guard >= 0)
      lanes &= *reinterpret_cast<const uint32_t *>(w.regs + op->guard) ^
               op->guardFlip;
    if (lanes) {
      w.exec = lanes;
      op->fn(w, *op);
    }
    if (__builtin_expect(w.pc >= w.mergePc, 0)) {
      if (w.leave)
        return;
      reschedule(w);
      if (w.leave)
        return;
    }
    if (__builtin_expect(--budget == 0, 0))
      return;
  }
}

/// The same with counters and the definedness of registers.
void BlockRunner::runChecked(Warp &w) {
  w.leave = false;
  if (!w.active)
    reschedule(w);
  uint32_t budget = w.budget;
  const bool init = launch.options.checks.init;
  while (!w.leave) {
    const Code &code = *w.frame->code;
    const Op *op = w.code + w.pc++;
    const OpInfo &info = code.infos[op - w.code];
    uint32_t lanes = w.active;
    if (op->guard >= 0)
      lanes &= *reinterpret_cast<const uint32_t *>(w.regs + op->guard) ^
               op->guardFlip;
    w.exec = lanes;
    if (counters)
      counters->instruction(w, code, *op, info);
    if (init && !checker->beforeOp(w, *op, info))
      return;
    if (lanes) {
      const Frame *frame = w.frame;
      op->fn(w, *op);
      if (init && !faulted && w.frame == frame)
        checker->afterOp(w, *op, info);
    }
    if (!w.leave && w.pc >= w.mergePc)
      reschedule(w);
    if (--budget == 0)
      return;
  }
}

bool BlockRunner::reportDeadlock() {
  for (Warp &w : warps)
    for (uint32_t i = 0; i < w.numGroups; ++i) {
      Group &g = w.groups[i];
      if (g.state != GroupState::WaitSync)
        continue;
      const Op &op = g.frame->code->ops[g.pc];
      const Sem sem = g.frame->code->infos[g.pc].form.sem;
      const uint32_t missing = g.syncMask & w.present & ~w.exited & ~g.lanes;
      const bool isBarrier =
          sem == Sem::BarSync || sem == Sem::BarArrive || sem == Sem::BarRed;
      fault(
          w, op, isBarrier ? FaultClass::DivergentBarrier : FaultClass::BadMask,
          (isBarrier
               ? std::string("threads of the warp never arrive at the "
                             "barrier: lane mask 0x")
               : std::string("threads of the member mask never arrive: lane "
                             "mask 0x")) +
              [&] {
                char text[16];
                std::snprintf(text, sizeof text, "%x", missing);
                return std::string(text);
              }(),
          __builtin_ctz(g.lanes));
      return true;
    }
  for (Warp &w : warps)
    for (uint32_t i = 0; i < w.numGroups; ++i) {
      Group &g = w.groups[i];
      if (g.state != GroupState::WaitBarrier)
        continue;
      const Barrier &b = barriers[g.barrier];
      fault(w, g.frame->code->ops[g.pc - 1], FaultClass::DivergentBarrier,
            "barrier " + std::to_string(g.barrier) + " waits for " +
                std::to_string(b.expected ? b.expected : 32 * liveWarps()) +
                " threads, only " + std::to_string(b.arrived) + " ever arrive",
            __builtin_ctz(g.lanes));
      return true;
    }
  for (Warp &w : warps)
    for (uint32_t i = 0; i < w.numGroups; ++i)
      if (w.groups[i].state == GroupState::WaitCluster) {
        const Group &g = w.groups[i];
        fault(w, g.frame->code->ops[g.pc], FaultClass::DivergentBarrier,
              "threads of the cluster never arrive at its barrier: " +
                  std::to_string(cluster->count) + " have",
              __builtin_ctz(g.lanes));
        return true;
      }
  return false;
}

uint64_t BlockRunner::nextRandom() {
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  return random;
}

BlockRunner::Status BlockRunner::round(uint64_t &executed, bool &progress) {
  const bool seeded = launch.options.seed != 0;
  const bool checked = launch.options.checks.init || counters;
  ++rounds;
  if (!bulkCopies.empty())
    progress |= landBulkCopies(false);
  const size_t n = warps.size();
  const size_t first = seeded ? nextRandom() % n : 0;
  bool allDone = true;
  for (size_t k = 0; k < n; ++k) {
    Warp &w = warps[(first + k) % n];
    if (w.done)
      continue;
    allDone = false;
    if (w.waiting)
      continue;
    progress = true;
    if (seeded && nextRandom() % 4 == 0)
      continue; // someone else first
    w.budget = seeded ? 1 + nextRandom() % 64 : kLongTurn;
    if (checked)
      runChecked(w);
    else
      runWarp(w);
    executed += w.leave ? 0 : w.budget;
    if (faulted)
      return Status::Fault;
  }
  if (!allDone)
    return Status::Running;
  // What was on its way to global memory arrives.
  for (size_t i = 0; i < n && !bulkCopies.empty(); ++i)
    landBulkGroups(static_cast<uint32_t>(i), ~0u, ~0u);
  return Status::Done;
}

bool BlockRunner::outOfTime() {
  if (!launch.deadline || steadyNanoseconds() <= launch.deadline)
    return false;
  Warp *w = &warps[0];
  for (Warp &other : warps)
    if (!other.done && !other.waiting)
      w = &other;
  fault(*w, w->code[std::max(w->pc, 1) - 1], FaultClass::Timeout,
        "the kernel ran longer than allowed",
        w->active ? __builtin_ctz(w->active) : 0);
  return true;
}

void raddle::vgpu::runGrid(LaunchState &launch) {
  const uint32_t perCluster = launch.blocksPerCluster();
  const uint64_t total =
      uint64_t(launch.grid[0]) * launch.grid[1] * launch.grid[2] / perCluster;
  if (launch.options.timeoutSeconds > 0)
    launch.deadline =
        steadyNanoseconds() +
        static_cast<uint64_t>(launch.options.timeoutSeconds * 1e9);
  auto work = [&] {
    std::vector<std::unique_ptr<Cluster>> idle;
    std::deque<Cluster *> resident;
    auto fresh = [&]() -> Cluster * {
      if (idle.empty())
        return new Cluster(launch);
      Cluster *runner = idle.back().release();
      idle.pop_back();
      return runner;
    };
    while (true) {
      // A new cluster as long as there is one and it could be resident, else
      // the one that has waited longest.
      std::unique_ptr<Cluster> runner;
      if (resident.size() < launch.maxResident || resident.empty()) {
        uint64_t index = launch.nextCluster.fetch_add(1);
        if (index < total && index * perCluster <= launch.stopBlock.load()) {
          runner.reset(fresh());
          runner->begin(index);
        }
      }
      if (!runner) {
        if (resident.empty())
          break;
        runner.reset(resident.front());
        resident.pop_front();
      }
      const bool waits = launch.blocksWait.load(std::memory_order_relaxed);
      switch (runner->resume(waits ? kBlockTurn : kBeforeNextBlock)) {
      case BlockRunner::Status::Running:
        launch.blocksWait.store(true, std::memory_order_relaxed);
        resident.push_back(runner.release());
        break;
      case BlockRunner::Status::Done:
      case BlockRunner::Status::Fault:
        idle.push_back(std::move(runner));
        break;
      }
    }
    for (auto &runner : idle)
      for (auto &block : runner->blocks)
        if (block->counters) {
          std::lock_guard<std::mutex> lock(launch.mutex);
          launch.counters->add(*block->counters);
        }
  };
  const uint64_t threads =
      std::min<uint64_t>(std::max(1u, launch.options.threads), total);
  std::vector<std::thread> pool;
  for (uint64_t i = 1; i < threads; ++i)
    pool.emplace_back(work);
  work();
  for (std::thread &t : pool)
    t.join();
}
