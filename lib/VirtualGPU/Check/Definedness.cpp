//===- Definedness.cpp - Undefined bits of registers and memory -----------===//

#include "Check/Checker.h"

#include <algorithm>
#include <cstring>

using namespace raddle::vgpu;

static uint8_t *shadowBase(const Warp &w) {
  return w.regs + w.frame->code->frameBytes;
}

uint64_t Checker::shadow(const Warp &w, Slot slot, unsigned bytes,
                         unsigned lane) const {
  uint64_t bits = 0;
  if (!(slot & 1))
    std::memcpy(&bits, shadowBase(w) + slot + lane * bytes,
                std::min(bytes, 8u));
  return bits;
}

uint32_t Checker::shadowPred(const Warp &w, Slot slot) const {
  uint32_t bits = 0;
  if (!(slot & 1))
    std::memcpy(&bits, shadowBase(w) + slot, 4);
  return bits;
}

void Checker::setShadow(Warp &w, const Use &use, unsigned lane, uint64_t bits) {
  uint8_t *base = shadowBase(w) + use.slot;
  if (!use.bytes) {
    auto *p = reinterpret_cast<uint32_t *>(base);
    *p = bits ? *p | 1u << lane : *p & ~(1u << lane);
    return;
  }
  std::memcpy(base + lane * use.bytes, &bits, std::min<unsigned>(use.bytes, 8));
  if (use.bytes == 16)
    std::memcpy(base + lane * 16 + 8, &bits, 8);
}

static bool anySet(const uint8_t *p, size_t bytes) {
  uint64_t any = 0;
  for (size_t i = 0; i < bytes; i += 8) {
    uint64_t word;
    std::memcpy(&word, p + i, 8);
    any |= word;
  }
  return any != 0;
}

bool Checker::sourcesDirty(Warp &w, const Code &code, const OpInfo &info,
                           uint32_t lanes) const {
  const uint8_t *base = w.regs + code.frameBytes;
  for (uint32_t i = 0; i < info.numUses; ++i) {
    const Use &use = code.uses[info.firstUse + i];
    if (use.isDst)
      continue;
    if (!use.bytes) {
      if (shadowPred(w, use.slot) & lanes)
        return true;
    } else if (anySet(base + use.slot, 32 * use.bytes)) {
      return true;
    }
  }
  return false;
}

/// Faults when an address, a mask or the like is undefined.
bool Checker::reportUse(Warp &w, const Op &op, const OpInfo &info) {
  const Code &code = *w.frame->code;
  const bool control = info.form.sem == Sem::BrxIdx;
  for (uint32_t i = 0; i < info.numUses; ++i) {
    const Use &use = code.uses[info.firstUse + i];
    if (use.isDst || use.role != 1)
      continue;
    for (uint32_t m = w.exec; m; m &= m - 1) {
      unsigned lane = __builtin_ctz(m);
      if (!shadow(w, use.slot, use.bytes, lane))
        continue;
      block.fault(w, op, FaultClass::Uninitialized,
                  control ? "a branch depends on an undefined register"
                          : "an address, mask or size depends on an undefined "
                            "register",
                  lane);
      return false;
    }
  }
  return true;
}

bool Checker::beforeOp(Warp &w, const Op &op, const OpInfo &info) {
  if (op.guard >= 0)
    if (uint32_t bad = shadowPred(w, op.guard) & w.active) {
      block.fault(w, op, FaultClass::Uninitialized,
                  "a predicate depends on undefined data", __builtin_ctz(bad));
      return false;
    }
  if (!block.wgmma[w.index].accumulators.empty() &&
      (info.form.sem < Sem::Wgmma || info.form.sem > Sem::WgmmaWait)) {
    const Use *uses = w.frame->code->uses.data() + info.firstUse;
    for (uint32_t i = 0; i < info.numUses && w.exec; ++i)
      if (block.wgmma[w.index].inFlight(uses[i].slot)) {
        block.fault(w, op, FaultClass::Uninitialized,
                    "an accumulator of a wgmma product that was not waited for "
                    "is used",
                    __builtin_ctz(w.exec));
        return false;
      }
  }
  loadDirty = false;
  dirty = w.exec && sourcesDirty(w, *w.frame->code, info, w.exec);
  if (!dirty)
    return true;
  if (!reportUse(w, op, info))
    return false;
  propagate(w, op, info);
  return true;
}

