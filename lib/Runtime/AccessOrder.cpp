//===- AccessOrder.cpp - which accesses may be under way at once ----------===//

#include "AccessOrder.h"

#include <algorithm>

using namespace raddle;

static void raise(std::vector<uint64_t> &clock,
                  const std::vector<uint64_t> &other) {
  for (size_t i = 0; i < clock.size(); ++i)
    clock[i] = std::max(clock[i], other[i]);
}

void AccessOrder::reset(uint32_t streams) {
  clocks_.assign(streams > 1 ? streams : 0, Clock(streams, 0));
  events_.clear();
  bytes_.clear();
}

void AccessOrder::record(uint32_t stream, uint32_t event) {
  if (!clocks_.empty())
    events_[event] = clocks_[stream];
}

void AccessOrder::wait(uint32_t stream, uint32_t event) {
  // An event that was never recorded is no wait, as for the driver.
  if (auto it = events_.find(event); it != events_.end())
    raise(clocks_[stream], it->second);
}

void AccessOrder::join() {
  if (clocks_.empty())
    return;
  for (const Clock &clock : clocks_)
    raise(clocks_.front(), clock);
  std::fill(clocks_.begin() + 1, clocks_.end(), clocks_.front());
}

void AccessOrder::begin(uint32_t stream, const void *label) {
  stream_ = stream;
  label_ = label;
  if (!clocks_.empty())
    ++clocks_[stream][stream];
}

void AccessOrder::split(uint64_t at) {
  auto it = bytes_.upper_bound(at);
  if (it == bytes_.begin() || (--it)->first == at || it->second.end <= at)
    return;
  Bytes tail = it->second;
  it->second.end = at;
  bytes_.emplace(at, std::move(tail));
}

std::optional<const void *> AccessOrder::access(uint64_t low, uint64_t high,
                                                bool isWrite) {
  if (clocks_.empty() || low >= high)
    return std::nullopt;
  split(low);
  split(high);
  Access now{stream_, clocks_[stream_][stream_], label_};
  auto from = bytes_.lower_bound(low), to = bytes_.lower_bound(high);
  for (auto it = from; it != to; ++it) {
    if (!isBefore(it->second.write))
      return it->second.write.label;
    if (isWrite)
      for (const Access &read : it->second.reads)
        if (!isBefore(read))
          return read.label;
  }
  if (isWrite) {
    bytes_.erase(from, to);
    bytes_.emplace(low, Bytes{high, now, {}});
    return std::nullopt;
  }
  uint64_t next = low;
  auto addGap = [&](uint64_t end) {
    if (next < end)
      bytes_.emplace(next, Bytes{end, {}, {now}});
  };
  for (auto it = from; it != to; ++it) {
    addGap(it->first);
    next = it->second.end;
    std::vector<Access> &reads = it->second.reads;
    // One per stream says all: a later one is after it.
    auto same = std::find_if(reads.begin(), reads.end(), [&](const Access &a) {
      return a.stream == now.stream;
    });
    if (same == reads.end())
      reads.push_back(now);
    else
      *same = now;
  }
  addGap(high);
  return std::nullopt;
}
