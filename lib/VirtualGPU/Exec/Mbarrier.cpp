//===- Mbarrier.cpp - mbarrier.* ------------------------------------------===//

#include "Exec/Mbarrier.h"

#include "Check/Checker.h"
#include "Exec/Cluster.h"

#include <cstring>

using namespace raddle::vgpu;

namespace {
/// Bits of Op::flags beside 1, a 32-bit address register.
enum Flag : uint16_t {
  kDrop = 2,
  kExpectTx = 4,
  kParity = 8,
  kNoComplete = 16,
  kRelaxed = 32,
  kNoIncrease = 64,
  kPhaseBlocks = 128 // try_wait
};
} // namespace

static void store(const SharedPlace &place, const Mbarrier &m) {
  const uint64_t word = m.word();
  std::memcpy(place.pointer(), &word, 8);
}

void BlockRunner::changeMbarrier(Warp &w, uint32_t offset, uint32_t arrivals,
                                 int32_t txDelta) {
  Mbarrier &m = mbarriers[offset];
  m.pending -= arrivals;
  m.tx += txDelta;
  if (m.pending == 0 && m.tx == 0) {
    ++m.phase;
    m.pending = m.expected;
    if (checker)
      checker->mbarrierCompleted(offset);
  }
  (void)w;
  store({this, offset}, m);
}

/// The object at a lane's address. Null after a fault.
static Mbarrier *find(Warp &w, const Op &op, unsigned lane,
                      SharedPlace &place) {
  if (!findShared(w, op, addressOf(w, op.a, op.flags & 1, op.imm, lane), lane,
                  8, 8, "mbarrier object", place))
    return nullptr;
  auto it = place.block->mbarriers.find(place.offset);
  uint64_t word;
  std::memcpy(&word, place.pointer(), 8);
  if (it == place.block->mbarriers.end() || it->second.word() != word) {
    w.block->fault(w, op, FaultClass::BadMbarrier,
                   it == place.block->mbarriers.end()
                       ? "there is no initialised mbarrier object"
                       : "the mbarrier object was overwritten",
                   lane, true, kSharedBase + place.offset);
    return nullptr;
  }
  return &it->second;
}

static void init(Warp &w, const Op &op) {
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    const uint32_t count = lanesOf<uint32_t>(w, op.b)[lane];
    SharedPlace place;
    if (!findShared(w, op, addressOf(w, op.a, op.flags & 1, op.imm, lane), lane,
                    8, 8, "mbarrier object", place))
      return;
    if (count == 0 || count > Mbarrier::kMaxCount) {
      w.block->fault(w, op, FaultClass::BadMbarrier,
                     "an mbarrier object of " + std::to_string(count) +
                         " arrivals, expected 1 to " +
                         std::to_string(Mbarrier::kMaxCount),
                     lane, true, kSharedBase + place.offset);
      return;
    }
    // The object counts as written by this thread.
    const uint64_t address = kSharedBase + place.offset;
    if (w.observed && place.block == w.block) {
      uint64_t addresses[32];
      addresses[lane] = address;
      if (!hooks.observe(w, op, static_cast<uint8_t>(Space::Shared), addresses,
                         1u << lane, 8, kWrite))
        return;
    }
    Mbarrier object;
    object.expected = object.pending = count;
    place.block->mbarriers[place.offset] = object;
    store(place, object);
    if (place.block->checker)
      place.block->checker->mbarrierCreated(place.offset);
  }
}

static void invalidate(Warp &w, const Op &op) {
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    SharedPlace place;
    if (!find(w, op, lane, place))
      return;
    place.block->mbarriers.erase(place.offset);
    std::memset(place.pointer(), 0xff, 8);
  }
}

static bool badCount(Warp &w, const Op &op, unsigned lane,
                     const SharedPlace &place, const std::string &what) {
  w.block->fault(w, op, FaultClass::BadMbarrier, what, lane, true,
                 kSharedBase + place.offset);
  return false;
}

static bool changeTx(Warp &w, const Op &op, unsigned lane,
                     const SharedPlace &place, const Mbarrier &object,
                     int64_t delta) {
  const int64_t tx = object.tx + delta;
  if (tx > int64_t(Mbarrier::kMaxCount) || tx < -int64_t(Mbarrier::kMaxCount))
    return badCount(w, op, lane, place,
                    "the mbarrier object's transaction count would be " +
                        std::to_string(tx) + " bytes");
  return true;
}

