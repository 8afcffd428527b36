//===- Wgmma.cpp - wgmma.* ------------------------------------------------===//
//
// Each of the four warps of a warpgroup computes its 16 of the 64 rows. A
// product happens when it is waited for, not before: it reads shared memory and
// the registers of A then, and until then its accumulators hold poison.
//
//===----------------------------------------------------------------------===//

#include "Exec/Wgmma.h"

#include "Check/Checker.h"
#include "Exec/Cluster.h"
#include "Exec/Float8.h"
#include "Exec/TileProduct.h"
#include "Exec/WholeWarp.h"

#include <algorithm>
#include <climits>
#include <cstring>

using namespace raddle::vgpu;

namespace {
/// A matrix descriptor (PTX ISA, "Matrix descriptor format").
struct Descriptor {
  uint32_t start, leading, stride; // bytes
  unsigned baseOffset, swizzle;    // 0 none, 1 to 3: 32, 64, 128 bytes
  explicit Descriptor(uint64_t bits)
      : start((bits & 0x3fff) << 4), leading((bits >> 16 & 0x3fff) << 4),
        stride((bits >> 32 & 0x3fff) << 4), baseOffset(bits >> 49 & 7),
        swizzle(bits >> 62 ? 4 - (bits >> 62) : 0) {}

  /// Address of the 16-byte unit that holds byte `byte` of row `row` of a
  /// K-major operand: rows lie 16 bytes apart without a swizzle, else as far as
  /// the swizzle is wide.
  uint32_t unitAlongK(unsigned row, unsigned byte) const {
    const uint32_t at =
        swizzle ? start + row / 8 * stride + row % 8 * (16u << swizzle) +
                      byte / 16 * 16
                : start + row / 8 * stride + byte / 16 * leading + row % 8 * 16;
    return swizzled(at, swizzle);
  }
  /// The same of an operand whose rows (M or N) are contiguous: the unit holds
  /// elements row .. of one k.
  uint32_t unitAlongRows(unsigned row, unsigned k,
                         unsigned elementBytes) const {
    const unsigned unit = row * elementBytes / 16, wide = 1u << swizzle;
    const uint32_t at =
        swizzle ? start + unit % wide * 16 + unit / wide * leading +
                      k % 8 * (16u << swizzle) + k / 8 * stride
                : start + unit * stride + k % 8 * 16 + k / 8 * leading;
    return swizzled(at, swizzle);
  }
};
} // namespace

static unsigned elementBits(Type type) {
  return type == Type::B1 ? 1 : 8 * std::min(typeBytes(type), 4u);
}

/// Calls `f(offset of a 16-byte unit in shared memory, row, first k or row)`.
template <class F>
static bool eachUnit(Warp &w, const Op &op, uint64_t descriptorBits,
                     unsigned firstRow, unsigned rows, unsigned bits,
                     bool transposed, F f) {
  const Descriptor d(descriptorBits);
  auto visit = [&](uint32_t address, unsigned row, unsigned k) {
    if (address < kSharedBase || address - kSharedBase + 16 > w.sharedBytes) {
      w.block->fault(
          w, op, FaultClass::OutOfBounds,
          "wgmma reads shared memory out of bounds", 0, true, address,
          "shared memory of the block: " + std::to_string(w.sharedBytes) +
              " bytes from " + std::to_string(kSharedBase));
      return false;
    }
    return f(address - kSharedBase, row, k);
  };
  if (d.baseOffset) {
    w.block->fault(
        w, op, FaultClass::BadOperand,
        "a matrix descriptor with a base offset: tiles must start on "
        "a multiple of their swizzle pattern",
        0);
    return false;
  }
  if (!transposed) {
    for (unsigned row = firstRow; row < firstRow + rows; ++row)
      for (unsigned byte = 0; byte < 32; byte += 16)
        if (!visit(d.unitAlongK(row, byte), row - firstRow, byte * 8 / bits))
          return false;
    return true;
  }
  const unsigned bytes = bits / 8, perUnit = 16 / bytes, numK = 256 / bits;
  for (unsigned k = 0; k < numK; ++k)
    for (unsigned row = firstRow; row < firstRow + rows; row += perUnit)
      if (!visit(d.unitAlongRows(row, k, bytes), row - firstRow, k))
        return false;
  return true;
}

/// Element `i` of packed bytes, as a float (integers too: they are exact).
static float elementAt(Type type, const uint8_t *bytes, unsigned i) {
  switch (type) {
  case Type::F16: {
    uint16_t v;
    std::memcpy(&v, bytes + 2 * i, 2);
    return static_cast<float>(__builtin_bit_cast(_Float16, v));
  }
  case Type::BF16: {
    uint16_t v;
    std::memcpy(&v, bytes + 2 * i, 2);
    return __builtin_bit_cast(float, static_cast<uint32_t>(v) << 16);
  }
  case Type::TF32: {
    uint32_t v;
    std::memcpy(&v, bytes + 4 * i, 4);
    return __builtin_bit_cast(float, v & 0xffffe000u);
  }
  case Type::S8:
    return static_cast<float>(static_cast<int8_t>(bytes[i]));
  case Type::U8:
    return static_cast<float>(bytes[i]);
  case Type::B1:
    return static_cast<float>(bytes[i / 8] >> i % 8 & 1);
  case Type::E5M2:
    return fromE5m2(bytes[i]);
  default:
    return fromE4m3(bytes[i]);
  }
}

