//===- Control.cpp - Branches, calls, divergence --------------------------===//
//
// Lanes of a warp that are at one place form a group. The group that is
// deepest in calls and, within a function, at the lowest instruction runs; it
// merges with every group that it meets. A group that keeps branching back
// while others wait yields to them for a while, so that lanes which spin for
// another lane of their warp terminate.
//
//===----------------------------------------------------------------------===//

#include "Check/Checker.h"
#include "Exec/Cluster.h"
#include "Exec/Dispatch.h"

#include <algorithm>
#include <climits>

using namespace raddle::vgpu;

/// Backward branches of a diverged group before it yields, and the
/// instructions that others get then.
static constexpr uint32_t kBackEdgesBeforeYield = 2000;

static void load(Warp &w, const Group &g) {
  w.frame = g.frame;
  w.regs = g.frame->regs;
  w.code = g.frame->code->ops.data();
  w.consts = g.frame->code->consts.get();
  w.pc = g.pc;
  w.active = g.lanes;
}

static void addGroup(Warp &w, const Group &g) { w.groups[w.numGroups++] = g; }

/// Groups that wait for other warps are not merged with.
static bool atBarrier(const Group &g) {
  return g.state == GroupState::WaitBarrier ||
         g.state == GroupState::WaitCluster;
}

/// The pc at which the running group must look at the others again.
static void updateMergePc(Warp &w) {
  int32_t least = INT_MAX;
  for (uint32_t i = 0; i < w.numGroups; ++i)
    if (w.groups[i].frame == w.frame && !atBarrier(w.groups[i]))
      least = std::min(least, w.groups[i].pc);
  w.mergePc = least;
}

/// Moves waiting groups at the running group's place into it.
static void merge(Warp &w) {
  for (uint32_t i = 0; i < w.numGroups;) {
    Group &g = w.groups[i];
    if (g.frame == w.frame && g.pc == w.pc && !atBarrier(g)) {
      w.active |= g.lanes;
      g = w.groups[--w.numGroups];
    } else {
      ++i;
    }
  }
}

/// Takes the next ready group after the running one has gone.
static void runNext(Warp &w) {
  int best = -1;
  for (uint32_t i = 0; i < w.numGroups; ++i) {
    const Group &g = w.groups[i];
    if (g.state != GroupState::Ready)
      continue;
    if (best < 0) {
      best = static_cast<int>(i);
      continue;
    }
    const Group &b = w.groups[best];
    if (g.frame->depth != b.frame->depth
            ? g.frame->depth > b.frame->depth
            : g.pc < b.pc || (g.pc == b.pc && g.lanes < b.lanes))
      best = static_cast<int>(i);
  }
  if (best < 0) {
    w.waiting = w.numGroups > 0;
    w.active = 0;
    w.leave = true;
    w.mergePc = INT_MIN;
    return;
  }
  Group g = w.groups[best];
  w.groups[best] = w.groups[--w.numGroups];
  load(w, g);
  merge(w);
  updateMergePc(w);
}

void raddle::vgpu::reschedule(Warp &w) {
  if (w.leave || w.numGroups == 0) {
    if (!w.leave)
      w.mergePc = INT_MAX;
    return;
  }
  if (w.active) {
    merge(w);
    addGroup(w, {w.frame, w.pc, w.active, GroupState::Ready, 0, 0});
  }
  runNext(w);
}

void raddle::vgpu::parkGroup(Warp &w, GroupState state, int32_t pc,
                             uint8_t barrier, uint32_t syncMask) {
  addGroup(w, {w.frame, pc, w.active, state, barrier, syncMask});
  w.active = 0;
  runNext(w);
}

/// Lanes `taken` go to `target`, the rest of the running group goes on.
static void branchTo(Warp &w, uint32_t taken, int32_t target) {
  bool backward = target < w.pc;
  if (taken == w.active) {
    w.pc = target;
    if (!w.numGroups) {
      return;
    }
    if (backward && ++w.backEdges >= kBackEdgesBeforeYield) {
      // Let another group run: swap with the one that waited longest, that is
      // the first ready one.
      w.backEdges = 0;
      for (uint32_t i = 0; i < w.numGroups; ++i) {
        if (w.groups[i].state != GroupState::Ready)
          continue;
        Group next = w.groups[i];
        for (uint32_t k = i + 1; k < w.numGroups; ++k)
          w.groups[k - 1] = w.groups[k];
        --w.numGroups;
        addGroup(w, {w.frame, w.pc, w.active, GroupState::Ready, 0, 0});
        load(w, next);
        // It runs until it meets the spinning group from above, ends, or has
        // spun itself.
        updateMergePc(w);
        if (w.mergePc <= w.pc)
          w.mergePc = INT_MAX;
        return;
      }
    }
    reschedule(w);
    return;
  }
  addGroup(w, {w.frame, target, taken, GroupState::Ready, 0, 0});
  w.active &= ~taken;
  reschedule(w);
}

