//===- LayoutExchange.cpp - A tile changes hands between layouts ----------===//

#include "dialects/Tile/Analysis/LayoutExchange.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace raddle::tile;
using llvm::ArrayRef;
using llvm::SmallVector;

namespace {

/// A subspace of F2^32, as an echelon basis.
class Subspace {
public:
  /// False when `vector` is in the subspace already.
  bool insert(uint32_t vector) {
    vector = reduce(vector);
    if (!vector)
      return false;
    rows.push_back(vector);
    return true;
  }
  bool contains(uint32_t vector) const { return reduce(vector) == 0; }
  unsigned size() const { return rows.size(); }

private:
  uint32_t reduce(uint32_t vector) const {
    for (uint32_t row : rows)
      vector = std::min(vector, vector ^ row);
    return vector;
  }
  SmallVector<uint32_t, 16> rows;
};

/// Index bits of a tile as one word, dim after dim.
struct BitSpace {
  SmallVector<unsigned, 3> start;
  unsigned count = 0;

  explicit BitSpace(ArrayRef<int64_t> shape) {
    for (int64_t size : shape) {
      start.push_back(count);
      count += log2Exact(size);
    }
  }
  uint32_t pack(ArrayRef<int32_t> index) const {
    uint32_t word = 0;
    for (auto [i, first] : llvm::zip(index, start))
      word |= uint32_t(i) << first;
    return word;
  }
};

/// A layout with words as bases.
struct Side {
  SmallVector<uint32_t> registers, lanes, warps;

  Side(const LinearLayout &layout, const BitSpace &space) {
    auto packAll = [&](ArrayRef<Basis> bases, SmallVector<uint32_t> &words) {
      for (const Basis &basis : bases)
        words.push_back(space.pack(basis));
    };
    packAll(layout.registers, registers);
    packAll(layout.lanes, lanes);
    packAll(layout.warps, warps);
  }
  /// Lanes of one phase of an access of 2^`bits` bytes per lane, as bits.
  ArrayRef<uint32_t> phaseLanes(unsigned bits) const {
    return ArrayRef(lanes).take_front(std::min(5u, 7 - bits));
  }
};

/// The linear map from the index to the offset, by its values at single bits.
struct OffsetMap {
  SmallVector<uint32_t, 20> unit;
  uint32_t apply(uint32_t word) const {
    uint32_t offset = 0;
    for (; word; word &= word - 1)
      offset ^= unit[llvm::countr_zero(word)];
    return offset;
  }
};

} // namespace

/// Coordinates of the unit vectors with respect to `basis`, a basis of the
/// space in the order of the bits of the offset.
static OffsetMap invert(ArrayRef<uint32_t> basis) {
  unsigned n = basis.size();
  SmallVector<uint32_t, 20> rows(basis), marks;
  for (unsigned i = 0; i < n; ++i)
    marks.push_back(1u << i);
  OffsetMap map;
  for (unsigned bit = 0; bit < n; ++bit) {
    unsigned pivot = bit;
    while (!(rows[pivot] >> bit & 1))
      ++pivot;
    std::swap(rows[bit], rows[pivot]);
    std::swap(marks[bit], marks[pivot]);
    for (unsigned i = 0; i < n; ++i)
      if (i != bit && (rows[i] >> bit & 1)) {
        rows[i] ^= rows[bit];
        marks[i] ^= marks[bit];
      }
  }
  map.unit.assign(marks.begin(), marks.end());
  return map;
}

