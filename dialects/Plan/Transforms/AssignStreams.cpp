//===- AssignStreams.cpp - Independent launches on several streams --------===//

#include "dialects/Plan/IR/KnownBeforeBody.h"
#include "dialects/Plan/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace raddle::plan {
#define GEN_PASS_DEF_PLANASSIGNSTREAMS
#include "dialects/Plan/Transforms/Passes.h.inc"
} // namespace raddle::plan

using namespace mlir;
using namespace raddle;
using namespace raddle::plan;

namespace {
/// A launch or copy, in the run of operations between two meeting points.
struct Work {
  Operation *op;
  unsigned stream = 0;
  /// How much of each stream is over when it starts, itself included.
  SmallVector<unsigned> clock;
  /// Recorded behind it, if something waits for it.
  std::optional<int64_t> event;
};

struct AssignStreamsPass
    : plan::impl::PlanAssignStreamsBase<AssignStreamsPass> {
  using Base::Base;

  void runOnOperation() override {
    if (streams < 1 || streams > 64) {
      getOperation().emitError("expected 1 to 64 streams, found ")
          << unsigned(streams);
      return signalPassFailure();
    }
    if (streams == 1)
      return;
    known = {};
    nextEvent = 0;
    names = {};
    // Control flow gives buffers other names; those may be one buffer.
    getOperation().walk([&](Operation *op) {
      if (!isa<scf::SCFDialect, arith::ArithDialect>(op->getDialect()))
        return;
      for (Value value : op->getOperands())
        nameAlike(value);
      for (Value value : op->getResults())
        nameAlike(value);
      for (Region &region : op->getRegions())
        for (Value value : region.getArguments())
          nameAlike(value);
    });
    getOperation().walk([&](Block *block) { assign(*block); });
  }

private:
  void nameAlike(Value value) {
    if (isa<BufferType>(value.getType()))
      names.unionSets(value.getAsOpaquePointer(), this);
  }
  const void *nameOf(Value value) {
    const void *name = value.getAsOpaquePointer();
    return names.contains(name) ? names.getLeaderValue(name) : name;
  }

  /// Whether all streams meet at `op`.
  bool isMeeting(Operation &op) {
    if (auto alloc = dyn_cast<AllocOp>(op))
      return !known.contains(alloc.getBytes());
    return op.getNumRegions() > 0 || isa<ReadOp, FreeOp, OutputOp>(op) ||
           op.hasTrait<OpTrait::IsTerminator>();
  }

  void assign(Block &block) {
    SmallVector<Work> run;
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (isa<LaunchOp, CopyOp>(op))
        run.push_back({&op, 0, {}, std::nullopt});
      if (isMeeting(op)) {
        assign(run, &op);
        run.clear();
      }
    }
    assign(run, nullptr);
  }

  void setStream(Operation *op, unsigned stream) {
    if (auto launch = dyn_cast<LaunchOp>(op))
      launch.setStream(stream);
    else
      cast<CopyOp>(op).setStream(stream);
  }

  /// The buffers that `op` uses, and whether it writes them.
  void forEachBuffer(Operation *op,
                     function_ref<void(const void *, bool)> visit) {
    if (auto copy = dyn_cast<CopyOp>(op)) {
      visit(nameOf(copy.getFrom()), false);
      visit(nameOf(copy.getTo()), true);
      return;
    }
    auto launch = cast<LaunchOp>(op);
    for (auto [i, value] : llvm::enumerate(launch.getArgs()))
      if (isa<BufferType>(value.getType()))
        visit(nameOf(value), llvm::is_contained(launch.getWritten(), i));
  }

  void record(OpBuilder &builder, Work &work) {
    if (work.event)
      return;
    work.event = nextEvent++;
    builder.setInsertionPointAfter(work.op);
    RecordOp::create(builder, work.op->getLoc(), *work.event, work.stream);
  }

  void assign(MutableArrayRef<Work> run, Operation *meeting) {
    if (run.size() < 2)
      return;
    OpBuilder builder(run.front().op->getContext());
    struct Uses {
      std::optional<unsigned> write;
      SmallVector<unsigned> reads;
    };
    DenseMap<const void *, Uses> uses;
    SmallVector<SmallVector<unsigned>> clocks(streams,
                                              SmallVector<unsigned>(streams));
    SmallVector<std::optional<unsigned>> last(streams);
    std::optional<int64_t> start;
    for (unsigned i = 0; i < run.size(); ++i) {
      Work &work = run[i];
      // What it has to wait for, the latest first.
      llvm::SmallSetVector<unsigned, 8> before;
      forEachBuffer(work.op, [&](const void *buffer, bool isWrite) {
        Uses &used = uses[buffer];
        if (used.write)
          before.insert(*used.write);
        if (isWrite)
          before.insert(used.reads.begin(), used.reads.end());
      });
      before.remove(i);
      SmallVector<unsigned> waits(before.takeVector());
      llvm::sort(waits, std::greater<>());
      std::optional<unsigned> stream;
      for (unsigned other : waits)
        if (!stream && last[run[other].stream] == other)
          stream = run[other].stream;
      if (!stream) {
        stream = 0;
        for (unsigned s = 0; s < streams; ++s)
          if (!last[s] || (last[*stream] && *last[s] < *last[*stream])) {
            stream = s;
            if (!last[s])
              break;
          }
      }
      work.stream = *stream;
      setStream(work.op, work.stream);
      SmallVector<unsigned> &clock = clocks[work.stream];
      auto waitFor = [&](int64_t event) {
        builder.setInsertionPoint(work.op);
        WaitOp::create(builder, work.op->getLoc(), event, work.stream);
      };
      if (work.stream != 0 && !last[work.stream]) {
        // What stream 0 did before this run comes first.
        if (!start) {
          start = nextEvent++;
          builder.setInsertionPoint(run.front().op);
          RecordOp::create(builder, run.front().op->getLoc(), *start, 0);
        }
        waitFor(*start);
      }
      for (unsigned other : waits) {
        Work &earlier = run[other];
        if (earlier.clock[earlier.stream] <= clock[earlier.stream])
          continue;
        record(builder, earlier);
        waitFor(*earlier.event);
        for (auto [mine, its] : llvm::zip(clock, earlier.clock))
          mine = std::max(mine, its);
      }
      ++clock[work.stream];
      work.clock = clock;
      last[work.stream] = i;
      forEachBuffer(work.op, [&](const void *buffer, bool isWrite) {
        Uses &used = uses[buffer];
        if (isWrite)
          used = {i, {}};
        else
          used.reads.push_back(i);
      });
    }
    // Stream 0 goes on when all are done.
    for (unsigned s = 1; s < streams; ++s) {
      if (!last[s])
        continue;
      Work &work = run[*last[s]];
      if (work.clock[s] <= clocks[0][s])
        continue;
      record(builder, work);
      if (meeting)
        builder.setInsertionPoint(meeting);
      else
        builder.setInsertionPointToEnd(run.front().op->getBlock());
      WaitOp::create(builder, work.op->getLoc(), *work.event, 0);
      for (auto [mine, its] : llvm::zip(clocks[0], work.clock))
        mine = std::max(mine, its);
    }
  }

  KnownBeforeBody known;
  llvm::EquivalenceClasses<const void *> names;
  int64_t nextEvent = 0;
};
} // namespace
