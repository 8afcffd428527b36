//===- Address.h - From lanes' addresses to host pointers -------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_SEMANTICS_ADDRESS_H
#define RADDLE_LIB_VIRTUALGPU_SEMANTICS_ADDRESS_H

#include "Semantics/Simd.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

struct __attribute__((aligned(64))) Lanes64 {
  uint64_t at[32];
};

RADDLE_INLINE V<uint64_t> addressOf(const Warp &w, const Op &op) {
  // Bit 0 of the flags: a 32-bit register, which wraps at 32 bits.
  if (op.flags & 1)
    return convert<uint64_t>(get<uint32_t>(w, op.a) +
                             splat<uint32_t>(static_cast<uint32_t>(op.imm)));
  return get<uint64_t>(w, op.a) +
         splat<uint64_t>(static_cast<uint64_t>(op.imm));
}

RADDLE_INLINE bool globalPointers(Warp &w, const Op &op, V<uint64_t> address,
                                  uint32_t lanes, unsigned bytes,
                                  bool isWrite) {
  const Range &range =
      w.ranges[(reinterpret_cast<uintptr_t>(&op) / sizeof(Op)) %
               kRangeCacheSize];
  V<uint64_t> offset = address - splat<uint64_t>(range.begin);
  // An empty range has begin 1 and end 0: its size is negative.
  const uint64_t size = range.end - range.begin;
  V<int64_t> bad =
      (offset > splat<uint64_t>(size - bytes)) |
      ((address & splat<uint64_t>(bytes - 1)) != splat<uint64_t>(0));
  if (__builtin_expect(size < bytes || size > ~uint64_t(0) / 2 ||
                           (maskOf<int64_t>(bad) & lanes),
                       0)) {
    Lanes64 spilled;
    __builtin_memcpy(&spilled, &address, sizeof spilled);
    return hooks.checkGlobal(w, op, spilled.at, lanes, bytes, isWrite);
  }
  return true;
}

RADDLE_INLINE bool windowPointers(Warp &w, const Op &op, Space space,
                                  V<uint64_t> &address, uint32_t lanes,
                                  unsigned bytes, bool isWrite) {
  const uint64_t begin = space == Space::Shared ? kSharedBase : 0;
  const uint64_t size = space == Space::Shared ? w.sharedBytes : w.localBytes;
  V<uint64_t> offset = address - splat<uint64_t>(begin);
  V<int64_t> bad =
      (offset > splat<uint64_t>(size - bytes)) |
      ((address & splat<uint64_t>(bytes - 1)) != splat<uint64_t>(0));
  if (__builtin_expect(size < bytes || (maskOf<int64_t>(bad) & lanes), 0)) {
    Lanes64 spilled;
    __builtin_memcpy(&spilled, &address, sizeof spilled);
    if (space == Space::Shared) {
      if (!hooks.clusterShared(w, op, spilled.at, lanes, bytes, isWrite))
        return false;
      __builtin_memcpy(&address, &spilled, sizeof spilled);
      return true;
    }
    hooks.faultWindow(w, op, static_cast<uint8_t>(space), spilled.at, lanes,
                      bytes, isWrite);
    return false;
  }
  if (space == Space::Shared)
    address = offset + splat<uint64_t>(reinterpret_cast<uint64_t>(w.shared));
  else
    address = offset + splat<uint64_t>(reinterpret_cast<uint64_t>(w.local)) +
              convert<uint64_t>(laneIds()) * splat<uint64_t>(w.localStride);
  return true;
}

RADDLE_INLINE bool observeAccess(Warp &w, const Op &op, Space space,
                                 V<uint64_t> address, uint32_t lanes,
                                 unsigned bytes, AccessKind kind) {
  Lanes64 spilled;
  __builtin_memcpy(&spilled, &address, sizeof spilled);
  return hooks.observe(w, op, static_cast<uint8_t>(space), spilled.at, lanes,
                       bytes, kind);
}

/// Checks an access of `bytes` per lane in `space` and turns the addresses
/// into host pointers. False after a fault.
RADDLE_INLINE bool resolveIn(Warp &w, const Op &op, Space space,
                             V<uint64_t> &address, uint32_t lanes,
                             unsigned bytes, AccessKind kind) {
  const bool isWrite = kind != kRead;
  if (space == Space::Global) {
    if (!globalPointers(w, op, address, lanes, bytes, isWrite))
      return false;
    return !w.observed ||
           observeAccess(w, op, space, address, lanes, bytes, kind);
  }
  V<uint64_t> inSpace = address;
  if (!windowPointers(w, op, space, address, lanes, bytes, isWrite))
    return false;
  return !w.observed ||
         observeAccess(w, op, space, inSpace, lanes, bytes, kind);
}

/// A generic access by the space that each lane's address is in.
static __attribute__((noinline)) bool resolveGeneric(Warp &w, const Op &op,
                                                     Lanes64 &lanesAddress,
                                                     unsigned bytes,
                                                     AccessKind kind) {
  V<uint64_t> address;
  __builtin_memcpy(&address, &lanesAddress, sizeof address);
  V<uint64_t> top = address >> splat<uint64_t>(32);
  uint32_t shared =
      maskOf<int64_t>(top == splat<uint64_t>(kSharedWindow >> 32)) & w.exec;
  uint32_t local =
      maskOf<int64_t>(top == splat<uint64_t>(kLocalWindow >> 32)) & w.exec;
  uint32_t global = w.exec & ~shared & ~local;
  V<uint64_t> result = address;
  V<uint64_t> low = address & splat<uint64_t>(0xffffffff);
  if (global && !resolveIn(w, op, Space::Global, address, global, bytes, kind))
    return false;
  if (shared) {
    V<uint64_t> p = low;
    if (!resolveIn(w, op, Space::Shared, p, shared, bytes, kind))
      return false;
    result = pick<uint64_t>(laneMask<uint64_t>(shared), p, result);
  }
  if (local) {
    V<uint64_t> p = low;
    if (!resolveIn(w, op, Space::Local, p, local, bytes, kind))
      return false;
    result = pick<uint64_t>(laneMask<uint64_t>(local), p, result);
  }
  __builtin_memcpy(&lanesAddress, &result, sizeof result);
  return true;
}

/// Host pointers of the lanes that execute. False after a fault.
RADDLE_INLINE bool resolve(Warp &w, const Op &op, unsigned bytes,
                           AccessKind kind, Lanes64 &pointers) {
  V<uint64_t> address = addressOf(w, op);
  const Space space = static_cast<Space>(op.space);
  if (space == Space::Generic) {
    __builtin_memcpy(&pointers, &address, sizeof pointers);
    return resolveGeneric(w, op, pointers, bytes, kind);
  }
  if (!resolveIn(w, op, space, address, w.exec, bytes, kind))
    return false;
  __builtin_memcpy(&pointers, &address, sizeof pointers);
  return true;
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA

#endif
