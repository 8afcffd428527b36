//===- BulkCopy.cpp - cp.async.bulk, cp.async.bulk.tensor -----------------===//

#include "Exec/BulkCopy.h"

#include "Check/Checker.h"
#include "Exec/Cluster.h"
#include "Exec/TensorMap.h"

#include <algorithm>
#include <cstring>

using namespace raddle::vgpu;

/// Calls `f(bytes before, offset, bytes)` for the parts of a piece within one
/// unit of the swizzle, as long as it returns true.
template <class F>
static bool eachUnit(const BulkCopy &copy, const BulkCopy::Piece &piece, F f) {
  for (uint32_t at = 0; at < piece.bytes;) {
    const uint32_t address = kSharedBase + piece.shared + at;
    const uint32_t n = std::min(piece.bytes - at, 16 - address % 16);
    if (!f(at, swizzled(address, copy.swizzle) - kSharedBase, n))
      return false;
    at += n;
  }
  return true;
}

static bool bad(Warp &w, const Op &op, unsigned lane, FaultClass faultClass,
                const std::string &why, uint64_t address) {
  w.block->fault(w, op, faultClass, why, lane, true, address);
  return false;
}

/// Global memory that a copy touches, in one live allocation.
static bool checkGlobalRange(Warp &w, const Op &op, unsigned lane,
                             uint64_t address, uint64_t bytes, bool isWrite) {
  uint64_t addresses[32];
  addresses[lane] = address;
  // The hook checks the alignment of sizes that are powers of two; the copy's
  // own alignment is 16.
  for (uint64_t at = 0; at < bytes;) {
    const auto part = static_cast<uint32_t>(std::min<uint64_t>(bytes - at, 48));
    addresses[lane] = address + at;
    if (w.block->launch.memory->contains(address, bytes))
      return true;
    if (!hooks.checkGlobal(w, op, addresses, 1u << lane, part == 48 ? 48 : part,
                           isWrite))
      return false;
    at += part;
  }
  return true;
}

static uint32_t laneValue(const Warp &w, Slot slot, unsigned lane) {
  return lanesOf<uint32_t>(w, slot)[lane];
}

/// A copy is about to start: what it reads and writes is in order, and nobody
/// touches it from now on.
static bool issue(Warp &w, BulkCopy &copy) {
  BlockRunner &block = *w.block;
  for (const BulkCopy::Piece &piece : copy.pieces) {
    const bool fine =
        eachUnit(copy, piece, [&](uint32_t, uint32_t offset, uint32_t n) {
          if (!copy.toShared)
            return !block.checker ||
                   block.checker->asyncRead(w, *copy.op, copy.lane, offset, n,
                                            copy.line, true);
          for (BlockRunner *to : copy.destinations) {
            if (to->checker && !to->checker->asyncWrite(w, *copy.op, copy.lane,
                                                        offset, n, copy.line))
              return false;
            if (!copy.reduces())
              std::memset(to->warps[0].shared + offset, 0xff, n);
          }
          return true;
        });
    if (!fine || (copy.fromPeer && block.checker &&
                  !block.checker->asyncRead(w, *copy.op, copy.lane,
                                            static_cast<uint32_t>(piece.global),
                                            piece.bytes, copy.line, true)))
      return false;
  }
  copy.warp = w.index;
  copy.group = block.bulkGroups[32 * w.index + copy.lane];
  copy.dueRound = block.rounds + 1 +
                  (block.launch.options.seed ? block.nextRandom() % 4 : 0);
  block.bulkCopies.push_back(std::move(copy));
  return true;
}

bool BulkCopy::reduces() const { return element != Type::None; }

