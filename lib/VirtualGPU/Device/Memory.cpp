//===- Memory.cpp - The global memory of a virtual GPU --------------------===//

#include "Device/Memory.h"

#include <cstdio>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace raddle::vgpu;

/// Alignment of every allocation, and the least gap between two: an access
/// that runs over an end by less than this never hits the next allocation.
static constexpr uint64_t kAlign = 512;
static constexpr size_t kMaxFreed = 4096;

DeviceMemory::DeviceMemory(uint64_t totalBytes) : totalBytes(totalBytes) {
  // Address space costs nothing; hosts that limit it get a smaller arena.
  for (arenaBytes = totalBytes + (totalBytes >> 2); arenaBytes >= (1 << 24);
       arenaBytes /= 2) {
    void *p = mmap(nullptr, arenaBytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p != MAP_FAILED) {
      arena = static_cast<uint8_t *>(p);
      break;
    }
  }
  if (!arena)
    arenaBytes = 0;
}

DeviceMemory::~DeviceMemory() {
  if (arena)
    munmap(arena, arenaBytes);
}

/// A free place of `bytes`, an offset into the arena, or ~0.
uint64_t DeviceMemory::place(uint64_t bytes) {
  uint64_t need = (bytes + kAlign - 1) / kAlign * kAlign + kAlign;
  if (cursor + need <= arenaBytes) {
    uint64_t at = cursor;
    cursor += need;
    return at;
  }
  // The arena was walked once: look for the first hole.
  uint64_t at = 0;
  auto begin = reinterpret_cast<uint64_t>(arena);
  for (auto &[base, a] : live) {
    if (a.isHost)
      continue;
    uint64_t offset = base - begin;
    if (offset >= at && offset - at >= need)
      return at;
    at = (offset + a.bytes + kAlign - 1) / kAlign * kAlign + kAlign;
  }
  return at + need <= arenaBytes ? at : ~uint64_t(0);
}

uint64_t DeviceMemory::allocate(uint64_t bytes, std::string name) {
  if (bytes > totalBytes - usedBytes)
    return 0;
  uint64_t offset = place(bytes);
  if (offset == ~uint64_t(0))
    return 0;
  uint64_t base = reinterpret_cast<uint64_t>(arena) + offset;
  // A reused range has no stale entries left for the search of freed memory.
  for (auto it = freed.lower_bound(base);
       it != freed.end() && it->first < base + bytes;)
    it = freed.erase(it);
  Allocation &a = live[base];
  a.base = base;
  a.bytes = bytes;
  a.serial = nextSerial++;
  a.name = std::move(name);
  usedBytes += bytes;
  if (tracking)
    makeStates(a);
  return base;
}

void DeviceMemory::addHost(void *pointer, uint64_t bytes) {
  Allocation &a = live[reinterpret_cast<uint64_t>(pointer)];
  a.base = reinterpret_cast<uint64_t>(pointer);
  a.bytes = bytes;
  a.serial = nextSerial++;
  a.isHost = true;
}

bool DeviceMemory::free(uint64_t address, bool *wasFreed) {
  auto it = live.find(address);
  if (it == live.end()) {
    if (wasFreed)
      *wasFreed = freed.count(address);
    return false;
  }
  Allocation &a = it->second;
  if (!a.isHost) {
    // Give whole pages back; the rest is cleared here.
    uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    uint64_t first = (a.base + page - 1) / page * page;
    uint64_t last = (a.base + a.bytes) / page * page;
    if (first < last) {
      madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
      std::memset(reinterpret_cast<void *>(a.base), 0, first - a.base);
      std::memset(reinterpret_cast<void *>(last), 0, a.base + a.bytes - last);
    } else {
      std::memset(reinterpret_cast<void *>(a.base), 0, a.bytes);
    }
    usedBytes -= a.bytes;
    if (freed.size() >= kMaxFreed)
      freed.erase(freed.begin());
    a.state.reset();
    freed[a.base] = std::move(a);
  }
  live.erase(it);
  return true;
}

Allocation *DeviceMemory::find(uint64_t address) {
  auto it = live.upper_bound(address);
  if (it == live.begin())
    return nullptr;
  --it;
  Allocation &a = it->second;
  return address - a.base < a.bytes ? &a : nullptr;
}

const Allocation *DeviceMemory::findFreed(uint64_t address) const {
  auto it = freed.upper_bound(address);
  if (it == freed.begin())
    return nullptr;
  --it;
  return address - it->second.base < it->second.bytes ? &it->second : nullptr;
}

const Allocation *DeviceMemory::nearest(uint64_t address) const {
  auto above = live.upper_bound(address);
  const Allocation *best = nullptr;
  uint64_t distance = ~uint64_t(0);
  if (above != live.end()) {
    best = &above->second;
    distance = above->first - address;
  }
  if (above != live.begin()) {
    auto below = std::prev(above);
    uint64_t end = below->first + below->second.bytes;
    uint64_t gap = address >= end ? address - end : 0;
    if (gap <= distance)
      best = &below->second;
  }
  return best;
}

bool DeviceMemory::contains(uint64_t address, uint64_t bytes) {
  const Allocation *a = find(address);
  return a && bytes <= a->bytes - (address - a->base);
}

void DeviceMemory::makeStates(Allocation &a) {
  a.state.reset(static_cast<uint8_t *>(std::calloc(a.bytes, 1)));
}

void DeviceMemory::trackStates(bool on) {
  if (on == tracking)
    return;
  tracking = on;
  for (auto &[base, a] : live) {
    if (!on)
      a.state.reset();
    else if (!a.isHost) {
      makeStates(a); // what was there before is taken as defined
      if (a.state)
        std::memset(a.state.get(), kDefined, a.bytes);
    }
  }
}

void DeviceMemory::setState(uint64_t address, uint64_t bytes, ByteState state) {
  Allocation *a = find(address);
  if (a && a->state && bytes <= a->bytes - (address - a->base))
    std::memset(a->state.get() + (address - a->base), state, bytes);
}

std::string raddle::vgpu::describeAllocation(const Allocation &a) {
  char buffer[128];
  std::snprintf(buffer, sizeof buffer, "%llu bytes at 0x%llx",
                static_cast<unsigned long long>(a.bytes),
                static_cast<unsigned long long>(a.base));
  std::string text = buffer;
  if (!a.name.empty())
    return "variable '" + a.name + "' of " + text;
  return "allocation " + std::to_string(a.serial) + " of " + text;
}