/// Fills to[row][k] from shared memory.
static bool readOperand(Warp &w, const Op &op, Type type, uint64_t descriptor,
                        unsigned firstRow, unsigned rows, bool transposed,
                        std::vector<float> &to) {
  const unsigned bits = elementBits(type), numK = 256 / bits;
  to.assign(size_t(rows) * numK, 0);
  return eachUnit(w, op, descriptor, firstRow, rows, bits, transposed,
                  [&](uint32_t offset, unsigned row, unsigned k) {
                    if (w.block->checker)
                      w.block->checker->asyncReadDone(offset, 16);
                    const uint8_t *unit = w.shared + offset;
                    for (unsigned i = 0; i < 128 / bits; ++i)
                      if (!transposed)
                        to[row * numK + k + i] = elementAt(type, unit, i);
                      else if (row + i < rows)
                        to[(row + i) * numK + k] = elementAt(type, unit, i);
                    return true;
                  });
}

static void execute(Warp &w, WgmmaState &state, const WgmmaState::Product &p) {
  const Op &op = *p.op;
  const Form &form = *p.form;
  const Type type = form.type[1], typeB = form.type[2];
  const unsigned n = form.n, numK = 256 / elementBits(type);
  std::vector<float> a, b;
  if (op.flags & kWgmmaRegisters) {
    a.assign(16 * numK, 0);
    const unsigned per = 32 / elementBits(type);
    for (unsigned r = 0; r < 4; ++r) {
      const uint32_t *lanes = lanesOf<uint32_t>(w, op.list[op.count + r]);
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned e = 0; e < per; ++e)
          a[(lane / 4 + 8 * (r & 1)) * numK + (r >> 1) * 4 * per +
            lane % 4 * per + e] =
              elementAt(type, reinterpret_cast<const uint8_t *>(lanes + lane),
                        e);
    }
  } else if (!readOperand(w, op, type, p.a, w.index % 4 * 16, 16,
                          op.flags & kWgmmaTransA, a)) {
    return;
  }
  if (!readOperand(w, op, typeB, p.b, 0, n, op.flags & kWgmmaTransB, b))
    return;
  if (op.flags & kWgmmaNegateA)
    for (float &x : a)
      x = -x;
  if (op.flags & kWgmmaNegateB)
    for (float &x : b)
      x = -x;
  std::vector<uint32_t> &values = state.find(op)->values;
  const bool half = form.type[0] == Type::F16;
  const bool integer = form.type[0] == Type::S32;
  for (unsigned block = 0; block < n / 8; ++block) {
    const float *columns = b.data() + size_t(block) * 8 * numK;
    if (integer) {
      for (unsigned i = 0; i < 4; ++i)
        for (unsigned lane = 0; lane < 32; ++lane) {
          const float *row = a.data() + (lane / 4 + 8 * (i >> 1)) * numK;
          const float *column = columns + (2 * (lane % 4) + (i & 1)) * numK;
          int64_t sum = 0;
          for (unsigned k = 0; k < numK; ++k)
            sum +=
                static_cast<int32_t>(row[k]) * static_cast<int32_t>(column[k]);
          uint32_t &c = values[(block * 4 + i) * 32 + lane];
          sum += p.accumulate >> lane & 1 ? static_cast<int32_t>(c) : 0;
          if (form.has(Mod::satfinite))
            sum = std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX);
          c = static_cast<uint32_t>(sum);
        }
      continue;
    }
    alignas(64) float c[4 * 32];
    for (unsigned i = 0; i < 4; ++i)
      for (unsigned lane = 0; lane < 32; ++lane) {
        float x = 0;
        if (p.accumulate >> lane & 1) {
          if (half) {
            const uint32_t pair = values[(block * 2 + i / 2) * 32 + lane];
            x = static_cast<float>(__builtin_bit_cast(
                _Float16, static_cast<uint16_t>(pair >> 16 * (i & 1))));
          } else {
            x = __builtin_bit_cast(float, values[(block * 4 + i) * 32 + lane]);
          }
        }
        c[i * 32 + lane] = x;
      }
    tileProduct(w, {type, numK, half, a.data(), columns, c});
    for (unsigned i = 0; i < 4; ++i)
      for (unsigned lane = 0; lane < 32; ++lane) {
        const float x = c[i * 32 + lane];
        if (!half) {
          values[(block * 4 + i) * 32 + lane] = __builtin_bit_cast(uint32_t, x);
          continue;
        }
        uint32_t &pair = values[(block * 2 + i / 2) * 32 + lane];
        const uint32_t bits =
            x != x ? 0x7fffu
                   : __builtin_bit_cast(uint16_t, static_cast<_Float16>(x));
        const unsigned shift = 16 * (i & 1);
        pair = (pair & ~(0xffffu << shift)) | bits << shift;
      }
  }
}