void BlockRunner::land(const BulkCopy &copy) {
  Warp &w = warps[copy.warp];
  const unsigned element = copy.reduces() ? typeBytes(copy.element) : 1;
  auto move = [&](uint8_t *to, const uint8_t *from, uint32_t n) {
    if (!copy.reduces())
      std::memcpy(to, from, n);
    else
      for (uint32_t i = 0; i + element <= n; i += element)
        reduceElement(*copy.form, copy.element, to + i, from + i);
  };
  auto store = [&](const BulkCopy::Piece &piece, uint32_t at, uint32_t offset,
                   uint32_t n) {
    if (checker)
      checker->asyncReadDone(offset, n);
    if (!piece.global)
      return true; // out of the tensor's bounds
    const uint64_t global = piece.global + at;
    move(reinterpret_cast<uint8_t *>(global), w.shared + offset, n);
    if (checker)
      checker->copyState(offset, global, n);
    return true;
  };
  auto load = [&](const BulkCopy::Piece &piece, uint32_t at, uint32_t offset,
                  uint32_t n) {
    const bool filled = !copy.fromPeer && !piece.global;
    const uint8_t *from =
        copy.fromPeer ? w.shared + piece.global + at
                      : reinterpret_cast<const uint8_t *>(piece.global + at);
    for (BlockRunner *block : copy.destinations) {
      uint8_t *to = block->warps[0].shared + offset;
      if (filled)
        for (uint32_t i = 0; i < n; ++i)
          to[i] = static_cast<uint8_t>(copy.fill >> 8 * (i % 4));
      else
        move(to, from, n);
      if (block->checker)
        block->checker->asyncLanded(
            offset, n, copy.mbarrier, block->mbarriers[copy.mbarrier].phase + 1,
            copy.line, filled || copy.fromPeer ? 0 : piece.global + at);
    }
    return true;
  };
  for (const BulkCopy::Piece &piece : copy.pieces) {
    eachUnit(copy, piece, [&](uint32_t at, uint32_t offset, uint32_t n) {
      return copy.toShared ? load(piece, at, offset, n)
                           : store(piece, at, offset, n);
    });
    if (copy.fromPeer && checker)
      checker->asyncReadDone(static_cast<uint32_t>(piece.global), piece.bytes);
  }
  if (!copy.toShared)
    return;
  for (BlockRunner *block : copy.destinations) {
    auto it = block->mbarriers.find(copy.mbarrier);
    if (it == block->mbarriers.end()) {
      fault(w, *copy.op, FaultClass::BadMbarrier,
            "the mbarrier object of a bulk copy is gone when the copy "
            "completes",
            copy.lane, true, kSharedBase + copy.mbarrier);
      return;
    }
    block->changeMbarrier(w, copy.mbarrier, 0,
                          -static_cast<int32_t>(copy.bytes));
  }
}

bool BlockRunner::landBulkCopies(bool force) {
  bool any = false;
  for (size_t i = 0; i < bulkCopies.size();) {
    if (!bulkCopies[i].toShared ||
        (!force && bulkCopies[i].dueRound > rounds)) {
      ++i;
      continue;
    }
    const BulkCopy copy = std::move(bulkCopies[i]);
    bulkCopies.erase(bulkCopies.begin() + static_cast<ptrdiff_t>(i));
    land(copy);
    any = true;
  }
  return any;
}

void BlockRunner::landBulkGroups(uint32_t warp, uint32_t lanes, uint32_t keep) {
  for (size_t i = 0; i < bulkCopies.size();) {
    const BulkCopy &c = bulkCopies[i];
    if (c.toShared || c.warp != warp || !(lanes >> c.lane & 1) ||
        (keep != ~0u && c.group + keep >= bulkGroups[32 * warp + c.lane])) {
      ++i;
      continue;
    }
    const BulkCopy copy = std::move(bulkCopies[i]);
    bulkCopies.erase(bulkCopies.begin() + static_cast<ptrdiff_t>(i));
    land(copy);
  }
}

/// The mbarrier object of a copy into shared memory; blocks of the multicast.
static bool completion(Warp &w, const Op &op, const OpInfo &info, unsigned lane,
                       const SharedPlace &to, BulkCopy &copy) {
  SharedPlace object;
  const uint64_t address = addressOf(w, op.c, op.flags & 4, op.list[2], lane);
  if (!findShared(w, op, address, lane, 8, 8, "mbarrier object", object))
    return false;
  copy.mbarrier = object.offset;
  if (!info.form.has(Mod::multicast)) {
    if (object.block != to.block)
      return bad(w, op, lane, FaultClass::BadMbarrier,
                 "the mbarrier object of a bulk copy is not in the block that "
                 "it copies to",
                 address);
    copy.destinations.push_back(to.block);
  } else {
    const auto mask =
        static_cast<uint16_t>(lanesOf<uint16_t>(w, op.list[1])[lane]);
    const auto &blocks = w.block->cluster->blocks;
    if (!mask || mask >> blocks.size())
      return bad(w, op, lane, FaultClass::BadOperand,
                 "the multicast mask " + std::to_string(mask) +
                     " names blocks that the cluster does not have",
                 address);
    for (size_t i = 0; i < blocks.size(); ++i)
      if (mask >> i & 1)
        copy.destinations.push_back(blocks[i].get());
  }
  for (BlockRunner *block : copy.destinations)
    if (!block->mbarriers.count(copy.mbarrier))
      return bad(w, op, lane, FaultClass::BadMbarrier,
                 "there is no initialised mbarrier object for a bulk copy",
                 address);
  return true;
}

