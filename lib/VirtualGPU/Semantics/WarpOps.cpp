//===- WarpOps.cpp - shfl, vote, match, redux, matrix moves ---------------===//

#include "Check/FaultClass.h"
#include "Semantics/Address.h"
#include "Semantics/Ops.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
void raise(Warp &w, const Op &op, FaultClass c, const char *text) {
  hooks.fault(w, op, static_cast<uint8_t>(c), text);
}

/// Waits for the lanes of the mask, which must be the same in all of them.
RADDLE_INLINE bool sync(Warp &w, const Op &op, Slot maskSlot, uint32_t &mask) {
  const auto *m = reinterpret_cast<const uint32_t *>(place(w, maskSlot));
  mask = m[__builtin_ctz(w.exec)];
  V<uint32_t> all = get<uint32_t>(w, maskSlot);
  uint32_t same = maskOf<int32_t>(all == splat<uint32_t>(mask));
  if (w.exec & ~same) {
    raise(w, op, FaultClass::BadMask, "lanes name different member masks");
    return false;
  }
  if ((mask & w.present & ~w.exited & ~w.exec) || (w.exec & ~mask))
    return hooks.syncLanes(w, op, mask);
  return true;
}

/// Modes: 0 up, 1 down, 2 bfly, 3 idx.
template <int Mode> void shfl(Warp &w, const Op &op) {
  uint32_t mask;
  if (!sync(w, op, op.list[0], mask))
    return;
  alignas(64) uint32_t value[32], result[32];
  V<uint32_t> a = get<uint32_t>(w, op.a);
  __builtin_memcpy(value, &a, sizeof value);
  V<int32_t> lane = bits<int32_t>(laneIds());
  V<int32_t> b = bits<int32_t>(get<uint32_t>(w, op.b) & splat<uint32_t>(31));
  V<uint32_t> c = get<uint32_t>(w, op.c);
  V<int32_t> clampTo = bits<int32_t>(c & splat<uint32_t>(31));
  V<int32_t> segment =
      bits<int32_t>((c >> splat<uint32_t>(8)) & splat<uint32_t>(31));
  V<int32_t> most = (lane & segment) | (clampTo & ~segment);
  V<int32_t> least = lane & segment;
  V<int32_t> from, ok;
  if (Mode == 0) {
    from = lane - b;
    ok = from >= most;
  } else if (Mode == 1) {
    from = lane + b;
    ok = from <= most;
  } else if (Mode == 2) {
    from = lane ^ b;
    ok = from <= most;
  } else {
    from = least | (b & ~segment);
    ok = from <= most;
  }
  from = pick<int32_t>(ok, from, lane);
  alignas(64) uint32_t source[32];
  __builtin_memcpy(source, &from, sizeof source);
  uint32_t inactive = 0;
  for (unsigned l = 0; l < 32; ++l) {
    result[l] = value[source[l] & 31];
    inactive |= (w.exec >> (source[l] & 31) & 1 ? 0u : 1u) << l;
  }
  if (__builtin_expect(inactive & w.exec, 0)) {
    raise(w, op, FaultClass::BadMask,
          "shfl reads a lane that does not take part");
    return;
  }
  V<uint32_t> r;
  __builtin_memcpy(&r, result, sizeof r);
  put<uint32_t>(w, op.d, r);
  if (op.flags & 1)
    putPred(w, op.e, maskOf<int32_t>(ok));
}

/// Modes: 0 all, 1 any, 2 uni, 3 ballot.
template <int Mode> void vote(Warp &w, const Op &op) {
  uint32_t mask;
  if (!sync(w, op, op.b, mask))
    return;
  uint32_t p = (getPred(w, op.a) ^ (op.flags & 1 ? ~0u : 0)) & w.exec;
  bool r = Mode == 0 ? p == w.exec : Mode == 1 ? p != 0 : p == 0 || p == w.exec;
  if (Mode == 3)
    put<uint32_t>(w, op.d, splat<uint32_t>(p));
  else
    putPred(w, op.d, r ? ~0u : 0);
}