WgmmaState::Accumulators *WgmmaState::find(const Op &op) {
  for (Accumulators &a : accumulators)
    if (a.slots.size() == op.count &&
        std::equal(a.slots.begin(), a.slots.end(), op.list))
      return &a;
  return nullptr;
}

bool WgmmaState::inFlight(Slot slot) const {
  for (const Accumulators &a : accumulators)
    if (std::find(a.slots.begin(), a.slots.end(), slot) != a.slots.end())
      return true;
  return false;
}

/// list: accumulators, then A's registers; a and b the descriptors, c the
/// predicate that keeps the accumulators.
static void product(Warp &w, const Op &op) {
  if (!wholeWarp(w, op))
    return;
  BlockRunner &block = *w.block;
  if (w.index / 4 * 4 + 4 > block.warps.size()) {
    block.fault(w, op, FaultClass::BadMask,
                "wgmma needs a warpgroup of four warps", 0);
    return;
  }
  WgmmaState &state = block.wgmma[w.index];
  const OpInfo &info = w.frame->code->infos[&op - w.code];
  WgmmaState::Product p;
  p.op = &op;
  p.form = &info.form;
  p.group = state.group;
  const bool registers = op.flags & kWgmmaRegisters;
  const uint64_t *a = registers ? nullptr : lanesOf<uint64_t>(w, op.a);
  const uint64_t *b = lanesOf<uint64_t>(w, op.b);
  for (unsigned lane = 1; lane < 32; ++lane)
    if (b[lane] != b[0] || (a && a[lane] != a[0])) {
      block.fault(w, op, FaultClass::BadOperand,
                  "a matrix descriptor differs between the lanes of a warp",
                  lane);
      return;
    }
  p.a = a ? a[0] : 0;
  p.b = b[0];
  p.accumulate =
      *lanesOf<uint32_t>(w, op.c) ^ (op.flags & kWgmmaNotPredicate ? ~0u : 0);
  if (block.checker) {
    auto read = [&](uint32_t offset, unsigned, unsigned) {
      return block.checker->asyncRead(w, op, 0, offset, 16, info.line, true);
    };
    if ((a && !eachUnit(w, op, p.a, w.index % 4 * 16, 16,
                        elementBits(info.form.type[1]), op.flags & kWgmmaTransA,
                        read)) ||
        !eachUnit(w, op, p.b, 0, info.form.n, elementBits(info.form.type[2]),
                  op.flags & kWgmmaTransB, read))
      return;
  }
  if (!state.find(op)) {
    WgmmaState::Accumulators &to = state.accumulators.emplace_back();
    to.regs = w.regs;
    to.slots.assign(op.list, op.list + op.count);
    to.values.resize(32 * size_t(op.count));
    for (unsigned i = 0; i < op.count; ++i) {
      std::memcpy(&to.values[32 * i], w.regs + op.list[i], 128);
      std::memset(w.regs + op.list[i], 0xff, 128);
    }
  }
  state.products.push_back(p);
}

static void commit(Warp &w, const Op &op) {
  if (wholeWarp(w, op))
    ++w.block->wgmma[w.index].group;
}

static void wait(Warp &w, const Op &op) {
  if (!wholeWarp(w, op))
    return;
  WgmmaState &state = w.block->wgmma[w.index];
  const auto keep = static_cast<uint64_t>(op.imm);
  size_t done = 0;
  while (done < state.products.size() &&
         state.products[done].group + keep < state.group) {
    execute(w, state, state.products[done++]);
    if (w.block->faulted)
      return;
  }
  state.products.erase(state.products.begin(),
                       state.products.begin() + static_cast<ptrdiff_t>(done));
  // Accumulators that no product in flight needs come back.
  for (size_t i = 0; i < state.accumulators.size();) {
    WgmmaState::Accumulators &a = state.accumulators[i];
    bool needed = false;
    for (const WgmmaState::Product &p : state.products)
      needed |= state.find(*p.op) == &a;
    if (needed) {
      ++i;
      continue;
    }
    for (size_t r = 0; r < a.slots.size(); ++r)
      std::memcpy(a.regs + a.slots[r], &a.values[32 * r], 128);
    state.accumulators.erase(state.accumulators.begin() +
                             static_cast<ptrdiff_t>(i));
  }
}

static void fence(Warp &w, const Op &op) { wholeWarp(w, op); }

Handler raddle::vgpu::selectWgmma(const Form &form) {
  switch (form.sem) {
  case Sem::Wgmma:
    return product;
  case Sem::WgmmaCommit:
    return commit;
  case Sem::WgmmaWait:
    return wait;
  case Sem::WgmmaFence:
    return fence;
  default:
    return nullptr;
  }
}