static const OpInfo &infoOf(const Warp &w, const Op &op) {
  return w.frame->code->infos[&op - w.code];
}

/// a, b: destination and source with offsets imm and list[0]; e the size.
static void bulk(Warp &w, const Op &op) {
  const OpInfo &info = infoOf(w, op);
  const bool toShared = info.form.has(Mod::mbarrier__complete_tx__bytes);
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    const uint64_t to = addressOf(w, op.a, op.flags & 1, op.imm, lane);
    const uint64_t from = addressOf(w, op.b, op.flags & 2, op.list[0], lane);
    const uint32_t bytes = laneValue(w, op.e, lane);
    if (!bytes || bytes % 16) {
      bad(w, op, lane, FaultClass::BadOperand,
          "a bulk copy of " + std::to_string(bytes) +
              " bytes, expected a multiple of 16",
          to);
      return;
    }
    BulkCopy copy;
    copy.op = &op;
    copy.form = &info.form;
    copy.line = info.line;
    copy.lane = lane;
    copy.toShared = toShared;
    copy.bytes = bytes;
    if (info.form.sem == Sem::BulkReduce)
      copy.element = info.form.type[0];
    SharedPlace shared, source;
    if (!findShared(w, op, toShared ? to : from, lane, bytes, 16, "bulk copy",
                    shared))
      return;
    copy.fromPeer = toShared && op.count == 2;
    if (copy.fromPeer) {
      if (!findShared(w, op, from, lane, bytes, 16, "bulk copy", source))
        return;
      if (source.block != w.block) {
        bad(w, op, lane, FaultClass::BadOperand,
            "the source of a bulk copy is not in the block's own shared memory",
            from);
        return;
      }
      copy.pieces.push_back({source.offset, shared.offset, bytes});
    } else {
      const uint64_t global = toShared ? from : to;
      if (global % 16) {
        bad(w, op, lane, FaultClass::Misaligned,
            "the global address of a bulk copy is not a multiple of 16",
            global);
        return;
      }
      if (!checkGlobalRange(w, op, lane, global, bytes, !toShared))
        return;
      copy.pieces.push_back({global, shared.offset, bytes});
    }
    if (toShared && !completion(w, op, info, lane, shared, copy))
      return;
    if (!issue(w, copy))
      return;
  }
}

