//===- AsyncProxy.cpp - Bulk copies among the races -----------------------===//

#include "Check/Checker.h"

#include <algorithm>

using namespace raddle::vgpu;

/// Calls `f(word, mask of its bytes, first byte)` for every word of a range.
template <class F> static void eachWord(uint32_t offset, uint32_t bytes, F f) {
  for (uint32_t word = offset / 4; word * 4 < offset + bytes; ++word) {
    const uint32_t first = word * 4 < offset ? offset - word * 4 : 0;
    const uint32_t last = std::min(4u, offset + bytes - word * 4);
    f(word, static_cast<uint8_t>((1u << last) - (1u << first)), first);
  }
}

bool Checker::asyncWrite(Warp &w, const Op &op, unsigned lane, uint32_t offset,
                         uint32_t bytes, uint32_t line) {
  if (checks.init)
    std::fill_n(sharedStates.begin() + offset, bytes, kUndefined);
  if (!checks.race)
    return true;
  Access now;
  now.generation = generation;
  now.line = line;
  now.serial = ++serial;
  now.thread = static_cast<uint16_t>(w.index * 32 + lane);
  now.lanes = 1u << lane;
  bool fine = true;
  const bool own = w.block == &block;
  if (own) {
    now.clock = clockOf(w.index, w.index).full;
    now.laneClock = warpClock[w.index];
  }
  currentAddresses = nullptr;
  eachWord(offset, bytes, [&](uint32_t word, uint8_t mask, uint32_t first) {
    now.mask = mask;
    Cell &cell = cells[word];
    if (own) {
      fine = fine && cellAccess(w, op, lane, kSharedBase + word * 4 + first,
                                cell, now, kAsync);
      return;
    }
    cell.pendingMask =
        cell.pendingGeneration == generation ? cell.pendingMask | mask : mask;
    cell.pendingGeneration = generation;
    cell.pendingThread = now.thread;
    cell.pendingLine = line;
    cell.readSinceWrite = false;
  });
  return fine;
}

void Checker::asyncLanded(uint32_t offset, uint32_t bytes, uint32_t object,
                          uint32_t phase, uint32_t line, uint64_t from) {
  if (checks.init) {
    const Allocation *a = from ? block.launch.memory->find(from) : nullptr;
    for (uint32_t i = 0; i < bytes; ++i)
      sharedStates[offset + i] =
          a && a->state ? a->state[from + i - a->base] : kDefined;
  }
  if (!checks.race)
    return;
  Access now;
  now.generation = generation;
  now.line = line;
  now.serial = ++serial;
  now.object = object + 1;
  now.phase = phase;
  eachWord(offset, bytes, [&](uint32_t word, uint8_t mask, uint32_t) {
    Cell &cell = cells[word];
    now.mask = mask;
    cell.pendingMask &= static_cast<uint8_t>(~mask);
    if (!cell.pendingMask)
      cell.pendingGeneration = 0;
    cell.readSinceWrite = false;
    // Everything before was in order when the copy was issued.
    cell.writes[1] =
        cell.writes[0].generation == generation && (cell.writes[0].mask & ~mask)
            ? cell.writes[0]
            : Access();
    cell.writes[0] = now;
  });
}

bool Checker::asyncRead(Warp &w, const Op &op, unsigned lane, uint32_t offset,
                        uint32_t bytes, uint32_t line, bool untilDone) {
  if (!checks.race)
    return true;
  Access now;
  now.generation = generation;
  now.clock = clockOf(w.index, w.index).full;
  now.laneClock = warpClock[w.index];
  now.line = line;
  now.serial = ++serial;
  now.thread = static_cast<uint16_t>(w.index * 32 + lane);
  now.lanes = 1u << lane;
  bool fine = true;
  eachWord(offset, bytes, [&](uint32_t word, uint8_t mask, uint32_t first) {
    if (!fine)
      return;
    now.mask = mask;
    Cell &cell = cells[word];
    const uint64_t address = kSharedBase + word * 4 + first;
    fine = cellAccess(w, op, lane, address, cell, now, kRead);
    // Writes of the generic proxy need a fence of the writer or the reader.
    for (const Access &a : cell.writes)
      if (fine && a.generation == generation && (a.mask & mask) && !a.object &&
          fences[a.thread] < a.serial && fences[now.thread] < a.serial)
        fine =
            race(w, op, lane, address,
                 "read of the asynchronous proxy, without fence.proxy.async,",
                 a.thread, a.line, "write");
    if (!fine || !untilDone)
      return;
    cell.readMask =
        cell.readGeneration == generation ? cell.readMask | mask : mask;
    cell.readGeneration = generation;
    cell.readLine = line;
  });
  return fine;
}

void Checker::asyncReadDone(uint32_t offset, uint32_t bytes) {
  if (checks.race)
    eachWord(offset, bytes, [&](uint32_t word, uint8_t mask, uint32_t) {
      cells[word].readMask &= static_cast<uint8_t>(~mask);
      if (!cells[word].readMask)
        cells[word].readGeneration = 0;
    });
}

void Checker::copyState(uint32_t offset, uint64_t to, uint32_t bytes) {
  Allocation *a = checks.init ? block.launch.memory->find(to) : nullptr;
  if (a && a->state)
    for (uint32_t i = 0; i < bytes; ++i)
      a->state[to + i - a->base] =
          sharedStates[offset + i] == kDefined ? kDefined : kUndefined;
}

void Checker::proxyFenced(Warp &w, uint32_t lanes) {
  if (!checks.race)
    return;
  ++serial;
  for (uint32_t m = lanes; m; m &= m - 1)
    fences[w.index * 32 + __builtin_ctz(m)] = serial;
}