/// New shadows of the destinations, kept until the instruction has run.
void Checker::propagate(Warp &w, const Op &op, const OpInfo &info) {
  const Code &code = *w.frame->code;
  const Use *uses = code.uses.data() + info.firstUse;
  const Sem sem = info.form.sem;
  pending.assign(32 * info.numUses, 0);
  if (sem == Sem::Mma) {
    propagateMma(w, op, info);
    return;
  }
  if (sem == Sem::Wgmma) {
    // Accumulators are read only where scale-d keeps them.
    const Slot keeps = op.c;
    uint32_t lanes;
    std::memcpy(&lanes, (keeps & 1 ? w.consts - 1 : w.regs) + keeps, 4);
    lanes ^= op.flags & kWgmmaNotPredicate ? ~0u : 0;
    bool bad = false;
    for (uint32_t i = 0; i < info.numUses; ++i) {
      if (uses[i].isDst || !uses[i].bytes)
        continue;
      const bool isAccumulator = std::find(op.list, op.list + op.count,
                                           uses[i].slot) != op.list + op.count;
      for (unsigned lane = 0; lane < 32; ++lane)
        if (!isAccumulator || (lanes >> lane & 1))
          bad |= shadow(w, uses[i].slot, uses[i].bytes, lane) != 0;
    }
    std::fill(pending.begin(), pending.end(), bad ? ~uint64_t(0) : 0);
    return;
  }
  auto value = [&](Slot slot, unsigned bytes, unsigned lane) {
    uint64_t v = 0;
    std::memcpy(&v, (slot & 1 ? w.consts - 1 : w.regs) + slot + lane * bytes,
                std::min(bytes, 8u));
    return v;
  };
  auto predValue = [&](Slot slot, bool negated) {
    uint32_t v;
    std::memcpy(&v, (slot & 1 ? w.consts - 1 : w.regs) + slot, 4);
    return negated ? ~v : v;
  };
  const bool isPred = info.form.type[0] == Type::Pred;
  uint32_t dst = 0;
  while (dst < info.numUses && !uses[dst].isDst)
    ++dst;
  if (dst == info.numUses)
    return;
  const unsigned width = uses[dst].bytes;
  uint32_t crossLane = 0; // lanes with any undefined source
  for (uint32_t m = w.exec; m; m &= m - 1) {
    unsigned lane = __builtin_ctz(m);
    for (uint32_t i = 0; i < info.numUses; ++i)
      if (!uses[i].isDst &&
          (uses[i].bytes ? shadow(w, uses[i].slot, uses[i].bytes, lane) != 0
                         : shadowPred(w, uses[i].slot) >> lane & 1))
        crossLane |= 1u << lane;
  }
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    const bool any = crossLane >> lane & 1;
    uint64_t bits = any ? ~uint64_t(0) : 0;
    auto put = [&](uint64_t b) {
      for (uint32_t i = 0; i < info.numUses; ++i)
        if (uses[i].isDst)
          pending[lane * info.numUses + i] = b;
    };
    switch (sem) {
    case Sem::Mov:
    case Sem::CvtaTo:
    case Sem::CvtaFrom:
      put(isPred ? shadowPred(w, op.a) >> lane & 1
                 : shadow(w, op.a, width, lane));
      break;
    case Sem::MovPack: {
      const unsigned part = info.form.srcBytes;
      uint64_t b = 0;
      for (unsigned i = 0; i < op.count && part < 8; ++i)
        b |= shadow(w, op.list[i], part, lane) << (8 * part * i);
      put(part < 8 ? b : bits);
      break;
    }
    case Sem::MovUnpack: {
      const unsigned part = info.form.srcBytes, whole = info.form.dstBytes;
      uint64_t b = shadow(w, op.a, whole, lane);
      for (uint32_t i = 0; i < info.numUses; ++i)
        if (uses[i].isDst)
          for (unsigned k = 0; k < op.count; ++k)
            if (op.list[k] == uses[i].slot)
              pending[lane * info.numUses + i] =
                  whole > 8 ? bits : b >> (8 * part * k);
      break;
    }
    case Sem::And:
    case Sem::Or:
    case Sem::Xor: {
      uint64_t ua, ub, a, b;
      if (isPred) {
        ua = shadowPred(w, op.a) >> lane & 1;
        ub = shadowPred(w, op.b) >> lane & 1;
        a = predValue(op.a, op.flags & 1) >> lane & 1;
        b = predValue(op.b, op.flags & 2) >> lane & 1;
      } else {
        ua = shadow(w, op.a, width, lane);
        ub = shadow(w, op.b, width, lane);
        a = value(op.a, width, lane);
        b = value(op.b, width, lane);
      }
      put(sem == Sem::And  ? (ua & ub) | (ua & b) | (ub & a)
          : sem == Sem::Or ? (ua & ub) | (ua & ~b) | (ub & ~a)
                           : ua | ub);
      break;
    }
    case Sem::Not:
      put(isPred ? shadowPred(w, op.a) >> lane & 1
                 : shadow(w, op.a, width, lane));
      break;
    case Sem::Lop3:
      put(shadow(w, op.a, 4, lane) | shadow(w, op.b, 4, lane) |
          shadow(w, op.c, 4, lane));
      break;
    case Sem::Shl:
    case Sem::Shr: {
      uint64_t count = value(op.b, 4, lane);
      if (shadow(w, op.b, 4, lane) || count >= 8 * width) {
        put(shadow(w, op.b, 4, lane) ? bits : 0);
        break;
      }
      uint64_t s = shadow(w, op.a, width, lane);
      if (sem == Sem::Shl) {
        put(s << count);
      } else {
        uint64_t top = uint64_t(1) << (8 * width - 1);
        uint64_t fill = isSigned(info.form.type[0]) && (s & top)
                            ? ~uint64_t(0) << (8 * width - 1 - count)
                            : 0;
        put(s >> count | fill);
      }
      break;
    }
    case Sem::Prmt: {
      if (shadow(w, op.c, 4, lane) || info.form.mods[0] || info.form.mods[1]) {
        put(bits);
        break;
      }
      uint64_t both = shadow(w, op.b, 4, lane) << 32 | shadow(w, op.a, 4, lane);
      uint64_t sel = value(op.c, 4, lane), b = 0;
      for (unsigned i = 0; i < 4; ++i) {
        uint64_t byte = both >> (8 * (sel >> (4 * i) & 7)) & 0xff;
        if (sel >> (4 * i) & 8)
          byte = byte & 0x80 ? 0xff : 0;
        b |= byte << (8 * i);
      }
      put(b);
      break;
    }
    case Sem::Selp: {
      if (shadowPred(w, op.c) >> lane & 1) {
        put(~uint64_t(0));
        break;
      }
      bool p = predValue(op.c, op.flags & 1) >> lane & 1;
      put(shadow(w, p ? op.a : op.b, width, lane));
      break;
    }
    case Sem::Setp: {
      // p and q, p or q: a defined q can decide alone.
      const bool isAnd = info.form.has(Mod::and_),
                 isOr = info.form.has(Mod::or_);
      if ((isAnd || isOr) && !(shadowPred(w, op.c) >> lane & 1)) {
        bool c = predValue(op.c, op.flags & 1) >> lane & 1;
        if (c == isOr)
          bits = 0;
      }
      put(bits);
      break;
    }
    case Sem::Cvt: {
      const Type to = info.form.type[0], from = info.form.type[1];
      if (isFloat(to) || isFloat(from) || info.form.has(Mod::sat)) {
        put(bits);
        break;
      }
      uint64_t s = shadow(w, op.a, info.form.srcBytes, lane);
      unsigned n = 8 * typeBytes(from);
      if (n < 64) {
        s &= (uint64_t(1) << n) - 1;
        if (isSigned(from) && (s >> (n - 1) & 1))
          s |= ~uint64_t(0) << n;
      }
      n = 8 * typeBytes(to);
      if (n < 64) {
        s &= (uint64_t(1) << n) - 1;
        if (isSigned(to) && (s >> (n - 1) & 1))
          s |= ~uint64_t(0) << n;
      }
      put(s);
      break;
    }
    case Sem::Shfl: {
      // The lane that it reads; the source lane is defined (role 1).
      uint64_t b = value(op.b, 4, lane) & 31, c = value(op.c, 4, lane);
      int seg = static_cast<int>(c >> 8 & 31), l = static_cast<int>(lane);
      int most = (l & seg) | (static_cast<int>(c & 31) & ~seg);
      int from = info.form.has(Mod::up)     ? l - static_cast<int>(b)
                 : info.form.has(Mod::down) ? l + static_cast<int>(b)
                 : info.form.has(Mod::bfly)
                     ? l ^ static_cast<int>(b)
                     : (l & seg) | (static_cast<int>(b) & ~seg);
      bool ok = info.form.has(Mod::up) ? from >= most : from <= most;
      uint64_t s = shadow(w, op.a, 4, ok ? from & 31 : lane);
      for (uint32_t i = 0; i < info.numUses; ++i)
        if (uses[i].isDst)
          pending[lane * info.numUses + i] = uses[i].bytes ? s : 0;
      break;
    }
    case Sem::Vote:
    case Sem::Match:
    case Sem::Redux:
    case Sem::BarRed:
      put(crossLane ? ~uint64_t(0) : 0);
      break;
    case Sem::LdFrameParam:
    case Sem::StFrameParam:
    case Sem::Ld:
    case Sem::Ldmatrix:
      break; // see afterOp
    default:
      put(bits);
      break;
    }
  }
}

