//===- Races.cpp - Races in shared memory, order by barriers --------------===//

#include "Check/Checker.h"

#include <algorithm>

using namespace raddle::vgpu;

Checker::Checker(BlockRunner &block)
    : block(block), checks(block.launch.options.checks) {
  const size_t warps = block.warps.size();
  if (checks.race) {
    cells.resize((block.launch.sharedBytes + 3) / 4);
    clocks.resize(warps * warps);
    barrierClocks.resize(16 * warps);
    warpClock.resize(warps);
    laneSynced.resize(32 * warps);
    ownAcquired.resize(warps);
    phases.resize(warps);
    barrierPhases.resize(16);
    fences.resize(32 * warps);
  }
  if (checks.init) {
    sharedStates.resize(block.launch.sharedBytes);
    if (!block.warps.empty())
      localStates.resize(size_t(block.warps[0].localStride) * 32 * warps);
  }
}

void Checker::startBlock() {
  std::fill(sharedStates.begin(), sharedStates.end(), kNeverWritten);
  std::fill(localStates.begin(), localStates.end(), kNeverWritten);
  if (!checks.race)
    return;
  if (++generation == 0) {
    std::fill(cells.begin(), cells.end(), Cell());
    generation = 1;
  }
  const size_t warps = block.warps.size();
  std::fill(clocks.begin(), clocks.end(), Epoch());
  for (size_t w = 0; w < warps; ++w)
    clocks[w * warps + w].full = 1;
  std::fill(barrierClocks.begin(), barrierClocks.end(), Epoch());
  std::fill(ownAcquired.begin(), ownAcquired.end(), Epoch());
  objects.clear();
  std::fill(phases.begin(), phases.end(), Phases());
  std::fill(barrierPhases.begin(), barrierPhases.end(), Phases());
  std::fill(fences.begin(), fences.end(), 0);
  serial = 0;
  std::fill(warpClock.begin(), warpClock.end(), 1);
  std::fill(laneSynced.begin(), laneSynced.end(), 0);
}

void Checker::Epoch::join(const Epoch &other) {
  full = std::max(full, other.full);
  if (other.clock <= full)
    return;
  if (clock <= full || other.clock > clock) {
    clock = other.clock;
    lanes = other.lanes;
    lanesBefore = other.lanesBefore;
    allBefore = other.allBefore;
  } else if (other.clock == clock) {
    lanes |= other.lanes;
    lanesBefore = std::max(lanesBefore, other.lanesBefore);
    allBefore = std::max(allBefore, other.allBefore);
  }
}

bool Checker::Epoch::covers(const Access &a) const {
  return a.clock <= full ||
         (a.clock == clock &&
          (a.laneClock < allBefore ||
           (!(a.lanes & ~lanes) && a.laneClock < lanesBefore)));
}

Checker::Epoch &Checker::clockOf(size_t warp, size_t other) {
  return clocks[warp * block.warps.size() + other];
}

/// Whether `a` happened before what lane `lane` of `w` does now.
bool Checker::ordered(const Access &a, const Warp &w, unsigned lane) const {
  const size_t warps = block.warps.size();
  if (a.object) {
    auto it = phases[w.index].find(a.object);
    return it != phases[w.index].end() && it->second >= a.phase;
  }
  const unsigned warp = a.thread / 32;
  if (warp != w.index)
    return clocks[w.index * warps + warp].covers(a);
  const uint32_t others = a.lanes & ~(1u << lane);
  if (!others || a.wholeWarp || ownAcquired[w.index].covers(a))
    return true;
  const uint32_t *synced = &laneSynced[w.index * 32];
  if (synced[lane] <= a.laneClock)
    return false;
  for (uint32_t m = others; m; m &= m - 1)
    if (synced[__builtin_ctz(m)] <= a.laneClock)
      return false;
  return true;
}

std::string Checker::threadName(uint16_t thread) const {
  const uint32_t *n = block.launch.block;
  return "(" + std::to_string(thread % n[0]) + "," +
         std::to_string(thread / n[0] % n[1]) + "," +
         std::to_string(thread / n[0] / n[1]) + ")";
}

bool Checker::race(Warp &w, const Op &op, unsigned lane, uint64_t address,
                   const char *what, uint16_t otherThread, uint32_t otherLine,
                   const char *otherWhat) {
  block.fault(w, op, FaultClass::RaceShared,
              std::string("shared memory ") + what +
                  " is not ordered after a " + otherWhat,
              lane, true, address,
              "shared memory of the block: " + std::to_string(w.sharedBytes) +
                  " bytes from " + std::to_string(kSharedBase),
              "the other access: " + std::string(otherWhat) + " by thread " +
                  threadName(otherThread) + " at PTX line " +
                  std::to_string(otherLine));
  return false;
}