/// A basis of the space of `space` in the order of the bits of the offset:
/// `vector`, the rest of the 128 bytes of all banks, then bits that no phase of
/// either side touches.
static SmallVector<uint32_t> chooseBasis(uint32_t used, const Side &a,
                                         const Side &b,
                                         ArrayRef<uint32_t> vector,
                                         unsigned aBits, unsigned bBits,
                                         unsigned bytes) {
  SmallVector<uint32_t> units;
  for (uint32_t rest = used; rest; rest &= rest - 1)
    units.push_back(rest & -rest);
  unsigned elementBits = log2Exact(bytes);
  unsigned window = std::min<unsigned>(units.size(), 7 - elementBits);
  auto touched = [&](const Side &side, unsigned bits) {
    Subspace space;
    for (uint32_t v : vector)
      space.insert(v);
    for (uint32_t lane : side.phaseLanes(bits + elementBits))
      if (space.size() < window)
        space.insert(lane & used);
    return space;
  };
  Subspace inA = touched(a, aBits), inB = touched(b, bBits);
  SmallVector<uint32_t> above;
  auto add = [&](uint32_t v) {
    above.push_back(v);
    inA.insert(v);
    inB.insert(v);
  };
  while (above.size() + window < units.size()) {
    uint32_t onlyA = 0, onlyB = 0, neither = 0;
    for (uint32_t unit : units) {
      bool a = inA.contains(unit), b = inB.contains(unit);
      if (!a && !b)
        neither = unit;
      else if (!a && !onlyB)
        onlyB = unit;
      else if (!b && !onlyA)
        onlyA = unit;
    }
    add(neither ? neither : onlyA ^ onlyB);
  }
  SmallVector<uint32_t> basis(vector);
  Subspace all;
  for (uint32_t v : vector)
    all.insert(v);
  for (uint32_t v : above)
    all.insert(v);
  auto fill = [&](ArrayRef<uint32_t> candidates) {
    for (uint32_t v : candidates)
      if (all.insert(v & used))
        basis.push_back(v & used);
  };
  fill(b.phaseLanes(bBits + elementBits));
  fill(a.phaseLanes(aBits + elementBits));
  fill(units);
  basis.append(above.begin(), above.end());
  return basis;
}

/// How a layout accesses the buffer, with vectors of at most `maxBits`.
static ExchangeSide makeSide(const Side &side, const OffsetMap &map,
                             unsigned maxBits, ArrayRef<uint32_t> rounds,
                             unsigned bytes) {
  ExchangeSide result;
  uint32_t used = 0;
  for (uint32_t word : rounds)
    for (auto [i, basis] : llvm::enumerate(side.registers))
      if (basis == word) {
        result.rounds.push_back(i);
        used |= 1u << i;
      }
  for (unsigned bit = 0; bit < maxBits; ++bit) {
    auto found = llvm::find_if(side.registers, [&](uint32_t basis) {
      return basis && map.apply(basis) == 1u << bit;
    });
    if (found == side.registers.end())
      break;
    result.vector.push_back(found - side.registers.begin());
  }
  // Everything else must leave a vector aligned.
  auto clamp = [&](uint32_t offset) {
    while (!result.vector.empty() &&
           (offset & ((1u << result.vector.size()) - 1)))
      result.vector.pop_back();
  };
  for (auto [i, basis] : llvm::enumerate(side.registers))
    if (!llvm::is_contained(result.vector, i) && !(used >> i & 1))
      clamp(map.apply(basis));
  for (const auto *bases : {&side.lanes, &side.warps})
    for (uint32_t basis : *bases)
      clamp(map.apply(basis));
  // A register that left the vector above is not clamped by itself: its offset
  // is a single bit beyond the vector.
  for (unsigned i : result.vector)
    used |= 1u << i;
  for (auto [i, basis] : llvm::enumerate(side.registers))
    if (basis == 0)
      used |= 1u << i; // copies
  for (unsigned reg = 0; reg < 1u << side.registers.size(); ++reg)
    if (!(reg & used))
      result.first.push_back(reg);

  unsigned width = bytes << result.vector.size();
  unsigned lanes = std::min(32u, 128 / std::max(4u, width));
  for (unsigned first = 0; first < 32; first += lanes) {
    SmallVector<uint32_t> words;
    for (unsigned lane = first; lane < first + lanes; ++lane) {
      uint32_t offset = 0;
      for (unsigned i = 0; i < side.lanes.size(); ++i)
        if (lane >> i & 1)
          offset ^= map.apply(side.lanes[i]);
      for (unsigned byte = 0; byte < width; byte += 4)
        words.push_back((offset * bytes + byte) / 4);
    }
    llvm::sort(words);
    words.erase(llvm::unique(words), words.end());
    unsigned perBank[32] = {}, most = 0;
    for (uint32_t word : words)
      most = std::max(most, ++perBank[word % 32]);
    result.wavefronts += most;
    result.ideal += 1;
  }
  return result;
}

