//===- Memory.cpp - ld and st ---------------------------------------------===//

#include "Semantics/Address.h"
#include "Semantics/Ops.h"

#include <type_traits>

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
template <unsigned N, class M> struct __attribute__((packed)) Elements {
  M e[N];
};

/// M: element in memory (signed: sign-extended), R: register.
template <class M, class R, unsigned N> void ld(Warp &w, const Op &op) {
  Lanes64 p;
  if (!resolve(w, op, sizeof(M) * N, kRead, p))
    return;
  V<R> value[N];
  if (__builtin_expect(w.exec == ~0u, 1)) {
    V<uint64_t> at;
    __builtin_memcpy(&at, &p, sizeof at);
    if constexpr (N == 1 && sizeof(M) >= 2) {
      // Lanes one after the other: one vector.
      V<uint64_t> expected =
          convert<uint64_t>(laneIds()) * splat<uint64_t>(sizeof(M)) +
          splat<uint64_t>(p.at[0]);
      if (maskOf<int64_t>(at == expected) == ~0u) {
        V<M> m;
        __builtin_memcpy(&m, reinterpret_cast<const void *>(p.at[0]), sizeof m);
        put<R>(w, op.d, convert<R>(m));
        return;
      }
    }
    for (unsigned l = 0; l < 32; ++l) {
      Elements<N, M> e;
      __builtin_memcpy(&e, reinterpret_cast<const void *>(p.at[l]), sizeof e);
      for (unsigned i = 0; i < N; ++i)
        value[i][l] = static_cast<R>(e.e[i]);
    }
    for (unsigned i = 0; i < N; ++i)
      put<R>(w, op.list[i], value[i]);
    return;
  }
  eachLane(w.exec, [&](unsigned l) {
    Elements<N, M> e;
    __builtin_memcpy(&e, reinterpret_cast<const void *>(p.at[l]), sizeof e);
    for (unsigned i = 0; i < N; ++i)
      reinterpret_cast<R *>(w.regs + op.list[i])[l] = static_cast<R>(e.e[i]);
  });
}

template <class M, class R, unsigned N> void st(Warp &w, const Op &op) {
  Lanes64 p;
  if (!resolve(w, op, sizeof(M) * N, kWrite, p))
    return;
  const R *from[N];
  for (unsigned i = 0; i < N; ++i)
    from[i] = reinterpret_cast<const R *>(place(w, op.list[i]));
  auto one = [&](unsigned l) {
    Elements<N, M> e;
    for (unsigned i = 0; i < N; ++i)
      e.e[i] = static_cast<M>(from[i][l]);
    __builtin_memcpy(reinterpret_cast<void *>(p.at[l]), &e, sizeof e);
  };
  if (__builtin_expect(w.exec == ~0u, 1)) {
    if constexpr (N == 1 && sizeof(M) >= 2) {
      V<uint64_t> at;
      __builtin_memcpy(&at, &p, sizeof at);
      V<uint64_t> expected =
          convert<uint64_t>(laneIds()) * splat<uint64_t>(sizeof(M)) +
          splat<uint64_t>(p.at[0]);
      if (maskOf<int64_t>(at == expected) == ~0u) {
        V<M> m = convert<M>(get<R>(w, op.d));
        __builtin_memcpy(reinterpret_cast<void *>(p.at[0]), &m, sizeof m);
        return;
      }
    }
    for (unsigned l = 0; l < 32; ++l)
      one(l);
    return;
  }
  eachLane(w.exec, one);
}

/// 128-bit registers, one or two elements.
template <unsigned N, bool Store> void move128(Warp &w, const Op &op) {
  Lanes64 p;
  if (!resolve(w, op, 16 * N, Store ? kWrite : kRead, p))
    return;
  eachLane(w.exec, [&](unsigned l) {
    for (unsigned i = 0; i < N; ++i) {
      auto *memory = reinterpret_cast<uint8_t *>(p.at[l]) + 16 * i;
      if (Store)
        __builtin_memcpy(memory, place(w, op.list[i]) + 16 * l, 16);
      else
        __builtin_memcpy(w.regs + op.list[i] + 16 * l, memory, 16);
    }
  });
}

