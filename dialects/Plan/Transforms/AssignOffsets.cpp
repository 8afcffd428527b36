//===- AssignOffsets.cpp - Places of workspaces in the arena --------------===//

#include "dialects/Plan/IR/PlanDialect.h"
#include "dialects/Plan/Transforms/Passes.h"

namespace raddle::plan {
#define GEN_PASS_DEF_PLANASSIGNOFFSETS
#include "dialects/Plan/Transforms/Passes.h.inc"
} // namespace raddle::plan

using namespace mlir;
using namespace raddle;
using namespace raddle::plan;

namespace {
/// A place in the arena: buffers of one size, one after the other.
struct Place {
  Value bytes;
  unsigned freeAfter; // position of the last use of its present buffer
  SmallVector<AllocOp> buffers;
};

struct AssignOffsetsPass
    : plan::impl::PlanAssignOffsetsBase<AssignOffsetsPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func.getBody().hasOneBlock())
      return;
    Block &body = func.getBody().front();
    DenseMap<Operation *, unsigned> position;
    for (auto [i, op] : llvm::enumerate(body))
      position[&op] = i;

    SmallVector<AllocOp> allocs;
    func.walk<WalkOrder::PreOrder>([&](AllocOp alloc) {
      bool isOutput =
          llvm::any_of(alloc.getResult().getUsers(), llvm::IsaPred<OutputOp>);
      if (!isOutput && !alloc.getOffset())
        allocs.push_back(alloc);
    });
    SmallVector<Place> places;
    for (AllocOp alloc : allocs) {
      unsigned from = position[body.findAncestorOpInBlock(*alloc)];
      unsigned to = from;
      for (Operation *user : alloc.getResult().getUsers())
        to = std::max(to, position[body.findAncestorOpInBlock(*user)]);
      Value bytes = getOuterValue(alloc.getBytes(), body);
      Place *found = nullptr;
      if (bytes)
        for (Place &place : places)
          if (!found && place.freeAfter < from && isSame(place.bytes, bytes))
            found = &place;
      if (!found) {
        if (!bytes) {
          alloc.emitOpError("expected a size that is known before the launch");
          return signalPassFailure();
        }
        found = &places.emplace_back();
        found->bytes = bytes;
      }
      found->freeAfter = to;
      found->buffers.push_back(alloc);
    }

    // Offsets are computed where every size is known: at the start, after what
    // the sizes are made of.
    OpBuilder builder(func.getContext());
    Operation *after = nullptr;
    for (Place &place : places)
      if (Operation *op = place.bytes.getDefiningOp())
        if (!after || after->isBeforeInBlock(op))
          after = op;
    if (after)
      builder.setInsertionPointAfter(after);
    else
      builder.setInsertionPointToStart(&body);
    Location loc = func.getLoc();
    Value offset = arith::ConstantIndexOp::create(builder, loc, 0);
    Value align = arith::ConstantIndexOp::create(builder, loc, 256);
    Operation *lastOffset = offset.getDefiningOp();
    for (Place &place : places) {
      for (AllocOp alloc : place.buffers)
        alloc.getOffsetMutable().assign(offset);
      Value units =
          arith::CeilDivUIOp::create(builder, loc, place.bytes, align);
      Value size = arith::MulIOp::create(builder, loc, units, align);
      offset = arith::AddIOp::create(builder, loc, offset, size);
      lastOffset = offset.getDefiningOp();
    }
    ArenaOp::create(builder, loc, offset);
    // Allocations may stand before what their offsets are made of.
    for (AllocOp alloc : allocs)
      if (alloc->getBlock() == &body && alloc->isBeforeInBlock(lastOffset))
        alloc->moveAfter(lastOffset);
    // What uses a moved allocation follows it.
    sortTopologically(body);
  }

  /// The value itself when it is computed in `body`, otherwise a copy there of
  /// the arithmetic that makes it; null when it depends on a region's values.
  Value getOuterValue(Value value, Block &body) {
    if (value.getParentBlock() == &body)
      return value;
    Operation *op = value.getDefiningOp();
    if (!op || !isa<arith::ArithDialect>(op->getDialect()))
      return nullptr;
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      Value outer = getOuterValue(operand, body);
      if (!outer)
        return nullptr;
      operands.push_back(outer);
    }
    OpBuilder builder(body.findAncestorOpInBlock(*op));
    Operation *copy = builder.clone(*op);
    copy->setOperands(operands);
    return copy->getResult(cast<OpResult>(value).getResultNumber());
  }

  /// Same value, or constants of one number.
  static bool isSame(Value lhs, Value rhs) {
    if (lhs == rhs)
      return true;
    auto l = lhs.getDefiningOp<arith::ConstantIndexOp>();
    auto r = rhs.getDefiningOp<arith::ConstantIndexOp>();
    return l && r && l.value() == r.value();
  }

  static void sortTopologically(Block &body) {
    // Stable: an operation moves only behind operands that stand after it.
    DenseSet<Operation *> placed;
    SmallVector<Operation *> order;
    std::function<void(Operation *)> place = [&](Operation *op) {
      if (!placed.insert(op).second)
        return;
      op->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (Operation *definition = operand.getDefiningOp())
            if (definition->getBlock() == &body && definition != op)
              place(definition);
      });
      order.push_back(op);
    };
    for (Operation &op : body)
      place(&op);
    for (Operation *op : order)
      op->moveBefore(&body, body.end());
  }
};
} // namespace