/// a: the tensor map, b: the shared address (offset list[0]), list[3] ...: the
/// coordinates.
static void bulkTensor(Warp &w, const Op &op) {
  const OpInfo &info = infoOf(w, op);
  const bool toShared = info.form.has(Mod::mbarrier__complete_tx__bytes);
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    const uint64_t at = addressOf(w, op.a, false, op.imm, lane);
    TensorMap map;
    const auto paramBase = reinterpret_cast<uint64_t>(w.params);
    const bool inParams =
        at >= paramBase && at - paramBase + sizeof map <= w.paramBytes;
    if (at % 64 ||
        (!inParams && !checkGlobalRange(w, op, lane, at, sizeof map, false))) {
      if (at % 64)
        bad(w, op, lane, FaultClass::Misaligned,
            "a tensor map's address is not a multiple of 64", at);
      return;
    }
    std::memcpy(&map, reinterpret_cast<const void *>(at), sizeof map);
    std::string why = map.problem();
    if (why.empty() && map.rank != op.count)
      why = "its rank is " + std::to_string(map.rank);
    if (!why.empty()) {
      bad(w, op, lane, FaultClass::BadOperand,
          "a tensor map cannot be used by a copy of rank " +
              std::to_string(op.count) + ": " + why,
          at);
      return;
    }
    BulkCopy copy;
    copy.op = &op;
    copy.form = &info.form;
    copy.line = info.line;
    copy.lane = lane;
    copy.toShared = toShared;
    copy.swizzle = map.swizzle;
    const unsigned element = map.elementBytes();
    if (info.form.sem == Sem::BulkTensorReduce) {
      static constexpr Type kTypes[] = {
          Type::U8,  Type::U16, Type::U32, Type::S32, Type::U64,
          Type::S64, Type::F16, Type::F32, Type::F64, Type::BF16,
          Type::F32, Type::F32, Type::F32};
      copy.element = kTypes[map.type];
    }
    if (map.fillNan)
      copy.fill = element == 2 ? 0x7fff7fffu : 0x7fffffffu;
    uint32_t count[5];
    int64_t start[5];
    copy.bytes = element;
    for (unsigned d = 0; d < map.rank; ++d) {
      count[d] =
          (map.boxDims[d] + map.elementStrides[d] - 1u) / map.elementStrides[d];
      start[d] = lanesOf<int32_t>(w, op.list[3 + d])[lane];
      copy.bytes *= count[d];
    }
    SharedPlace shared;
    if (!findShared(w, op, addressOf(w, op.b, op.flags & 2, op.list[0], lane),
                    lane, copy.bytes, 128, "tensor copy", shared))
      return;
    // Rows of the box, the innermost dimension first.
    uint32_t index[5] = {};
    const uint32_t rowBytes = count[0] * element;
    uint32_t offset = shared.offset;
    while (true) {
      uint64_t row = map.address;
      bool inside = true;
      for (unsigned d = 1; d < map.rank; ++d) {
        const int64_t c = start[d] + int64_t(index[d]) * map.elementStrides[d];
        inside &= c >= 0 && c <= int64_t(map.dims[d]);
        row += static_cast<uint64_t>(c) * map.strides[d - 1];
      }
      auto add = [&](uint32_t first, uint32_t n, bool valid) {
        if (!n)
          return true;
        const uint64_t global =
            row + static_cast<uint64_t>(start[0] + int64_t(first) *
                                                       map.elementStrides[0]) *
                      element;
        if (valid && !checkGlobalRange(w, op, lane, global,
                                       uint64_t(n) * element, !toShared))
          return false;
        copy.pieces.push_back(
            {valid ? global : 0, offset + first * element, n * element});
        return true;
      };
      bool fine = true;
      if (!inside) {
        fine = add(0, count[0], false);
      } else if (map.elementStrides[0] == 1) {
        const int64_t lo = std::clamp<int64_t>(-start[0], 0, count[0]);
        const int64_t hi = std::clamp<int64_t>(
            int64_t(map.dims[0]) + 1 - start[0], lo, count[0]);
        fine = add(0, static_cast<uint32_t>(lo), false) &&
               add(static_cast<uint32_t>(lo), static_cast<uint32_t>(hi - lo),
                   true) &&
               add(static_cast<uint32_t>(hi),
                   static_cast<uint32_t>(count[0] - hi), false);
      } else {
        for (uint32_t i = 0; i < count[0] && fine; ++i) {
          const int64_t c = start[0] + int64_t(i) * map.elementStrides[0];
          fine = add(i, 1, c >= 0 && c <= int64_t(map.dims[0]));
        }
      }
      if (!fine)
        return;
      offset += rowBytes;
      unsigned d = 1;
      while (d < map.rank && ++index[d] == count[d])
        index[d++] = 0;
      if (d >= map.rank)
        break;
    }
    if (toShared && !completion(w, op, info, lane, shared, copy))
      return;
    if (!issue(w, copy))
      return;
  }
}

static void markDefined(Warp &w, uint8_t *at, uint32_t bytes) {
  w.block->launch.memory->setState(reinterpret_cast<uint64_t>(at), bytes,
                                   kDefined);
}