/// An element of D depends on a row of A, a column of B and its C.
void Checker::propagateMma(Warp &w, const Op &op, const OpInfo &info) {
  const Code &code = *w.frame->code;
  const Use *uses = code.uses.data() + info.firstUse;
  // Constants are not among the uses, so go by the slots of the list.
  const unsigned d = op.count, a = op.imm & 0xff, b = op.imm >> 8 & 0xff;
  const unsigned width = info.form.type[0] == Type::F64 ? 8 : 4;
  const Slot *slotsA = op.list + d, *slotsB = slotsA + a, *slotsC = slotsB + b;
  auto set = [&](unsigned i, unsigned lane, uint64_t bits) {
    for (uint32_t u = 0; u < info.numUses; ++u)
      if (uses[u].isDst && uses[u].slot == op.list[i])
        pending[lane * info.numUses + u] = bits;
  };
  if (info.form.has(Mod::m8n8k4) && info.form.type[1] == Type::F16) {
    // Any input of a quad pair reaches all of its results.
    uint32_t badPairs = 0;
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < a + b; ++i)
        if (shadow(w, slotsA[i], 4, lane))
          badPairs |= 1u << (lane / 4 % 4);
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < d; ++i)
        set(i, lane,
            badPairs >> (lane / 4 % 4) & 1 ? ~uint64_t(0)
                                           : shadow(w, slotsC[i], 4, lane));
    return;
  }
  const bool halfResult = info.form.type[0] == Type::F16;
  const bool small = d == 2 && !halfResult; // 8 rows
  uint32_t badRows = 0, badColumns = 0;     // 16 rows, 8 columns
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned i = 0; i < a; ++i)
      if (shadow(w, slotsA[i], width, lane))
        badRows |= 1u << (lane / 4 + (!small && (i & 1) ? 8 : 0));
    for (unsigned i = 0; i < b; ++i)
      if (shadow(w, slotsB[i], width, lane))
        badColumns |= 1u << (lane / 4);
  }
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < d; ++i) {
      unsigned row = lane / 4 + 8 * (halfResult ? i : i >> 1);
      uint64_t bits = 0;
      bool c0 = badColumns >> (2 * (lane % 4)) & 1,
           c1 = badColumns >> (2 * (lane % 4) + 1) & 1;
      if (halfResult) {
        bits = shadow(w, slotsC[i], 4, lane);
        if (badRows >> row & 1)
          bits = ~uint64_t(0);
        bits |= (c0 ? 0xffffu : 0) | (c1 ? 0xffff0000u : 0);
      } else if ((badRows >> row & 1) || (i & 1 ? c1 : c0) ||
                 shadow(w, slotsC[i], width, lane)) {
        bits = ~uint64_t(0);
      }
      set(i, lane, bits);
    }
}