/// d: the state before, b: the count of arrivals or bytes.
static void arrive(Warp &w, const Op &op) {
  const uint32_t lanes = w.exec;
  uint64_t states[32];
  for (uint32_t m = lanes; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    SharedPlace place;
    Mbarrier *object = find(w, op, lane, place);
    if (!object)
      return;
    const uint32_t operand = lanesOf<uint32_t>(w, op.b)[lane];
    const uint32_t arrivals = op.flags & kExpectTx ? 1 : operand;
    const int64_t bytes = op.flags & kExpectTx ? operand : 0;
    states[lane] = object->word();
    if (!arrivals || arrivals > object->pending) {
      badCount(w, op, lane, place,
               arrivals ? std::to_string(arrivals) +
                              " arrivals at an mbarrier "
                              "object that waits for " +
                              std::to_string(object->pending)
                        : "an arrival of 0 at an mbarrier object");
      return;
    }
    if (!changeTx(w, op, lane, place, *object, bytes))
      return;
    if ((op.flags & kNoComplete) && arrivals == object->pending &&
        object->tx + bytes == 0) {
      badCount(w, op, lane, place,
               "mbarrier.arrive.noComplete completes the phase");
      return;
    }
    if (op.flags & kDrop)
      object->expected -= arrivals;
    if (place.block == w.block && w.block->checker && !(op.flags & kRelaxed))
      w.block->checker->mbarrierArrived(w, place.offset, lanes, lane);
    place.block->changeMbarrier(w, place.offset, arrivals,
                                static_cast<int32_t>(bytes));
  }
  if (op.d >= 0)
    for (uint32_t m = lanes; m; m &= m - 1) {
      const unsigned lane = __builtin_ctz(m);
      reinterpret_cast<uint64_t *>(w.regs + op.d)[lane] = states[lane];
    }
}

/// expect_tx adds to the bytes that a phase waits for, complete_tx takes away.
static void transaction(Warp &w, const Op &op) {
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    SharedPlace place;
    Mbarrier *object = find(w, op, lane, place);
    if (!object)
      return;
    const int64_t bytes = lanesOf<uint32_t>(w, op.b)[lane];
    const int64_t delta = op.flags & kExpectTx ? bytes : -bytes;
    if (!changeTx(w, op, lane, place, *object, delta))
      return;
    place.block->changeMbarrier(w, place.offset, 0,
                                static_cast<int32_t>(delta));
  }
}

/// d: predicate; b: the state of an arrival, or a parity. A phase has completed
/// when the object's parity is not that phase's.
static void wait(Warp &w, const Op &op) {
  uint32_t done = 0;
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    SharedPlace place;
    Mbarrier *object = find(w, op, lane, place);
    if (!object)
      return;
    uint32_t parity;
    if (op.flags & kParity) {
      parity = lanesOf<uint32_t>(w, op.b)[lane];
      if (parity > 1) {
        w.block->fault(w, op, FaultClass::BadOperand,
                       "phase parity " + std::to_string(parity) +
                           ", expected 0 or 1",
                       lane);
        return;
      }
    } else {
      parity = lanesOf<uint64_t>(w, op.b)[lane] >> 62 & 1;
    }
    if ((object->phase & 1) == parity)
      continue;
    done |= 1u << lane;
    if (place.block == w.block && w.block->checker && !(op.flags & kRelaxed))
      w.block->checker->mbarrierWaited(w, place.offset);
  }
  auto *p = reinterpret_cast<uint32_t *>(w.regs + op.d);
  *p = (*p & ~w.exec) | done;
  if (done != w.exec)
    yieldTurn(w);
}

/// cp.async.mbarrier.arrive: the copies of the thread so far land and it
/// arrives; without .noinc the arrival is added to those expected first.
static void copiesArrive(Warp &w, const Op &op) {
  landCopies(w, 0, true);
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    SharedPlace place;
    Mbarrier *object = find(w, op, lane, place);
    if (!object)
      return;
    if (place.block == w.block && w.block->checker)
      w.block->checker->mbarrierArrived(w, place.offset, w.exec, lane);
    if (!(op.flags & kNoIncrease))
      continue; // one more expected, one arrives
    if (!object->pending) {
      badCount(w, op, lane, place,
               "an arrival at an mbarrier object that waits for none");
      return;
    }
    place.block->changeMbarrier(w, place.offset, 1, 0);
  }
}

Handler raddle::vgpu::selectMbarrier(const Form &form) {
  switch (form.sem) {
  case Sem::MbarrierInit:
    return init;
  case Sem::MbarrierInval:
    return invalidate;
  case Sem::MbarrierArrive:
    return arrive;
  case Sem::MbarrierTx:
    return transaction;
  case Sem::MbarrierWait:
    return wait;
  case Sem::CpAsyncMbarrier:
    return copiesArrive;
  default:
    return selectCluster(form);
  }
}
