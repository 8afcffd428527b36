//===- Cluster.cpp - Clusters, mapa, barrier.cluster ----------------------===//

#include "Exec/Cluster.h"

#include "Check/Checker.h"
#include "Exec/Counters.h"

#include <cstring>

using namespace raddle::vgpu;

Cluster::Cluster(LaunchState &launch) : launch(launch) {
  for (uint32_t rank = 0; rank < launch.blocksPerCluster(); ++rank) {
    blocks.push_back(std::make_unique<BlockRunner>(launch));
    blocks.back()->cluster = this;
    blocks.back()->rank = rank;
  }
}

void Cluster::begin(uint64_t index) {
  phase = 1;
  count = 0;
  for (auto &block : blocks)
    block->begin(index);
}

BlockRunner::Status Cluster::resume(uint64_t instructions) {
  uint64_t executed = 0;
  while (true) {
    bool progress = false, allDone = true;
    for (auto &block : blocks) {
      switch (block->round(executed, progress)) {
      case BlockRunner::Status::Fault:
        return BlockRunner::Status::Fault;
      case BlockRunner::Status::Running:
        allDone = false;
        break;
      case BlockRunner::Status::Done:
        break;
      }
      if (block->faulted)
        return BlockRunner::Status::Fault;
      if (block->outOfTime() ||
          launch.stopBlock.load(std::memory_order_relaxed) < block->blockIndex)
        return BlockRunner::Status::Fault;
    }
    if (allDone) {
      for (auto &block : blocks)
        if (block->counters)
          ++block->counters->blocks;
      return BlockRunner::Status::Done;
    }
    if (!progress)
      for (auto &block : blocks)
        progress |= block->landBulkCopies(true);
    if (!progress) {
      for (auto &block : blocks)
        if (block->reportDeadlock())
          break;
      return BlockRunner::Status::Fault;
    }
    if (executed >= instructions)
      return BlockRunner::Status::Running;
  }
}

void Cluster::tryRelease() {
  uint32_t expected = 0;
  for (const auto &block : blocks)
    for (const Warp &w : block->warps)
      if (!w.done)
        expected += __builtin_popcount(w.present & ~w.exited);
  if (!count || count < expected)
    return;
  count = 0;
  ++phase;
  for (auto &block : blocks) {
    if (block->checker)
      block->checker->clusterReleased();
    for (Warp &w : block->warps)
      for (uint32_t i = 0; i < w.numGroups; ++i)
        if (w.groups[i].state == GroupState::WaitCluster) {
          w.groups[i].state = GroupState::Ready;
          w.waiting = false;
        }
  }
}

uint8_t *SharedPlace::pointer() const {
  return block->warps[0].shared + offset;
}

bool raddle::vgpu::findShared(Warp &w, const Op &op, uint64_t address,
                              unsigned lane, uint32_t bytes, uint32_t align,
                              const char *what, SharedPlace &place) {
  const uint64_t top = address >> 32;
  const auto low = static_cast<uint32_t>(address);
  const uint32_t rank = low >> kClusterRankShift;
  const uint32_t at = low & ((1u << kClusterRankShift) - 1);
  const char *why = nullptr;
  if (top && top != kSharedWindow >> 32)
    why = " is not in shared memory";
  else if (rank > w.block->cluster->blocks.size())
    why = " is in a block that the cluster does not have";
  else if (at < kSharedBase || at - kSharedBase > w.sharedBytes ||
           bytes > w.sharedBytes - (at - kSharedBase))
    why = " is outside of shared memory";
  else if (at & (align - 1))
    why = " is misaligned";
  if (why) {
    w.block->fault(
        w, op,
        at & (align - 1) ? FaultClass::Misaligned : FaultClass::OutOfBounds,
        std::string(what) + " of " + std::to_string(bytes) + " bytes" + why,
        lane, true, address,
        "shared memory of the block: " + std::to_string(w.sharedBytes) +
            " bytes from " + std::to_string(kSharedBase));
    return false;
  }
  place.block = rank ? w.block->cluster->blocks[rank - 1].get() : w.block;
  place.offset = at - kSharedBase;
  if (place.block != w.block && place.block->liveWarps() == 0) {
    w.block->fault(w, op, FaultClass::OutOfBounds,
                   std::string(what) + " is in a block that has exited", lane,
                   true, address);
    return false;
  }
  return true;
}