static void bra(Warp &w, const Op &op) {
  branchTo(w, w.exec, static_cast<int32_t>(op.imm));
}

static const uint8_t *operandPlace(const Warp &w, Slot s) {
  return (s & 1 ? w.consts - 1 : w.regs) + s;
}

static void brxIdx(Warp &w, const Op &op) {
  const std::vector<int32_t> &table = w.frame->code->branchTables[op.imm];
  const auto *index = reinterpret_cast<const uint32_t *>(operandPlace(w, op.a));
  uint32_t rest = w.exec;
  // One group per distinct target; the last keeps the running group.
  while (rest) {
    unsigned lane = __builtin_ctz(rest);
    if (index[lane] >= table.size()) {
      w.block->fault(w, op, FaultClass::BadOperand,
                     "index " + std::to_string(index[lane]) +
                         " of brx.idx is outside its " +
                         std::to_string(table.size()) + " targets",
                     lane);
      return;
    }
    uint32_t same = 0;
    for (uint32_t m = rest; m; m &= m - 1) {
      unsigned l = __builtin_ctz(m);
      if (index[l] == index[lane])
        same |= 1u << l;
    }
    rest &= ~same;
    if (same == w.active) {
      w.pc = table[index[lane]];
      reschedule(w);
      return;
    }
    addGroup(w, {w.frame, table[index[lane]], same, GroupState::Ready, 0, 0});
    w.active &= ~same;
  }
  reschedule(w);
}

static constexpr uint32_t kMaxDepth = 256;

static void call(Warp &w, const Op &op) {
  const Code &caller = *w.frame->code;
  const CallSite &site = caller.calls[op.imm];
  const Kernel &kernel = *w.block->launch.kernel;
  int32_t callee = site.callee;
  uint32_t lanes = w.exec;
  if (callee < 0) {
    const auto *target =
        reinterpret_cast<const uint64_t *>(operandPlace(w, site.target));
    unsigned lane = __builtin_ctz(lanes);
    uint64_t index = (target[lane] - kFunctionWindow) / 16;
    if (target[lane] < kFunctionWindow || index >= kernel.functions.size() ||
        index == 0) {
      w.block->fault(w, op, FaultClass::BadOperand,
                     "indirect call to an address that is no function", lane,
                     true, target[lane]);
      return;
    }
    callee = static_cast<int32_t>(index);
    uint32_t same = 0;
    for (uint32_t m = lanes; m; m &= m - 1) {
      unsigned l = __builtin_ctz(m);
      if (target[l] == target[lane])
        same |= 1u << l;
    }
    lanes = same;
  }
  const Code &code = *kernel.functions[callee];
  if (code.params.size() != site.args.size() ||
      code.results.size() < site.results.size()) {
    w.block->fault(
        w, op, FaultClass::BadOperand,
        "call of '" + code.name + "' with " + std::to_string(site.args.size()) +
            " arguments, expected " + std::to_string(code.params.size()),
        __builtin_ctz(lanes));
    return;
  }
  Frame *frame = w.block->newFrame(code);
  frame->parent = w.frame;
  frame->returnPc = w.pc;
  frame->lanes = lanes;
  frame->depth = w.frame->depth + 1;
  frame->callOp = &op;
  frame->localBase = w.frame->localBase + caller.localBytes;
  if (frame->depth > kMaxDepth ||
      frame->localBase + code.localBytes > w.localBytes) {
    w.block->releaseFrame(frame);
    w.block->fault(w, op, FaultClass::StackOverflow,
                   "calls are nested too deeply", __builtin_ctz(lanes));
    return;
  }
  for (size_t i = 0; i < site.args.size(); ++i) {
    uint32_t bytes = std::min(site.args[i].bytes, code.params[i].bytes);
    const uint8_t *from = w.regs + caller.paramAreaOffset + site.args[i].offset;
    uint8_t *to = frame->regs + code.paramAreaOffset + code.params[i].offset;
    for (uint32_t m = lanes; m; m &= m - 1) {
      unsigned l = __builtin_ctz(m);
      std::copy_n(from + l * caller.paramAreaStride, bytes,
                  to + l * code.paramAreaStride);
      if (w.block->hasShadows())
        std::copy_n(from + caller.frameBytes + l * caller.paramAreaStride,
                    bytes, to + code.frameBytes + l * code.paramAreaStride);
    }
  }
  if (uint32_t rest = w.active & ~lanes) {
    // Predicated-off lanes go on behind the call, those with another target
    // come back to it.
    uint32_t again = w.exec & ~lanes;
    if (again)
      addGroup(w, {w.frame, w.pc - 1, again, GroupState::Ready, 0, 0});
    if (rest & ~again)
      addGroup(w, {w.frame, w.pc, rest & ~again, GroupState::Ready, 0, 0});
  }
  load(w, {frame, 0, lanes, GroupState::Ready, 0, 0});
  updateMergePc(w);
}