/// Threads that write the same word with one instruction race unless they write
/// the same value: whether a store of `lane` leaves the bytes of `mask` as they
/// are, or as lane `other` of the same instruction makes them.
bool Checker::sameValue(const Warp &w, const Op &op, unsigned lane, int other,
                        const uint64_t *addresses, uint64_t word,
                        uint8_t mask) const {
  const OpInfo &info = w.frame->code->infos[&op - w.code];
  if (info.form.sem != Sem::St)
    return false;
  const unsigned element = typeBytes(info.form.type[0]);
  const unsigned reg = info.form.srcBytes;
  auto stored = [&](unsigned by, uint64_t byte, uint8_t &value) {
    const uint64_t offset = byte - addresses[by];
    if (byte < addresses[by] || offset >= element * op.count)
      return false;
    const Slot slot = op.list[offset / element];
    const uint8_t *p = (slot & 1 ? w.consts - 1 : w.regs) + slot;
    value = p[by * reg + offset % element];
    return true;
  };
  for (unsigned i = 0; i < 4; ++i) {
    uint8_t mine = 0, theirs = w.shared[word + i - kSharedBase];
    if (!(mask >> i & 1) || !stored(lane, word + i, mine))
      continue;
    if (other >= 0 && !stored(static_cast<unsigned>(other), word + i, theirs))
      continue;
    if (mine != theirs)
      return false;
  }
  return true;
}

bool Checker::cellAccess(Warp &w, const Op &op, unsigned lane, uint64_t address,
                         Cell &cell, const Access &now, AccessKind kind) {
  const bool writes = kind != kRead;
  if (!writes) {
    // Most reads repeat what the warp has just done.
    Access &last = cell.reads[0];
    if (cell.readSinceWrite && last.generation == generation &&
        last.clock == now.clock && last.laneClock == now.laneClock &&
        last.thread / 32 == w.index && !(now.mask & ~last.mask) &&
        last.wholeWarp == now.wholeWarp) {
      last.lanes |= now.lanes;
      return true;
    }
  }
  const char *what = kind == kRead     ? "read"
                     : kind == kAsync  ? "asynchronous write"
                     : kind == kAtomic ? "atomic operation"
                                       : "write";
  if (cell.pendingGeneration == generation && (cell.pendingMask & now.mask))
    return race(w, op, lane, address, what, cell.pendingThread,
                cell.pendingLine, "asynchronous copy that was not waited for");
  if (writes && cell.readGeneration == generation && (cell.readMask & now.mask))
    return race(w, op, lane, address, what, now.thread, cell.readLine,
                "read of a bulk copy that was not waited for");
  for (Access &a : cell.writes) {
    if (a.generation != generation || !(a.mask & now.mask))
      continue;
    if ((a.atomic && now.atomic) || ordered(a, w, lane))
      continue;
    if (kind == kWrite && a.line == now.line && !a.object && currentAddresses &&
        sameValue(w, op, lane,
                  a.thread / 32 == w.index && a.laneClock == now.laneClock
                      ? a.thread % 32
                      : -1,
                  currentAddresses, address & ~uint64_t(3), now.mask))
      continue;
    return race(w, op, lane, address, what, a.thread, a.line,
                a.atomic ? "atomic operation" : "write");
  }
  if (writes)
    for (Access &a : cell.reads)
      if (a.generation == generation && (a.mask & now.mask) &&
          !ordered(a, w, lane))
        return race(w, op, lane, address, what, a.thread, a.line, "read");
  if (kind == kAsync) {
    // Lands later; from now on nobody may touch it.
    cell.pendingMask = cell.pendingGeneration == generation
                           ? cell.pendingMask | now.mask
                           : now.mask;
    cell.pendingGeneration = generation;
    cell.pendingThread = now.thread;
    cell.pendingLine = now.line;
    cell.readSinceWrite = false;
    return true;
  }
  // What holds for this lane holds for its whole warp, unless lanes of the warp
  // have written and not met since.
  cell.readSinceWrite = !writes;
  for (const Access &a : cell.writes)
    if (!writes && a.generation == generation && a.thread / 32 == w.index)
      for (uint32_t m = w.present & ~w.exited; m; m &= m - 1)
        cell.readSinceWrite &=
            laneSynced[w.index * 32 + __builtin_ctz(m)] > a.laneClock;
  Access *list = writes ? cell.writes : cell.reads;
  // Keep the newest access and the newest of another warp or other bytes.
  if (list[0].generation == generation &&
      (list[0].thread / 32 != w.index || (list[0].mask & ~now.mask) ||
       (!now.wholeWarp && list[0].thread != now.thread &&
        list[1].generation != generation)))
    list[1] = list[0];
  list[0] = now;
  return true;
}

