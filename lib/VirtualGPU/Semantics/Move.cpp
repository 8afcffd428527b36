//===- Move.cpp - Moves, packing, special registers -----------------------===//

#include "Semantics/Ops.h"

#include <chrono>

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
template <class T> void mov(Warp &w, const Op &op) {
  put<T>(w, op.d, get<T>(w, op.a));
}
void movPred(Warp &w, const Op &op) {
  putPred(w, op.d, getPred(w, op.a) ^ (op.flags & 1 ? ~0u : 0));
}
void mov128(Warp &w, const Op &op) {
  const uint8_t *from = place(w, op.a);
  eachLane(w.exec, [&](unsigned l) {
    __builtin_memcpy(w.regs + op.d + 16 * l, from + 16 * l, 16);
  });
}

/// mov.b64 d, {lo, hi} and the like: the first element has the low bits.
template <class Part, class Whole> void pack(Warp &w, const Op &op) {
  V<Whole> r = splat<Whole>(0);
  for (unsigned i = 0; i < op.count; ++i)
    r |= convert<Whole>(get<Part>(w, op.list[i]))
         << splat<Whole>(8 * sizeof(Part) * i);
  put<Whole>(w, op.d, r);
}
template <class Part, class Whole> void unpack(Warp &w, const Op &op) {
  V<Whole> a = get<Whole>(w, op.a);
  for (unsigned i = 0; i < op.count; ++i)
    put<Part>(w, op.list[i],
              convert<Part>(a >> splat<Whole>(8 * sizeof(Part) * i)));
}
/// 128-bit registers: elements of `Part` bytes.
template <class Part> void pack128(Warp &w, const Op &op) {
  for (unsigned i = 0; i < op.count; ++i) {
    const auto *from = reinterpret_cast<const Part *>(place(w, op.list[i]));
    eachLane(w.exec, [&](unsigned l) {
      __builtin_memcpy(w.regs + op.d + 16 * l + sizeof(Part) * i, from + l,
                       sizeof(Part));
    });
  }
}
template <class Part> void unpack128(Warp &w, const Op &op) {
  const uint8_t *from = place(w, op.a);
  for (unsigned i = 0; i < op.count; ++i) {
    auto *to = reinterpret_cast<Part *>(w.regs + op.list[i]);
    eachLane(w.exec, [&](unsigned l) {
      __builtin_memcpy(to + l, from + 16 * l + sizeof(Part) * i, sizeof(Part));
    });
  }
}

uint64_t clockTicks() {
  return static_cast<uint64_t>(
      std::chrono::steady_clock::now().time_since_epoch().count());
}

RADDLE_INLINE V<uint64_t> specialValue(const Warp &w, int64_t which) {
  V<uint32_t> lane = laneIds();
  V<uint32_t> linear = lane + splat<uint32_t>(w.index * 32);
  auto wide = [](uint64_t v) { return splat<uint64_t>(v); };
  const uint32_t warps = (w.ntid[0] * w.ntid[1] * w.ntid[2] + 31) / 32;
  switch (which) {
  case 0:
    return convert<uint64_t>(linear % splat<uint32_t>(w.ntid[0]));
  case 1:
    return convert<uint64_t>(linear / splat<uint32_t>(w.ntid[0]) %
                             splat<uint32_t>(w.ntid[1]));
  case 2:
    return convert<uint64_t>(linear / splat<uint32_t>(w.ntid[0] * w.ntid[1]));
  case 3:
  case 4:
  case 5:
    return wide(w.ntid[which - 3]);
  case 6:
  case 7:
  case 8:
    return wide(w.ctaid[which - 6]);
  case 9:
  case 10:
  case 11:
    return wide(w.nctaid[which - 9]);
  case 12:
    return convert<uint64_t>(lane);
  case 13:
    return wide(w.index);
  case 14:
    return wide(warps);
  case 15: // one block after the other, as on one multiprocessor
    return wide(0);
  case 16:
    return wide(1);
  case 17:
    return wide(w.launchId);
  case 18:
  case 20:
  case 26:
  case 30:
    return wide(clockTicks());
  case 19:
  case 31:
    return wide(clockTicks() >> 32);
  case 21:
    return wide(1) << convert<uint64_t>(lane);
  case 22:
    return (wide(2) << convert<uint64_t>(lane)) - wide(1);
  case 23:
    return (wide(1) << convert<uint64_t>(lane)) - wide(1);
  case 24:
    return ~((wide(1) << convert<uint64_t>(lane)) - wide(1));
  case 25:
    return ~((wide(2) << convert<uint64_t>(lane)) - wide(1));
  case 27:
    return wide(w.dynamicShared);
  case 28:
    return wide(w.sharedBytes);
  case 32:
  case 33:
  case 34:
    return wide(w.ctaid[which - 32] % w.clusterDim[which - 32]);
  case 35:
  case 36:
  case 37:
    return wide(w.clusterDim[which - 35]);
  case 38:
    return wide(w.clusterRank);
  case 39:
    return wide(uint64_t(w.clusterDim[0]) * w.clusterDim[1] * w.clusterDim[2]);
  case 40:
  case 41:
  case 42:
    return wide(w.ctaid[which - 40] / w.clusterDim[which - 40]);
  case 43:
  case 44:
  case 45:
    return wide(w.nctaid[which - 43] / w.clusterDim[which - 43]);
  case 46:
    return wide(w.sharedBytes + kSharedBase);
  default:
    return wide(32);
  }
}
template <class T> void movSpecial(Warp &w, const Op &op) {
  put<T>(w, op.d, convert<T>(specialValue(w, op.imm)));
}

