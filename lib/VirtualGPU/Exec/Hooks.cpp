//===- Hooks.cpp - Address checks and faults ------------------------------===//

#include "Check/Checker.h"
#include "Exec/Cluster.h"
#include "Exec/Counters.h"

using namespace raddle::vgpu;

static const char *verb(bool isWrite) { return isWrite ? "write" : "read"; }

static bool checkGlobal(Warp &w, const Op &op, const uint64_t *addresses,
                        uint32_t lanes, uint32_t bytes, bool isWrite) {
  DeviceMemory &memory = *w.block->launch.memory;
  const Allocation *last = nullptr;
  for (uint32_t m = lanes; m; m &= m - 1) {
    unsigned lane = __builtin_ctz(m);
    uint64_t address = addresses[lane];
    auto what = [&] {
      return std::string("global ") + verb(isWrite) + " of " +
             std::to_string(bytes) + " bytes";
    };
    if (!last || address - last->base >= last->bytes)
      last = memory.find(address);
    if (!last || bytes > last->bytes - (address - last->base)) {
      if (const Allocation *freed = memory.findFreed(address); freed && !last) {
        w.block->fault(w, op, FaultClass::UseAfterFree,
                       what() + " in freed memory", lane, true, address,
                       "in freed " + describeAllocation(*freed));
        return false;
      }
      const Allocation *near = last ? last : memory.nearest(address);
      std::string place;
      if (near) {
        uint64_t end = near->base + near->bytes;
        place = address >= end ? std::to_string(address - end) + " bytes after "
                : address < near->base
                    ? std::to_string(near->base - address) + " bytes before "
                    : std::string("across the end of ");
        place += describeAllocation(*near);
      }
      w.block->fault(w, op, FaultClass::OutOfBounds, what() + " out of bounds",
                     lane, true, address, place);
      return false;
    }
    if (bytes && (bytes & (bytes - 1)) == 0 && (address & (bytes - 1))) {
      w.block->fault(w, op, FaultClass::Misaligned, what() + " is misaligned",
                     lane, true, address, describeAllocation(*last));
      return false;
    }
  }
  if (last)
    w.ranges[(reinterpret_cast<uintptr_t>(&op) / sizeof(Op)) %
             kRangeCacheSize] = {last->base, last->base + last->bytes};
  return true;
}

static void faultWindow(Warp &w, const Op &op, uint8_t space,
                        const uint64_t *addresses, uint32_t lanes,
                        uint32_t bytes, bool isWrite) {
  const bool isShared = space == static_cast<uint8_t>(Space::Shared);
  const uint64_t begin = isShared ? kSharedBase : 0;
  const uint64_t size = isShared ? w.sharedBytes : w.localBytes;
  for (uint32_t m = lanes; m; m &= m - 1) {
    unsigned lane = __builtin_ctz(m);
    uint64_t address = addresses[lane];
    bool outside = address < begin || address - begin > size ||
                   bytes > size - (address - begin);
    if (!outside && !(address & (bytes - 1)))
      continue;
    std::string what = std::string(isShared ? "shared " : "local ") +
                       verb(isWrite) + " of " + std::to_string(bytes) +
                       " bytes";
    w.block->fault(
        w, op, outside ? FaultClass::OutOfBounds : FaultClass::Misaligned,
        what + (outside ? " out of bounds" : " is misaligned"), lane, true,
        address,
        std::string(isShared ? "shared memory of the block: "
                             : "local memory of the thread: ") +
            std::to_string(size) + " bytes from " + std::to_string(begin));
    return;
  }
}

static bool clusterShared(Warp &w, const Op &op, uint64_t *addresses,
                          uint32_t lanes, uint32_t bytes, bool isWrite) {
  bool peers = false;
  for (uint32_t m = lanes; m; m &= m - 1)
    peers |= addresses[__builtin_ctz(m)] >> kClusterRankShift != 0;
  if (!peers) {
    faultWindow(w, op, static_cast<uint8_t>(Space::Shared), addresses, lanes,
                bytes, isWrite);
    return false;
  }
  for (uint32_t m = lanes; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    SharedPlace place;
    if (!findShared(w, op, addresses[lane], lane, bytes, bytes,
                    isWrite ? "shared::cluster write" : "shared::cluster read",
                    place))
      return false;
    addresses[lane] = reinterpret_cast<uint64_t>(place.pointer());
  }
  return true;
}

/// Lanes whose address is in the block's own shared memory.
static uint32_t ownLanes(const Warp &w, const uint64_t *addresses,
                         uint32_t lanes) {
  uint32_t own = 0;
  for (uint32_t m = lanes; m; m &= m - 1) {
    const unsigned lane = __builtin_ctz(m);
    if (addresses[lane] - kSharedBase < w.sharedBytes)
      own |= 1u << lane;
  }
  return own;
}

static bool observe(Warp &w, const Op &op, uint8_t space,
                    const uint64_t *addresses, uint32_t lanes, uint32_t bytes,
                    uint8_t kind) {
  BlockRunner &block = *w.block;
  // What happens in other blocks of the cluster is theirs to see.
  if (space == static_cast<uint8_t>(Space::Shared) &&
      w.block->cluster->blocks.size() > 1)
    lanes = ownLanes(w, addresses, lanes);
  if (block.counters)
    block.counters->access(w, op, static_cast<Space>(space), addresses, lanes,
                           bytes, static_cast<AccessKind>(kind));
  if (block.checker)
    return block.checker->access(w, op, static_cast<Space>(space), addresses,
                                 lanes, bytes, static_cast<AccessKind>(kind));
  return true;
}

static void fault(Warp &w, const Op &op, uint8_t faultClass, const char *text) {
  w.block->fault(w, op, static_cast<FaultClass>(faultClass), text,
                 __builtin_ctz(w.exec));
}

static bool syncLanes(Warp &w, const Op &op, uint32_t mask) {
  const uint32_t live = w.present & ~w.exited;
  if ((w.exec & ~mask) && w.block->launch.options.checks.sync) {
    w.block->fault(w, op, FaultClass::BadMask,
                   "the executing thread is not in the member mask",
                   __builtin_ctz(w.exec & ~mask));
    return false;
  }
  const uint32_t missing = mask & live & ~w.exec;
  if (!missing)
    return true;
  if (missing & w.active) {
    w.block->fault(w, op, FaultClass::BadMask,
                   "a thread of the member mask is predicated off",
                   __builtin_ctz(missing & w.active));
    return false;
  }
  parkGroup(w, GroupState::WaitSync, w.pc - 1, 0, mask);
  return false;
}

MachineHooks raddle::vgpu::hooks = {checkGlobal, faultWindow, clusterShared,
                                    observe,     fault,       syncLanes};