/// The state of a byte of memory; null where nothing is tracked.
uint8_t *Checker::stateOf(Warp &w, Space space, uint64_t address,
                          unsigned lane) {
  if (space == Space::Shared)
    return &sharedStates[address - kSharedBase];
  if (space == Space::Local)
    return &localStates[(size_t(w.index) * 32 + lane) * w.localStride +
                        address];
  Allocation *a = block.launch.memory->find(address);
  return a && a->state ? &a->state[address - a->base] : nullptr;
}

void Checker::memoryStates(Warp &w, const Op &op, Space space,
                           const uint64_t *addresses, uint32_t lanes,
                           uint32_t bytes, AccessKind kind) {
  const Code &code = *w.frame->code;
  const OpInfo &info = code.infos[&op - w.code];
  const Sem sem = info.form.sem;
  if (kind == kAsync || sem == Sem::CpAsync)
    return; // see copyLanded
  for (uint32_t m = lanes; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    uint8_t *state = stateOf(w, space, addresses[lane], lane);
    if (kind == kRead || kind == kAtomic) {
      uint8_t *to = loaded[lane];
      for (unsigned i = 0; i < bytes; ++i) {
        to[i] = state && state[i] != kDefined ? 0xff : 0;
        loadDirty |= to[i] != 0;
      }
      if (kind == kAtomic && state) {
        const unsigned part = bytes / op.count;
        const Slot *operands =
            op.count > 1 ? op.list + (sem == Sem::Atom ? op.count : 0) : &op.b;
        for (unsigned i = 0; i < op.count; ++i) {
          bool bad = dirty && shadow(w, operands[i], part, lane);
          std::memset(state + i * part, bad ? kUndefined : kDefined, part);
        }
      }
      continue;
    }
    if (!state)
      continue;
    if (!dirty || sem != Sem::St) {
      std::memset(state, dirty ? kUndefined : kDefined, bytes);
      continue;
    }
    const unsigned element = typeBytes(info.form.type[0]);
    const unsigned reg = info.form.srcBytes;
    for (unsigned i = 0; i < bytes; ++i) {
      uint64_t s = shadow(w, op.list[i / element], reg, lane);
      if (reg == 16)
        s = s ? ~uint64_t(0) : 0;
      state[i] = (s >> (8 * (i % element % 8)) & 0xff) ? kUndefined : kDefined;
    }
  }
}

