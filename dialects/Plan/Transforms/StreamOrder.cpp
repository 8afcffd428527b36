//===- StreamOrder.cpp - What runs before what ----------------------------===//

#include "dialects/Plan/Transforms/StreamOrder.h"

using namespace mlir;
using namespace raddle::plan;

StreamOrder::StreamOrder(Block &block) {
  auto streamOf = [](Operation *op) -> unsigned {
    if (auto launch = dyn_cast<LaunchOp>(op))
      return launch.getStream();
    if (auto copy = dyn_cast<CopyOp>(op))
      return copy.getStream();
    if (auto record = dyn_cast<RecordOp>(op))
      return record.getStream();
    if (auto wait = dyn_cast<WaitOp>(op))
      return wait.getStream();
    return 0;
  };
  unsigned streams = 1;
  for (Operation &op : block)
    streams = std::max(streams, streamOf(&op) + 1);
  SmallVector<SmallVector<unsigned>> clocks(streams,
                                            SmallVector<unsigned>(streams));
  DenseMap<int64_t, SmallVector<unsigned>> events;
  for (Operation &op : block) {
    unsigned stream = streamOf(&op);
    if (auto record = dyn_cast<RecordOp>(op)) {
      events[record.getEvent()] = clocks[stream];
    } else if (auto wait = dyn_cast<WaitOp>(op)) {
      if (auto event = events.find(wait.getEvent()); event != events.end())
        for (auto [mine, other] : llvm::zip(clocks[stream], event->second))
          mine = std::max(mine, other);
    } else {
      ++clocks[stream][stream];
    }
    places[&op] = {stream, clocks[stream]};
  }
}

bool StreamOrder::isBefore(Operation *first, Operation *second) const {
  if (first == second)
    return false;
  const Place &a = places.at(first), &b = places.at(second);
  return a.clock[a.stream] <= b.clock[a.stream];
}