/// Kernel parameters are the same for all lanes.
template <class M, class R> void ldParam(Warp &w, const Op &op) {
  for (unsigned i = 0; i < op.count; ++i) {
    M m;
    __builtin_memcpy(&m, w.params + op.imm + sizeof(M) * i, sizeof m);
    put<R>(w, op.list[i], splat<R>(static_cast<R>(m)));
  }
}
// Parameters of device functions lie per lane in the frame: b is the area, c
// its stride.
template <class M, class R> void ldFrame(Warp &w, const Op &op) {
  for (unsigned i = 0; i < op.count; ++i)
    eachLane(w.exec, [&](unsigned l) {
      M m;
      __builtin_memcpy(&m, w.regs + op.b + op.c * l + op.imm + sizeof(M) * i,
                       sizeof m);
      reinterpret_cast<R *>(w.regs + op.list[i])[l] = static_cast<R>(m);
    });
}
template <class M, class R> void stFrame(Warp &w, const Op &op) {
  for (unsigned i = 0; i < op.count; ++i) {
    const auto *from = reinterpret_cast<const R *>(place(w, op.list[i]));
    eachLane(w.exec, [&](unsigned l) {
      M m = static_cast<M>(from[l]);
      __builtin_memcpy(w.regs + op.b + op.c * l + op.imm + sizeof(M) * i, &m,
                       sizeof m);
    });
  }
}

enum Kind { kLd, kSt, kLdParam, kLdFrame, kStFrame };

template <class M, class R, Kind K> Handler byCount(unsigned count) {
  if constexpr (K == kLdParam)
    return ldParam<M, R>;
  if constexpr (K == kLdFrame)
    return ldFrame<M, R>;
  if constexpr (K == kStFrame)
    return stFrame<M, R>;
  if constexpr (K == kLd) {
    switch (count) {
    case 1:
      return ld<M, R, 1>;
    case 2:
      return ld<M, R, 2>;
    case 4:
      return ld<M, R, 4>;
    case 8:
      if constexpr (sizeof(M) <= 4)
        return ld<M, R, 8>;
    }
  }
  if constexpr (K == kSt) {
    switch (count) {
    case 1:
      return st<M, R, 1>;
    case 2:
      return st<M, R, 2>;
    case 4:
      return st<M, R, 4>;
    case 8:
      if constexpr (sizeof(M) <= 4)
        return st<M, R, 8>;
    }
  }
  return nullptr;
}
template <class M, Kind K> Handler byRegister(unsigned bytes, unsigned count) {
  // Sign extension goes by way of a signed register type.
  constexpr bool kSigned = std::is_signed_v<M>;
  switch (bytes) {
  case 2:
    if constexpr (sizeof(M) <= 2)
      return byCount<M, std::conditional_t<kSigned, int16_t, uint16_t>, K>(
          count);
    return nullptr;
  case 4:
    if constexpr (sizeof(M) <= 4)
      return byCount<M, std::conditional_t<kSigned, int32_t, uint32_t>, K>(
          count);
    return nullptr;
  case 8:
    return byCount<M, std::conditional_t<kSigned, int64_t, uint64_t>, K>(count);
  default:
    return nullptr;
  }
}
template <Kind K> Handler byMemory(const Form &f, unsigned registerBytes) {
  constexpr bool kLoad = K == kLd || K == kLdParam || K == kLdFrame;
  const Type t = f.type[0];
  const unsigned n = f.vec;
  if (widthOf(t) == 16) {
    if (K == kLd)
      return n == 1 ? move128<1, false> : n == 2 ? move128<2, false> : nullptr;
    if (K == kSt)
      return n == 1 ? move128<1, true> : n == 2 ? move128<2, true> : nullptr;
    return nullptr;
  }
  if (kLoad && t == Type::S8)
    return byRegister<int8_t, K>(registerBytes, n);
  if (kLoad && t == Type::S16 && registerBytes > 2)
    return byRegister<int16_t, K>(registerBytes, n);
  if (kLoad && t == Type::S32 && registerBytes > 4)
    return byRegister<int32_t, K>(registerBytes, n);
  switch (widthOf(t)) {
  case 1:
    return byRegister<uint8_t, K>(registerBytes, n);
  case 2:
    return byRegister<uint16_t, K>(registerBytes, n);
  case 4:
    return byRegister<uint32_t, K>(registerBytes, n);
  default:
    return byRegister<uint64_t, K>(registerBytes, n);
  }
}

void nothing(Warp &, const Op &) {}
} // namespace

Handler selectMemory(const Form &f) {
  switch (f.sem) {
  case Sem::Ld:
    return byMemory<kLd>(f, f.dstBytes);
  case Sem::St:
    return byMemory<kSt>(f, f.srcBytes);
  case Sem::LdParam:
    return byMemory<kLdParam>(f, f.dstBytes);
  case Sem::LdFrameParam:
    return byMemory<kLdFrame>(f, f.dstBytes);
  case Sem::StFrameParam:
    return byMemory<kStFrame>(f, f.srcBytes);
  case Sem::Nop:
  case Sem::Fence:
    return nothing;
  default:
    return selectAtomic(f);
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