/// d: the address in the block of rank b that corresponds to a.
static void mapa(Warp &w, const Op &op) {
  const uint32_t *ranks = lanesOf<uint32_t>(w, op.b);
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    if (ranks[lane] >= w.block->cluster->blocks.size()) {
      w.block->fault(w, op, FaultClass::BadOperand,
                     "mapa names block " + std::to_string(ranks[lane]) +
                         " of a cluster of " +
                         std::to_string(w.block->cluster->blocks.size()),
                     lane);
      return;
    }
    const uint32_t high = (ranks[lane] + 1) << kClusterRankShift;
    constexpr uint64_t kMask = (1u << kClusterRankShift) - 1;
    if (op.count == 4) {
      uint32_t &d = reinterpret_cast<uint32_t *>(w.regs + op.d)[lane];
      d = (lanesOf<uint32_t>(w, op.a)[lane] & kMask) | high;
    } else {
      uint64_t &d = reinterpret_cast<uint64_t *>(w.regs + op.d)[lane];
      d = (lanesOf<uint64_t>(w, op.a)[lane] & ~(0xffffffffu & ~kMask)) | high;
    }
  }
}

/// d: the rank of the block whose shared memory a is in.
static void getctarank(Warp &w, const Op &op) {
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    const auto low =
        op.count == 4 ? lanesOf<uint32_t>(w, op.a)[lane]
                      : static_cast<uint32_t>(lanesOf<uint64_t>(w, op.a)[lane]);
    const uint32_t rank = low >> kClusterRankShift;
    reinterpret_cast<uint32_t *>(w.regs + op.d)[lane] =
        rank ? rank - 1 : w.block->rank;
  }
}

static void arrive(Warp &w, const Op &op) {
  BlockRunner &block = *w.block;
  uint64_t *phases = block.clusterPhases.data() + 32 * w.index;
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    if (phases[lane] >= block.cluster->phase) {
      block.fault(w, op, FaultClass::BarrierCount,
                  "a thread arrives twice at the barrier of the cluster "
                  "without waiting",
                  lane);
      return;
    }
    phases[lane] = block.cluster->phase;
  }
  if (block.checker)
    block.checker->clusterArrived(w, w.exec);
  block.cluster->arrived(__builtin_popcount(w.exec));
  block.cluster->tryRelease();
}

static void wait(Warp &w, const Op &op) {
  BlockRunner &block = *w.block;
  const uint64_t *phases = block.clusterPhases.data() + 32 * w.index;
  bool ready = true;
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    if (!phases[lane]) {
      block.fault(w, op, FaultClass::BarrierCount,
                  "a thread waits at the barrier of the cluster without having "
                  "arrived",
                  lane);
      return;
    }
    ready &= phases[lane] < block.cluster->phase;
  }
  if (ready) {
    if (block.checker)
      block.checker->clusterWaited(w, w.exec);
    return;
  }
  // The instruction runs again; predicated-off lanes go on.
  const uint32_t rest = w.active & ~w.exec;
  w.active = w.exec;
  if (rest)
    w.groups[w.numGroups++] = {w.frame, w.pc, rest, GroupState::Ready, 0, 0};
  parkGroup(w, GroupState::WaitCluster, w.pc - 1, 0, 0);
}

Handler raddle::vgpu::selectCluster(const Form &form) {
  switch (form.sem) {
  case Sem::Mapa:
    return mapa;
  case Sem::Getctarank:
    return getctarank;
  case Sem::ClusterArrive:
    return arrive;
  case Sem::ClusterWait:
    return wait;
  default:
    return selectBulkCopy(form);
  }
}