unsigned ExchangeSide::getRegister(unsigned start, unsigned index,
                                   unsigned round) const {
  for (auto [i, bit] : llvm::enumerate(vector))
    if (index >> i & 1)
      start |= 1u << bit;
  for (auto [i, bit] : llvm::enumerate(rounds))
    if (round >> i & 1)
      start |= 1u << bit;
  return start;
}

uint32_t SharedExchange::getOffset(ArrayRef<int32_t> index) const {
  uint32_t offset = 0;
  for (auto [i, bits] : llvm::zip(index, offsets))
    for (uint32_t rest = i; rest; rest &= rest - 1)
      offset ^= bits[llvm::countr_zero(rest)];
  return offset;
}

SharedExchange raddle::tile::planExchange(ArrayRef<int64_t> shape,
                                          const LinearLayout &from,
                                          const LinearLayout &to,
                                          unsigned bytes, int64_t budget) {
  BitSpace space(shape);
  Side a(from, space), b(to, space);
  unsigned maxBits = log2Exact(std::max(1u, 16 / bytes));

  // Registers of both sides: a vector of these is wide for both.
  SmallVector<uint32_t> common;
  for (uint32_t basis : b.registers)
    if (llvm::isPowerOf2_32(basis) && llvm::is_contained(a.registers, basis))
      common.push_back(basis);
  // What exceeds the budget passes one after another, high bits first.
  SmallVector<uint32_t> rounds;
  uint32_t used = space.count == 32 ? ~0u : (1u << space.count) - 1;
  int64_t numElements = int64_t(1) << space.count;
  auto isAlone = [&](uint32_t bit) {
    for (const Side *side : {&a, &b})
      for (const auto *bases : {&side->registers, &side->lanes, &side->warps})
        for (uint32_t basis : *bases)
          if (basis != bit && (basis & bit))
            return false;
    return true;
  };
  while (numElements * bytes > budget && !common.empty() &&
         isAlone(common.back())) {
    uint32_t basis = common.pop_back_val();
    rounds.push_back(basis);
    used &= ~basis;
    numElements /= 2;
  }
  if (common.size() > maxBits)
    common.resize(maxBits);

  std::optional<SharedExchange> best;
  unsigned bestCost = 0;
  for (const Side *wide : {&b, &a}) {
    SmallVector<uint32_t> vector(common);
    for (uint32_t basis : wide->registers)
      if (vector.size() < maxBits && llvm::isPowerOf2_32(basis) &&
          !llvm::is_contained(vector, basis) &&
          !llvm::is_contained(rounds, basis))
        vector.push_back(basis);
    unsigned aBits = wide == &a ? vector.size() : common.size();
    unsigned bBits = wide == &b ? vector.size() : common.size();
    SmallVector<uint32_t> basis =
        chooseBasis(used, a, b, vector, aBits, bBits, bytes);
    // Bits of rounds lie nowhere.
    SmallVector<uint32_t> whole(basis);
    whole.append(rounds.begin(), rounds.end());
    OffsetMap map = invert(whole);
    uint32_t keep = numElements - 1;
    for (uint32_t &offset : map.unit)
      offset &= keep;
    SharedExchange plan;
    plan.numElements = numElements;
    plan.write = makeSide(a, map, maxBits, rounds, bytes);
    plan.read = makeSide(b, map, maxBits, rounds, bytes);
    for (auto [dim, first] : llvm::enumerate(space.start)) {
      unsigned end =
          dim + 1 < space.start.size() ? space.start[dim + 1] : space.count;
      plan.offsets.emplace_back(map.unit.begin() + first,
                                map.unit.begin() + end);
    }
    unsigned cost = plan.write.first.size() * plan.write.wavefronts +
                    plan.read.first.size() * plan.read.wavefronts;
    if (!best || cost < bestCost) {
      best = std::move(plan);
      bestCost = cost;
    }
  }
  return *best;
}