/// Lanes of the running group leave the kernel.
static void exitLanes(Warp &w, const Op &op) {
  if (w.block->checker) {
    w.block->checker->lanesExited(w, op);
    if (w.block->faulted)
      return;
  }
  w.exited |= w.exec;
  w.active &= ~w.exec;
  for (Frame *f = w.frame; f; f = f->parent)
    f->lanes &= ~w.exec;
  // Who waits for the lanes that are gone looks again.
  for (uint32_t i = 0; i < w.numGroups; ++i)
    if (w.groups[i].state == GroupState::WaitSync)
      w.groups[i].state = GroupState::Ready;
  if ((w.exited & w.present) == w.present) {
    w.done = true;
    w.leave = true;
    w.active = 0;
    w.mergePc = INT_MIN;
    for (unsigned i = 0; i < 16; ++i)
      w.block->tryRelease(i);
    w.block->cluster->tryRelease();
    return;
  }
  w.block->cluster->tryRelease();
  if (!w.active) {
    runNext(w);
  } else {
    reschedule(w);
  }
}

static void exitOp(Warp &w, const Op &op) { exitLanes(w, op); }

static void ret(Warp &w, const Op &op) {
  Frame *frame = w.frame;
  if (!frame->parent) {
    exitLanes(w, op);
    return;
  }
  const Code &callee = *frame->code;
  const Code &caller = *frame->parent->code;
  const CallSite &site = caller.calls[frame->callOp->imm];
  for (size_t i = 0; i < site.results.size(); ++i) {
    uint32_t bytes = std::min(site.results[i].bytes, callee.results[i].bytes);
    const uint8_t *from =
        frame->regs + callee.paramAreaOffset + callee.results[i].offset;
    uint8_t *to =
        frame->parent->regs + caller.paramAreaOffset + site.results[i].offset;
    for (uint32_t m = w.exec; m; m &= m - 1) {
      unsigned l = __builtin_ctz(m);
      std::copy_n(from + l * callee.paramAreaStride, bytes,
                  to + l * caller.paramAreaStride);
      if (w.block->hasShadows())
        std::copy_n(from + callee.frameBytes + l * callee.paramAreaStride,
                    bytes, to + caller.frameBytes + l * caller.paramAreaStride);
    }
  }
  addGroup(w,
           {frame->parent, frame->returnPc, w.exec, GroupState::Ready, 0, 0});
  w.active &= ~w.exec;
  frame->lanes &= ~w.exec;
  if (w.active) {
    reschedule(w);
    return;
  }
  if (!frame->lanes)
    w.block->releaseFrame(frame);
  runNext(w);
}

static void trap(Warp &w, const Op &op) {
  w.block->fault(w, op, FaultClass::Trap, "the kernel executed a trap",
                 __builtin_ctz(w.exec));
}
static void brkpt(Warp &, const Op &) {}

Handler raddle::vgpu::selectControl(const Form &form) {
  switch (form.sem) {
  case Sem::Bra:
    return bra;
  case Sem::BrxIdx:
    return brxIdx;
  case Sem::Call:
    return call;
  case Sem::Ret:
    return ret;
  case Sem::Exit:
    return exitOp;
  case Sem::Trap:
    return trap;
  case Sem::Brkpt:
    return brkpt;
  case Sem::BarSync:
  case Sem::BarArrive:
  case Sem::BarRed:
  case Sem::BarWarp:
    return selectBarrier(form);
  default:
    return selectAsyncCopy(form);
  }
}