template <class T, bool All> void match(Warp &w, const Op &op) {
  uint32_t mask;
  if (!sync(w, op, op.b, mask))
    return;
  V<T> a = get<T>(w, op.a);
  V<uint32_t> r = splat<uint32_t>(0);
  bool same = true;
  T first = a[__builtin_ctz(w.exec)];
  eachLane(w.exec, [&](unsigned l) {
    uint32_t equal = maskOf<SInt<T>>(a == splat<T>(a[l])) & w.exec;
    r[l] = equal;
    same &= a[l] == first;
  });
  if (All) {
    put<uint32_t>(w, op.d, splat<uint32_t>(same ? w.exec : 0));
    if (op.flags & 1)
      putPred(w, op.e, same ? ~0u : 0);
  } else {
    put<uint32_t>(w, op.d, r);
  }
}

void activemask(Warp &w, const Op &op) {
  put<uint32_t>(w, op.d, splat<uint32_t>(w.exec));
}

void elect(Warp &w, const Op &op) {
  uint32_t mask;
  if (!sync(w, op, op.b, mask))
    return;
  uint32_t leader = __builtin_ctz(w.exec);
  put<uint32_t>(w, op.d, splat<uint32_t>(leader));
  putPred(w, op.e, 1u << leader);
}

enum Reduction { kAdd, kMinS, kMaxS, kMinU, kMaxU, kAnd, kOr, kXor };
template <Reduction R> void redux(Warp &w, const Op &op) {
  uint32_t mask;
  if (!sync(w, op, op.b, mask))
    return;
  V<uint32_t> a = get<uint32_t>(w, op.a);
  uint32_t r = a[__builtin_ctz(w.exec)];
  eachLane(w.exec & (w.exec - 1), [&](unsigned l) {
    uint32_t x = a[l];
    auto sr = static_cast<int32_t>(r), sx = static_cast<int32_t>(x);
    switch (R) {
    case kAdd:
      r += x;
      break;
    case kMinS:
      r = sx < sr ? x : r;
      break;
    case kMaxS:
      r = sx > sr ? x : r;
      break;
    case kMinU:
      r = x < r ? x : r;
      break;
    case kMaxU:
      r = x > r ? x : r;
      break;
    case kAnd:
      r &= x;
      break;
    case kOr:
      r |= x;
      break;
    case kXor:
      r ^= x;
      break;
    }
  });
  put<uint32_t>(w, op.d, splat<uint32_t>(r));
}

/// All lanes of a warp must take part.
RADDLE_INLINE bool whole(Warp &w, const Op &op) {
  if (__builtin_expect(w.exec == ~0u, 1))
    return true;
  if (w.present != ~0u || w.exited) {
    raise(w, op, FaultClass::BadMask,
          "the instruction needs all 32 threads of the warp");
    return false;
  }
  return hooks.syncLanes(w, op, ~0u);
}

