//===- AccessOrder.h - which accesses may be under way at once --*- C++ -*-===//
//
// Judges the order of a program with several streams while it is interpreted:
// two accesses to the same byte, one of them a write, must be ordered by their
// stream or by events. It sees addresses and the events of the running program
// only, so it shares no assumption with the compiler that placed the buffers
// and the events.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_RUNTIME_ACCESSORDER_H
#define RADDLE_LIB_RUNTIME_ACCESSORDER_H

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace raddle {

class AccessOrder {
public:
  /// Forgets everything. Nothing is recorded for a single stream.
  void reset(uint32_t streams);
  void record(uint32_t stream, uint32_t event);
  void wait(uint32_t stream, uint32_t event);
  /// All streams wait for all.
  void join();
  /// What follows on `stream`, until the next call, is the statement `label`.
  void begin(uint32_t stream, const void *label);
  /// The label of an earlier access to a byte from `low` up to `high` that may
  /// still be under way, where that is an error.
  std::optional<const void *> access(uint64_t low, uint64_t high, bool isWrite);

private:
  using Clock = std::vector<uint64_t>;
  struct Access {
    uint32_t stream = 0;
    /// 0: none.
    uint64_t time = 0;
    const void *label = nullptr;
  };
  /// Bytes up to `end` that were accessed alike.
  struct Bytes {
    uint64_t end = 0;
    Access write;
    std::vector<Access> reads;
  };

  bool isBefore(const Access &access) const {
    return access.time <= clocks_[stream_][access.stream];
  }
  void split(uint64_t at);

  /// Per stream: how much of each stream's work is over when its own next
  /// piece starts.
  std::vector<Clock> clocks_;
  std::map<uint32_t, Clock> events_;
  std::map<uint64_t, Bytes> bytes_;
  uint32_t stream_ = 0;
  const void *label_ = nullptr;
};

} // namespace raddle

#endif // RADDLE_LIB_RUNTIME_ACCESSORDER_H