/// Where a tensor map lies: global memory, or the block's shared memory.
static uint8_t *findMap(Warp &w, const Op &op, unsigned lane, uint64_t address,
                        Space space) {
  const bool isShared =
      space == Space::Shared ||
      (space == Space::Generic && address >> 32 == kSharedWindow >> 32);
  if (isShared) {
    SharedPlace place;
    if (!findShared(w, op, address, lane, sizeof(TensorMap), 64, "tensor map",
                    place))
      return nullptr;
    return place.pointer();
  }
  if (address % 64) {
    bad(w, op, lane, FaultClass::Misaligned,
        "a tensor map's address is not a multiple of 64", address);
    return nullptr;
  }
  if (!checkGlobalRange(w, op, lane, address, sizeof(TensorMap), true))
    return nullptr;
  return reinterpret_cast<uint8_t *>(address);
}

static void replaceField(Warp &w, const Op &op) {
  const OpInfo &info = infoOf(w, op);
  const Form &form = info.form;
  for (uint32_t m = w.exec; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    uint8_t *at =
        findMap(w, op, lane, addressOf(w, op.a, op.flags & 1, op.imm, lane),
                static_cast<Space>(op.space));
    if (!at)
      return;
    const uint64_t value = form.type[1] == Type::B64
                               ? lanesOf<uint64_t>(w, op.b)[lane]
                               : lanesOf<uint32_t>(w, op.b)[lane];
    TensorMap map;
    std::memcpy(&map, at, sizeof map);
    map.magic = TensorMap::kMagic;
    const auto small = static_cast<uint8_t>(std::min<uint64_t>(value, 255));
    const unsigned d = op.count;
    if (form.has(Mod::global_address))
      map.address = value;
    else if (form.has(Mod::rank))
      map.rank = static_cast<uint8_t>(small + 1);
    else if (form.has(Mod::box_dim))
      map.boxDims[d] = static_cast<uint16_t>(std::min<uint64_t>(value, 65535));
    else if (form.has(Mod::global_dim))
      map.dims[d] = static_cast<uint32_t>(value) - 1;
    else if (form.has(Mod::global_stride))
      map.strides[std::min(d, 3u)] = value;
    else if (form.has(Mod::element_stride))
      map.elementStrides[d] = small;
    else if (form.has(Mod::elemtype))
      map.type = TensorMap::typeOfInstruction(small);
    else if (form.has(Mod::swizzle_mode))
      map.swizzle = small;
    else if (form.has(Mod::fill_mode))
      map.fillNan = small;
    else if (value) { // interleave_layout
      bad(w, op, lane, FaultClass::BadOperand,
          "interleaved tensor maps are not modelled", value);
      return;
    }
    std::memcpy(at, &map, sizeof map);
    markDefined(w, at, sizeof map);
  }
}

static void copyMap(Warp &w, const Op &op) {
  const unsigned lane = __builtin_ctz(w.exec);
  uint8_t *to =
      findMap(w, op, lane, addressOf(w, op.a, op.flags & 1, op.imm, lane),
              Space::Generic);
  uint8_t *from =
      to ? findMap(w, op, lane,
                   addressOf(w, op.b, op.flags & 2, op.list[0], lane),
                   Space::Shared)
         : nullptr;
  if (!from)
    return;
  std::memcpy(to, from, sizeof(TensorMap));
  markDefined(w, to, sizeof(TensorMap));
}

static void commit(Warp &w, const Op &) {
  for (uint32_t m = w.exec; m; m &= m - 1)
    ++w.block->bulkGroups[32 * w.index + __builtin_ctz(m)];
}
static void wait(Warp &w, const Op &op) {
  w.block->landBulkGroups(w.index, w.exec, static_cast<uint32_t>(op.imm));
}

static void proxyFence(Warp &w, const Op &) {
  if (w.block->checker)
    w.block->checker->proxyFenced(w, w.exec);
}

Handler raddle::vgpu::selectBulkCopy(const Form &form) {
  switch (form.sem) {
  case Sem::Bulk:
  case Sem::BulkReduce:
    return bulk;
  case Sem::BulkTensor:
  case Sem::BulkTensorReduce:
    return bulkTensor;
  case Sem::BulkCommit:
    return commit;
  case Sem::BulkWait:
    return wait;
  case Sem::ProxyFence:
    return proxyFence;
  case Sem::TensorMapReplace:
    return replaceField;
  case Sem::TensorMapCopy:
    return copyMap;
  default:
    return selectWgmma(form);
  }
}