/// Shadows of loaded registers from the states of the bytes.
void Checker::finishLoad(Warp &w, const Op &op, const OpInfo &info) {
  const Code &code = *w.frame->code;
  const Use *uses = code.uses.data() + info.firstUse;
  auto set = [&](Slot slot, unsigned lane, uint64_t bits) {
    for (uint32_t u = 0; u < info.numUses; ++u)
      if (uses[u].isDst && uses[u].slot == slot) {
        setShadow(w, uses[u], lane, bits);
        return;
      }
  };
  if (info.form.sem == Sem::Ldmatrix) {
    for (unsigned m = 0; m < op.count; ++m)
      for (unsigned lane = 0; lane < 32; ++lane) {
        unsigned g = lane / 4, q = lane % 4;
        uint64_t bits = 0;
        for (unsigned i = 0; i < 4; ++i) {
          bool trans = op.flags & 2;
          unsigned row = trans ? 2 * q + i / 2 : g;
          unsigned byte = trans ? 2 * g + i % 2 : 4 * q + i;
          bits |= uint64_t(loaded[8 * m + row][byte]) << (8 * i);
        }
        set(op.list[m], lane, bits);
      }
    return;
  }
  const unsigned element = typeBytes(info.form.type[0]);
  const bool atomic = info.form.sem == Sem::Atom;
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    for (unsigned i = 0; i < op.count; ++i) {
      uint64_t bits = 0;
      for (unsigned k = 0; k < element && k < 8; ++k)
        bits |= uint64_t(loaded[lane][(i * element + k) % 32]) << (8 * k);
      if (element < 8 && isSigned(info.form.type[0]) &&
          (bits >> (8 * element - 1) & 1))
        bits |= ~uint64_t(0) << (8 * element);
      set(atomic && op.count == 1 ? op.d : op.list[i], lane, bits);
    }
  }
}