/// Addresses that depend on where the function runs: local variables (flags
/// 0) and kernel parameters (flags 1).
template <class T> void movLocal(Warp &w, const Op &op) {
  uint64_t base =
      op.flags ? reinterpret_cast<uint64_t>(w.params) : w.frame->localBase;
  put<T>(w, op.d,
         splat<T>(static_cast<T>(base + static_cast<uint64_t>(op.imm))));
}

void cvtaFrom(Warp &w, const Op &op) {
  put<uint64_t>(w, op.d,
                get<uint64_t>(w, op.a) +
                    splat<uint64_t>(static_cast<uint64_t>(op.imm)));
}
void cvtaTo(Warp &w, const Op &op) {
  put<uint64_t>(w, op.d,
                get<uint64_t>(w, op.a) -
                    splat<uint64_t>(static_cast<uint64_t>(op.imm)));
}

template <int Which> void isspacep(Warp &w, const Op &op) {
  V<uint64_t> top = get<uint64_t>(w, op.a) >> splat<uint64_t>(32);
  uint32_t shared =
      maskOf<int64_t>(top == splat<uint64_t>(kSharedWindow >> 32));
  uint32_t local = maskOf<int64_t>(top == splat<uint64_t>(kLocalWindow >> 32));
  V<uint64_t> a = get<uint64_t>(w, op.a);
  auto base = reinterpret_cast<uint64_t>(w.params);
  uint32_t param = maskOf<int64_t>((a >= splat<uint64_t>(base)) &
                                   (a < splat<uint64_t>(base + w.paramBytes)));
  putPred(w, op.d,
          Which == 0   ? shared
          : Which == 1 ? local
          : Which == 2 ? ~(shared | local)
          : Which == 3 ? param
                       : 0u);
}
} // namespace

Handler selectMove(const Form &f) {
  switch (f.sem) {
  case Sem::Mov:
    if (f.type[0] == Type::Pred)
      return movPred;
    switch (f.dstBytes) {
    case 2:
      return mov<uint16_t>;
    case 4:
      return mov<uint32_t>;
    case 8:
      return mov<uint64_t>;
    case 16:
      return mov128;
    default:
      return nullptr;
    }
  case Sem::MovPack:
    switch (f.dstBytes * 16 + f.srcBytes) {
    case 4 * 16 + 2:
      return pack<uint16_t, uint32_t>;
    case 8 * 16 + 2:
      return pack<uint16_t, uint64_t>;
    case 8 * 16 + 4:
      return pack<uint32_t, uint64_t>;
    case 16 * 16 + 4:
      return pack128<uint32_t>;
    case 16 * 16 + 8:
      return pack128<uint64_t>;
    default:
      return nullptr;
    }
  case Sem::MovUnpack:
    switch (f.dstBytes * 16 + f.srcBytes) {
    case 4 * 16 + 2:
      return unpack<uint16_t, uint32_t>;
    case 8 * 16 + 2:
      return unpack<uint16_t, uint64_t>;
    case 8 * 16 + 4:
      return unpack<uint32_t, uint64_t>;
    case 16 * 16 + 4:
      return unpack128<uint32_t>;
    case 16 * 16 + 8:
      return unpack128<uint64_t>;
    default:
      return nullptr;
    }
  case Sem::MovSpecial: {
#define MAKE(T) movSpecial<T>
    RADDLE_BY_WIDTH(f.dstBytes, MAKE)
#undef MAKE
  }
  case Sem::MovLocal:
    return f.dstBytes == 8   ? movLocal<uint64_t>
           : f.dstBytes == 4 ? movLocal<uint32_t>
                             : nullptr;
  case Sem::CvtaTo:
    return cvtaTo;
  case Sem::CvtaFrom:
    return cvtaFrom;
  case Sem::Isspacep:
    return f.has(Mod::shared)   ? isspacep<0>
           : f.has(Mod::local)  ? isspacep<1>
           : f.has(Mod::global) ? isspacep<2>
           : f.has(Mod::param)  ? isspacep<3>
                                : isspacep<4>;
  default:
    return nullptr;
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