bool Checker::sharedAccess(Warp &w, const Op &op, const uint64_t *addresses,
                           uint32_t lanes, uint32_t bytes, AccessKind kind) {
  const OpInfo &info = w.frame->code->infos[&op - w.code];
  const size_t warps = block.warps.size();
  Access now;
  now.generation = generation;
  now.clock = clocks[w.index * warps + w.index].full;
  now.laneClock = warpClock[w.index];
  now.line = info.line;
  now.serial = ++serial;
  now.atomic = kind == kAtomic;
  now.wholeWarp = info.form.sem == Sem::Ldmatrix;
  currentAddresses = addresses;
  for (uint32_t m = lanes; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    now.thread = static_cast<uint16_t>(w.index * 32 + lane);
    now.lanes = 1u << lane;
    const uint64_t begin = addresses[lane] - kSharedBase, end = begin + bytes;
    for (uint64_t word = begin / 4; word * 4 < end; ++word) {
      unsigned first = word * 4 < begin ? begin - word * 4 : 0;
      unsigned last = word * 4 + 4 > end ? end - word * 4 : 4;
      now.mask = static_cast<uint8_t>((1u << last) - (1u << first));
      if (!cellAccess(w, op, lane, kSharedBase + word * 4 + first, cells[word],
                      now, kind))
        return false;
    }
  }
  return true;
}

bool Checker::access(Warp &w, const Op &op, Space space,
                     const uint64_t *addresses, uint32_t lanes, uint32_t bytes,
                     AccessKind kind) {
  if (checks.race && space == Space::Shared &&
      !sharedAccess(w, op, addresses, lanes, bytes, kind))
    return false;
  if (checks.init)
    memoryStates(w, op, space, addresses, lanes, bytes, kind);
  return true;
}

void Checker::copyLanded(Warp &w, const Op &op, unsigned lane, uint32_t to,
                         uint32_t bytes, uint64_t from, uint32_t sourceBytes) {
  const uint32_t begin = to - kSharedBase;
  if (checks.init) {
    const Allocation *a =
        sourceBytes ? block.launch.memory->find(from) : nullptr;
    for (uint32_t i = 0; i < bytes; ++i) {
      uint8_t state = kDefined;
      if (i < sourceBytes && a && a->state && from + i - a->base < a->bytes)
        state = a->state[from + i - a->base];
      sharedStates[begin + i] = state;
    }
  }
  if (!checks.race)
    return;
  const size_t warps = block.warps.size();
  for (uint32_t word = begin / 4; word * 4 < begin + bytes; ++word) {
    Cell &cell = cells[word];
    cell.pendingGeneration = 0;
    Access now;
    now.generation = generation;
    now.clock = clocks[w.index * warps + w.index].full;
    now.laneClock = warpClock[w.index];
    now.line = cell.pendingLine;
    now.thread = static_cast<uint16_t>(w.index * 32 + lane);
    now.lanes = 1u << lane;
    now.mask = 15;
    cell.readSinceWrite = false;
    cell.writes[1] = Access();
    cell.writes[0] = now;
  }
}

bool Checker::barrierArrived(Warp &w, const Op &op, unsigned barrier,
                             bool waits) {
  if (checks.sync && !(op.flags & 1)) {
    bool exited = w.exited & w.present;
    for (const Warp &other : block.warps)
      exited |= other.done;
    if (exited) {
      block.fault(w, op, FaultClass::DivergentBarrier,
                  "barrier " + std::to_string(barrier) +
                      " of all threads after some have exited",
                  __builtin_ctz(w.exec));
      return false;
    }
  }
  if (!checks.race)
    return true;
  const size_t warps = block.warps.size();
  for (size_t i = 0; i < warps; ++i)
    barrierClocks[barrier * warps + i].join(clocks[w.index * warps + i]);
  joinPhases(barrierPhases[barrier], phases[w.index]);
  if (!waits)
    ++clocks[w.index * warps + w.index].full;
  return true;
}