void Checker::afterOp(Warp &w, const Op &op, const OpInfo &info) {
  const Sem sem = info.form.sem;
  // A call or return changed the frame; branches have no destinations.
  if (sem >= Sem::Bra && sem <= Sem::BarWarp && sem != Sem::BarRed)
    return;
  const Code &code = *w.frame->code;
  if (&op < code.ops.data() || &op >= code.ops.data() + code.ops.size())
    return;
  const Use *uses = code.uses.data() + info.firstUse;
  // Instructions that wait for other lanes run again.
  if (w.pc == static_cast<int32_t>(&op - code.ops.data()))
    return;
  const uint32_t lanes = w.exec;
  if ((sem == Sem::Ld || sem == Sem::Ldmatrix || sem == Sem::Atom) &&
      loadDirty) {
    finishLoad(w, op, info);
    return;
  }
  if (sem == Sem::LdFrameParam || sem == Sem::StFrameParam) {
    const unsigned element = typeBytes(info.form.type[0]);
    for (unsigned i = 0; i < op.count; ++i)
      for (uint32_t m = lanes; m; m &= m - 1) {
        unsigned lane = __builtin_ctz(m);
        uint8_t *area =
            shadowBase(w) + op.b + op.c * lane + op.imm + size_t(element) * i;
        if (sem == Sem::StFrameParam) {
          uint64_t s = shadow(w, op.list[i], info.form.srcBytes, lane);
          std::memcpy(area, &s, std::min(element, 8u));
        } else {
          uint64_t s = 0;
          std::memcpy(&s, area, std::min(element, 8u));
          setShadow(w, {op.list[i], info.form.dstBytes, true}, lane, s);
        }
      }
    return;
  }
  for (uint32_t i = 0; i < info.numUses; ++i) {
    const Use &use = uses[i];
    if (!use.isDst)
      continue;
    if (!dirty && lanes == ~0u) {
      std::memset(shadowBase(w) + use.slot, 0, use.bytes ? 32 * use.bytes : 4);
      continue;
    }
    for (uint32_t m = lanes; m; m &= m - 1) {
      unsigned lane = __builtin_ctz(m);
      setShadow(w, use, lane, dirty ? pending[lane * info.numUses + i] : 0);
    }
  }
}