// Lanes 8m..8m+7 have the rows of matrix m; register m of a lane holds the
// elements (g, 2q) and (g, 2q+1), transposed (2q, g) and (2q+1, g).
template <bool Store> void matrixMove(Warp &w, const Op &op) {
  if (!whole(w, op))
    return;
  const unsigned rows = 8 * op.count;
  Lanes64 p;
  V<uint64_t> address = addressOf(w, op);
  const uint32_t lanes = rows == 32 ? ~0u : (1u << rows) - 1;
  Space space = static_cast<Space>(op.space);
  if (space == Space::Generic) {
    space = Space::Shared;
    address &= splat<uint64_t>(0xffffffff);
  }
  if (!resolveIn(w, op, space, address, lanes, 16, Store ? kWrite : kRead))
    return;
  __builtin_memcpy(&p, &address, sizeof p);
  for (unsigned m = 0; m < op.count; ++m) {
    alignas(64) uint16_t tile[8][8];
    auto *reg = reinterpret_cast<uint32_t *>(w.regs + op.list[m]);
    if (Store) {
      const auto *from =
          reinterpret_cast<const uint32_t *>(place(w, op.list[m]));
      for (unsigned l = 0; l < 32; ++l) {
        unsigned g = l / 4, q = l % 4;
        uint16_t lo = static_cast<uint16_t>(from[l]),
                 hi = static_cast<uint16_t>(from[l] >> 16);
        if (op.flags & 2) {
          tile[2 * q][g] = lo;
          tile[2 * q + 1][g] = hi;
        } else {
          tile[g][2 * q] = lo;
          tile[g][2 * q + 1] = hi;
        }
      }
      for (unsigned r = 0; r < 8; ++r)
        __builtin_memcpy(reinterpret_cast<void *>(p.at[8 * m + r]), tile[r],
                         16);
      continue;
    }
    if (!(op.flags & 2)) {
      // Row r goes to lanes 4r..4r+3 as it is.
      for (unsigned r = 0; r < 8; ++r)
        __builtin_memcpy(reg + 4 * r,
                         reinterpret_cast<const void *>(p.at[8 * m + r]), 16);
      continue;
    }
    for (unsigned r = 0; r < 8; ++r)
      __builtin_memcpy(tile[r], reinterpret_cast<const void *>(p.at[8 * m + r]),
                       16);
    for (unsigned l = 0; l < 32; ++l) {
      unsigned g = l / 4, q = l % 4;
      reg[l] = tile[2 * q][g] | static_cast<uint32_t>(tile[2 * q + 1][g]) << 16;
    }
  }
}

void movmatrix(Warp &w, const Op &op) {
  if (!whole(w, op))
    return;
  uint16_t tile[8][8];
  const auto *from = reinterpret_cast<const uint32_t *>(place(w, op.a));
  for (unsigned l = 0; l < 32; ++l) {
    tile[l / 4][2 * (l % 4)] = static_cast<uint16_t>(from[l]);
    tile[l / 4][2 * (l % 4) + 1] = static_cast<uint16_t>(from[l] >> 16);
  }
  auto *reg = reinterpret_cast<uint32_t *>(w.regs + op.d);
  for (unsigned l = 0; l < 32; ++l) {
    unsigned g = l / 4, q = l % 4;
    reg[l] = tile[2 * q][g] | static_cast<uint32_t>(tile[2 * q + 1][g]) << 16;
  }
}
} // namespace

Handler selectWarp(const Form &f) {
  const bool wide = f.type[0] == Type::B64;
  switch (f.sem) {
  case Sem::Shfl:
    return f.has(Mod::up)     ? shfl<0>
           : f.has(Mod::down) ? shfl<1>
           : f.has(Mod::bfly) ? shfl<2>
                              : shfl<3>;
  case Sem::Vote:
    return f.has(Mod::all)   ? vote<0>
           : f.has(Mod::any) ? vote<1>
           : f.has(Mod::uni) ? vote<2>
                             : vote<3>;
  case Sem::Match:
    if (f.has(Mod::all))
      return wide ? match<uint64_t, true> : match<uint32_t, true>;
    return wide ? match<uint64_t, false> : match<uint32_t, false>;
  case Sem::Activemask:
    return activemask;
  case Sem::Elect:
    return elect;
  case Sem::Redux: {
    const bool isSigned = f.type[0] == Type::S32;
    if (f.has(Mod::add))
      return redux<kAdd>;
    if (f.has(Mod::min))
      return isSigned ? redux<kMinS> : redux<kMinU>;
    if (f.has(Mod::max))
      return isSigned ? redux<kMaxS> : redux<kMaxU>;
    return f.has(Mod::and_)  ? redux<kAnd>
           : f.has(Mod::or_) ? redux<kOr>
                             : redux<kXor>;
  }
  case Sem::Ldmatrix:
    return matrixMove<false>;
  case Sem::Stmatrix:
    return matrixMove<true>;
  case Sem::Movmatrix:
    return movmatrix;
  default:
    return nullptr;
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
