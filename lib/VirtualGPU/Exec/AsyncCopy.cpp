//===- AsyncCopy.cpp - cp.async -------------------------------------------===//
//
// A copy lands when a wait covers it, never before: code that reads too early
// finds poison instead of the data.
//
//===----------------------------------------------------------------------===//

#include "Exec/Cluster.h"

#include "Check/Checker.h"

#include <cstring>

using namespace raddle::vgpu;

static void cpAsync(Warp &w, const Op &op) {
  const uint32_t bytes = op.count;
  std::vector<PendingCopies::Copy> &copies = w.copies->copies;
  PendingCopies::Copy &copy = copies.emplace_back();
  copy.lanes = w.exec;
  copy.bytes = bytes;
  copy.op = &op;
  uint64_t fromOffset = static_cast<uint32_t>(op.list[1]) |
                        static_cast<uint64_t>(op.list[2]) << 32;
  uint32_t ignored = 0;
  if (op.flags & 8)
    ignored = *lanesOf<uint32_t>(w, op.list[0]) ^ (op.flags & 16 ? ~0u : 0);
  uint64_t to[32] = {};
  uint64_t begin = ~uint64_t(0), end = 0, mixed = 0;
  uint32_t reading = 0;
  bool toBad = false;
  for (uint32_t m = w.exec; m; m &= m - 1) {
    unsigned l = __builtin_ctz(m);
    to[l] = addressOf(w, op.a, op.flags & 1, op.imm, l);
    copy.to[l] = static_cast<uint32_t>(to[l]);
    toBad |= to[l] < kSharedBase ||
             to[l] - kSharedBase + bytes > w.sharedBytes ||
             (to[l] & (bytes - 1));
    copy.from[l] =
        addressOf(w, op.b, op.flags & 2, static_cast<int64_t>(fromOffset), l);
    uint32_t size = bytes;
    if (op.flags & 4)
      size = std::min(lanesOf<uint32_t>(w, op.c)[l], bytes);
    if (ignored >> l & 1)
      size = 0;
    copy.sourceBytes[l] = size;
    copy.group[l] = w.copies->laneGroup[l];
    if (size) {
      reading |= 1u << l;
      begin = std::min(begin, copy.from[l]);
      end = std::max(end, copy.from[l] + size);
      mixed |= copy.from[l];
    }
  }
  if (toBad) {
    hooks.faultWindow(w, op, static_cast<uint8_t>(Space::Shared), to, w.exec,
                      bytes, true);
    return;
  }
  if (reading) {
    Range &range = w.ranges[(reinterpret_cast<uintptr_t>(&op) / sizeof(Op)) %
                            kRangeCacheSize];
    if (begin < range.begin || end > range.end)
      if (const Allocation *a = w.block->launch.memory->find(begin))
        range = {a->base, a->base + a->bytes};
    if (begin < range.begin || end > range.end || (mixed & (bytes - 1))) {
      // Lanes with a shorter source are checked with their own size.
      for (uint32_t m = reading; m; m &= m - 1) {
        unsigned l = __builtin_ctz(m);
        if (copy.from[l] & (bytes - 1)) {
          w.block->fault(w, op, FaultClass::Misaligned,
                         "global source of cp.async of " +
                             std::to_string(bytes) + " bytes is misaligned",
                         l, true, copy.from[l]);
          return;
        }
        if (!hooks.checkGlobal(w, op, copy.from, 1u << l, copy.sourceBytes[l],
                               false))
          return;
      }
    }
  }
  if (w.observed && (!hooks.observe(w, op, static_cast<uint8_t>(Space::Global),
                                    copy.from, reading, bytes, kRead) ||
                     !hooks.observe(w, op, static_cast<uint8_t>(Space::Shared),
                                    to, w.exec, bytes, kAsync)))
    return;
  for (uint32_t m = w.exec; m; m &= m - 1) {
    uint8_t *to = w.shared + (copy.to[__builtin_ctz(m)] - kSharedBase);
    if (bytes == 16) // nearly always
      std::memset(to, 0xff, 16);
    else
      std::memset(to, 0xff, bytes);
  }
}

static void commit(Warp &w, const Op &) {
  for (uint32_t m = w.exec; m; m &= m - 1)
    ++w.copies->laneGroup[__builtin_ctz(m)];
}

void raddle::vgpu::landCopies(Warp &w, uint32_t keep, bool all) {
  std::vector<PendingCopies::Copy> &copies = w.copies->copies;
  size_t kept = 0;
  for (size_t i = 0; i < copies.size(); ++i) {
    PendingCopies::Copy &copy = copies[i];
    for (uint32_t m = copy.lanes & w.exec; m; m &= m - 1) {
      unsigned l = __builtin_ctz(m);
      if (!all && copy.group[l] + keep >= w.copies->laneGroup[l])
        continue;
      uint8_t *to = w.shared + (copy.to[l] - kSharedBase);
      uint32_t size = copy.sourceBytes[l];
      if (size == 16)
        std::memcpy(to, reinterpret_cast<const void *>(copy.from[l]), 16);
      else if (size)
        std::memcpy(to, reinterpret_cast<const void *>(copy.from[l]), size);
      if (size < copy.bytes)
        std::memset(to + size, 0, copy.bytes - size);
      copy.lanes &= ~(1u << l);
      if (w.block->checker)
        w.block->checker->copyLanded(w, *copy.op, l, copy.to[l], copy.bytes,
                                     copy.from[l], size);
    }
    if (copy.lanes) {
      if (kept != i)
        copies[kept] = copy;
      ++kept;
    }
  }
  copies.resize(kept);
}

static void waitGroup(Warp &w, const Op &op) {
  landCopies(w, static_cast<uint32_t>(op.imm), false);
}
static void waitAll(Warp &w, const Op &) { landCopies(w, 0, true); }

Handler raddle::vgpu::selectAsyncCopy(const Form &form) {
  switch (form.sem) {
  case Sem::CpAsync:
    return cpAsync;
  case Sem::CpAsyncCommit:
    return commit;
  case Sem::CpAsyncWaitGroup:
    return waitGroup;
  case Sem::CpAsyncWaitAll:
    return waitAll;
  default:
    return selectMbarrier(form);
  }
}