void Checker::barrierReleased(unsigned barrier) {
  if (!checks.race)
    return;
  const size_t warps = block.warps.size();
  for (Warp &w : block.warps) {
    uint32_t lanes = 0;
    for (uint32_t i = 0; i < w.numGroups; ++i)
      if (w.groups[i].state == GroupState::WaitBarrier &&
          w.groups[i].barrier == barrier)
        lanes |= w.groups[i].lanes;
    if (!lanes)
      continue;
    for (size_t i = 0; i < warps; ++i)
      if (i != w.index)
        clockOf(w.index, i).join(barrierClocks[barrier * warps + i]);
    ++clockOf(w.index, w.index).full;
    joinPhases(phases[w.index], barrierPhases[barrier]);
    warpSynced(w, lanes);
  }
  std::fill_n(barrierClocks.begin() + barrier * warps, warps, Epoch());
  barrierPhases[barrier].clear();
}

void Checker::warpSynced(Warp &w, uint32_t mask) {
  if (!checks.race)
    return;
  const uint32_t now = ++warpClock[w.index];
  for (uint32_t m = mask; m; m &= m - 1)
    laneSynced[w.index * 32 + __builtin_ctz(m)] = now;
}

/// What lane `lane` has done or knows of goes into `to`.
void Checker::release(Warp &w, uint32_t lanes, unsigned lane,
                      std::vector<Epoch> &to) {
  const size_t warps = block.warps.size();
  to.resize(warps);
  for (size_t i = 0; i < warps; ++i)
    if (i != w.index)
      to[i].join(clockOf(w.index, i));
  Epoch &own = clockOf(w.index, w.index);
  const bool firstLane = lane == static_cast<unsigned>(__builtin_ctz(lanes));
  if (lanes == (w.present & ~w.exited)) {
    to[w.index].join(own);
    if (firstLane)
      ++own.full;
    return;
  }
  Epoch partial;
  partial.full = own.full - 1;
  partial.clock = own.full;
  partial.lanes = 1u << lane;
  // What the lane does from now on has a later lane clock.
  if (firstLane)
    ++warpClock[w.index];
  partial.lanesBefore = warpClock[w.index];
  partial.allBefore = laneSynced[w.index * 32 + lane];
  to[w.index].join(partial);
}

void Checker::acquire(Warp &w, const std::vector<Epoch> &from) {
  for (size_t i = 0; i < from.size(); ++i)
    if (i == w.index)
      ownAcquired[i].join(from[i]);
    else
      clockOf(w.index, i).join(from[i]);
}

void Checker::mbarrierCreated(uint32_t offset) { objects.erase(offset); }

void Checker::mbarrierArrived(Warp &w, uint32_t offset, uint32_t lanes,
                              unsigned lane) {
  if (!checks.race)
    return;
  SyncObject &object = objects[offset];
  release(w, lanes, lane, object.arrived);
  joinPhases(object.arrivedPhases, phases[w.index]);
}

void Checker::mbarrierCompleted(uint32_t offset) {
  if (!checks.race)
    return;
  SyncObject &object = objects[offset];
  object.completed.resize(block.warps.size());
  for (size_t i = 0; i < object.arrived.size(); ++i)
    object.completed[i].join(object.arrived[i]);
  object.arrived.clear();
  joinPhases(object.completedPhases, object.arrivedPhases);
  object.arrivedPhases.clear();
  ++object.phase;
}

void Checker::mbarrierWaited(Warp &w, uint32_t offset) {
  if (!checks.race)
    return;
  const SyncObject &object = objects[offset];
  acquire(w, object.completed);
  joinPhases(phases[w.index], object.completedPhases);
  uint32_t &phase = phases[w.index][offset + 1];
  phase = std::max(phase, object.phase);
}

/// No mbarrier object lies at this offset.
static constexpr uint32_t kClusterObject = ~0u;

void Checker::clusterArrived(Warp &w, uint32_t lanes) {
  for (uint32_t m = lanes; m; m &= m - 1)
    mbarrierArrived(w, kClusterObject, lanes, __builtin_ctz(m));
}
void Checker::clusterReleased() { mbarrierCompleted(kClusterObject); }
void Checker::clusterWaited(Warp &w, uint32_t lanes) {
  mbarrierWaited(w, kClusterObject);
  if (lanes == (w.present & ~w.exited))
    warpSynced(w, lanes);
}

void Checker::joinPhases(Phases &to, const Phases &from) {
  for (const auto &[object, phase] : from) {
    uint32_t &mine = to[object];
    mine = std::max(mine, phase);
  }
}

void Checker::lanesExited(Warp &w, const Op &op) {
  if (!checks.sync)
    return;
  for (const Barrier &b : block.barriers)
    if (b.arrived && !b.expected) {
      block.fault(w, op, FaultClass::DivergentBarrier,
                  "a thread exits while others wait at a barrier of all "
                  "threads",
                  __builtin_ctz(w.exec));
      return;
    }
}
