//===- Barrier.cpp - Barriers of a block and of a warp --------------------===//

#include "Exec/Block.h"

#include "Check/Checker.h"

#include <cstring>

using namespace raddle::vgpu;

static const uint32_t *words(const Warp &w, Slot s) {
  return reinterpret_cast<const uint32_t *>((s & 1 ? w.consts - 1 : w.regs) +
                                            s);
}

unsigned BlockRunner::liveWarps() const {
  unsigned live = 0;
  for (const Warp &w : warps)
    live += !w.done;
  return live;
}

/// Writes the result of bar.red for the lanes of a released group.
static void writeReduction(const Barrier &barrier, const Op &op, Group &g) {
  uint8_t *regs = g.frame->regs;
  if (op.count == 1) {
    auto *d = reinterpret_cast<uint32_t *>(regs + op.d);
    for (uint32_t m = g.lanes; m; m &= m - 1)
      d[__builtin_ctz(m)] = barrier.popc;
    return;
  }
  bool value = op.count == 2 ? barrier.all : barrier.any;
  auto *p = reinterpret_cast<uint32_t *>(regs + op.d);
  *p = value ? *p | g.lanes : *p & ~g.lanes;
}

void BlockRunner::tryRelease(unsigned index) {
  Barrier &barrier = barriers[index];
  if (!barrier.arrived)
    return;
  uint32_t expected = barrier.expected;
  if (!expected) // all threads of the block that are still there
    expected = 32 * liveWarps();
  if (barrier.arrived < expected)
    return;
  if (checker)
    checker->barrierReleased(index);
  for (Warp &w : warps) {
    bool woke = false;
    for (uint32_t i = 0; i < w.numGroups; ++i) {
      Group &g = w.groups[i];
      if (g.state != GroupState::WaitBarrier || g.barrier != index)
        continue;
      const OpInfo &info = g.frame->code->infos[g.pc - 1];
      if (info.form.sem == Sem::BarRed)
        writeReduction(barrier, g.frame->code->ops[g.pc - 1], g);
      g.state = GroupState::Ready;
      woke = true;
    }
    if (woke)
      w.waiting = false;
  }
  barrier = Barrier();
}

/// Number of the barrier and its thread count, the same in all lanes.
static bool uniformOperand(Warp &w, const Op &op, Slot slot, const char *what,
                           uint32_t &value) {
  const uint32_t *v = words(w, slot);
  value = v[__builtin_ctz(w.exec)];
  for (uint32_t m = w.exec; m; m &= m - 1)
    if (v[__builtin_ctz(m)] != value) {
      w.block->fault(w, op, FaultClass::BadOperand,
                     std::string(what) + " of a barrier differs between lanes",
                     __builtin_ctz(m));
      return false;
    }
  return true;
}

static void barrierOp(Warp &w, const Op &op, bool wait, bool reduce) {
  uint32_t index, count = 0;
  if (!uniformOperand(w, op, op.a, "the number", index) ||
      ((op.flags & 1) &&
       !uniformOperand(w, op, op.b, "the thread count", count)))
    return;
  if (index >= 16 || ((op.flags & 1) && (count == 0 || count % 32))) {
    w.block->fault(w, op, FaultClass::BarrierCount,
                   index >= 16
                       ? "barrier " + std::to_string(index) +
                             " does not exist, there are 16"
                       : "thread count " + std::to_string(count) +
                             " of a barrier is not a positive multiple of 32",
                   __builtin_ctz(w.exec));
    return;
  }
  const uint32_t live = w.present & ~w.exited;
  const bool aligned = op.flags & 4;
  if (aligned && w.exec != live) {
    if ((w.active & ~w.exec & live)) {
      w.block->fault(w, op, FaultClass::DivergentBarrier,
                     "not all threads of the warp execute the barrier",
                     __builtin_ctz(w.active & ~w.exec));
      return;
    }
    // The rest of the warp may still be on its way.
    parkGroup(w, GroupState::WaitSync, w.pc - 1, 0, live);
    return;
  }
  BlockRunner &block = *w.block;
  Barrier &barrier = block.barriers[index];
  if (barrier.arrived && barrier.expected != count) {
    block.fault(w, op, FaultClass::BarrierCount,
                "barrier " + std::to_string(index) + " is used with " +
                    std::to_string(count) + " threads while " +
                    std::to_string(barrier.expected) +
                    " are expected by threads that wait (0: all)",
                __builtin_ctz(w.exec));
    return;
  }
  if (count > 32 * block.warps.size()) {
    block.fault(w, op, FaultClass::BarrierCount,
                "barrier " + std::to_string(index) + " expects " +
                    std::to_string(count) + " threads, the block has " +
                    std::to_string(32 * block.warps.size()),
                __builtin_ctz(w.exec));
    return;
  }
  if (block.checker && !block.checker->barrierArrived(w, op, index, wait))
    return;
  barrier.expected = count;
  barrier.arrived += w.exec == live ? 32 : __builtin_popcount(w.exec);
  if (reduce) {
    uint32_t p = *words(w, op.c) ^ (op.flags & 2 ? ~0u : 0);
    barrier.popc += __builtin_popcount(p & w.exec);
    barrier.all &= (p & w.exec) == w.exec;
    barrier.any |= (p & w.exec) != 0;
  }
  if (!wait) {
    block.tryRelease(index);
    return;
  }
  // Predicated-off lanes of a non-aligned barrier go on.
  uint32_t rest = w.active & ~w.exec;
  w.active = w.exec;
  if (rest)
    w.groups[w.numGroups++] = {w.frame, w.pc, rest, GroupState::Ready, 0, 0};
  parkGroup(w, GroupState::WaitBarrier, w.pc, static_cast<uint8_t>(index), 0);
  block.tryRelease(index);
  if (w.leave && !w.waiting && !w.done && !block.faulted) {
    // This arrival completed the barrier: go on at once.
    w.leave = false;
    reschedule(w);
  }
}

static void barSync(Warp &w, const Op &op) { barrierOp(w, op, true, false); }
static void barArrive(Warp &w, const Op &op) { barrierOp(w, op, false, false); }
static void barRed(Warp &w, const Op &op) { barrierOp(w, op, true, true); }

static void barWarp(Warp &w, const Op &op) {
  const uint32_t *masks = words(w, op.a);
  uint32_t mask = masks[__builtin_ctz(w.exec)];
  for (uint32_t m = w.exec; m; m &= m - 1)
    if (masks[__builtin_ctz(m)] != mask) {
      // Lanes with different masks wait for different sets of lanes.
      uint32_t same = 0;
      for (uint32_t k = w.exec; k; k &= k - 1)
        if (masks[__builtin_ctz(k)] == mask)
          same |= 1u << __builtin_ctz(k);
      uint32_t others = w.active & ~same;
      w.active = w.exec = same;
      w.groups[w.numGroups++] = {w.frame,           w.pc - 1, others,
                                 GroupState::Ready, 0,        0};
      break;
    }
  if (!hooks.syncLanes(w, op, mask))
    return;
  if (w.block->checker)
    w.block->checker->warpSynced(w, mask);
  if (w.numGroups)
    reschedule(w);
}

Handler raddle::vgpu::selectBarrier(const Form &form) {
  switch (form.sem) {
  case Sem::BarSync:
    return barSync;
  case Sem::BarArrive:
    return barArrive;
  case Sem::BarRed:
    return barRed;
  case Sem::BarWarp:
    return barWarp;
  default:
    return nullptr;
  }
}
