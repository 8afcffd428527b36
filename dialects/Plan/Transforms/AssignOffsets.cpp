//===- AssignOffsets.cpp - Places of workspaces in the arena --------------===//

#include "dialects/Plan/IR/BufferAliases.h"
#include "dialects/Plan/IR/KnownBeforeBody.h"
#include "dialects/Plan/Transforms/Passes.h"
#include "dialects/Plan/Transforms/StreamOrder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

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
  /// What uses its present buffer.
  SetVector<Operation *> users;
  SmallVector<AllocOp> buffers;
};

struct AssignOffsetsPass
    : plan::impl::PlanAssignOffsetsBase<AssignOffsetsPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func.getBody().hasOneBlock())
      return;
    Block &body = func.getBody().front();
    known = {};
    early.clear();
    StreamOrder order(body);

    SmallVector<AllocOp> allocs, pooled;
    SmallVector<Place> places;
    func.walk<WalkOrder::PreOrder>([&](AllocOp alloc) {
      if (alloc.getOffset() || alloc.getPool())
        return;
      bool isOutput =
          llvm::any_of(alloc.getResult().getUsers(), llvm::IsaPred<OutputOp>);
      BufferAliases aliases(alloc);
      Value bytes = getEarly(alloc.getBytes(), body);
      if (!bytes || aliases.outlivesIteration) {
        pooled.push_back(alloc);
        return;
      }
      alloc.getBytesMutable().assign(bytes);
      if (isOutput)
        return;
      allocs.push_back(alloc);
      // One in a loop is used by all of it.
      SetVector<Operation *> users;
      if (alloc->getBlock() != &body)
        users.insert(body.findAncestorOpInBlock(*alloc));
      for (Value alias : aliases.values)
        for (Operation *user : alias.getUsers())
          users.insert(body.findAncestorOpInBlock(*user));
      // All that used the last buffer there is over before this one is used.
      auto isFree = [&](const Place &place) {
        return llvm::all_of(place.users, [&](Operation *last) {
          return llvm::all_of(users, [&](Operation *user) {
            return order.isBefore(last, user);
          });
        });
      };
      Place *found = nullptr;
      for (Place &place : places)
        if (!found && isSame(place.bytes, bytes) && isFree(place))
          found = &place;
      if (!found) {
        found = &places.emplace_back();
        found->bytes = bytes;
      }
      if (!users.empty())
        found->users = std::move(users);
      found->buffers.push_back(alloc);
    });
    for (AllocOp alloc : pooled)
      usePool(alloc);

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
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value offset = zero;
    Value align = arith::ConstantIndexOp::create(builder, loc, 256);
    Operation *lastOffset = offset.getDefiningOp();
    for (Place &place : places) {
      for (AllocOp alloc : place.buffers)
        alloc.getOffsetMutable().assign(offset);
      Value units =
          arith::CeilDivSIOp::create(builder, loc, place.bytes, align);
      // Sizes of a branch that is not taken may be negative: without meaning
      // there, they must not move other buffers.
      if (llvm::any_of(place.buffers, [&](AllocOp alloc) {
            return alloc->getBlock() != &body;
          }))
        units = arith::MaxSIOp::create(builder, loc, units, zero);
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

  /// Memory from the pool, given back behind the last use in the same block.
  void usePool(AllocOp alloc) {
    alloc.setPool(true);
    Operation *last = nullptr;
    for (Operation *user : alloc.getResult().getUsers()) {
      Operation *here = alloc->getBlock()->findAncestorOpInBlock(*user);
      if (isa<OutputOp>(here) || here->hasTrait<OpTrait::IsTerminator>())
        return;
      if (!last || last->isBeforeInBlock(here))
        last = here;
    }
    if (!last)
      last = alloc;
    OpBuilder builder(alloc.getContext());
    builder.setInsertionPointAfter(last);
    FreeOp::create(builder, alloc.getLoc(), alloc.getResult());
  }

  /// The value in `body`, made of what is known before the body runs; null
  /// when it depends on more.
  Value getEarly(Value value, Block &body) {
    if (value.getParentBlock() == &body && known.contains(value))
      return value;
    if (auto found = early.find(value); found != early.end())
      return found->second;
    Value result;
    Operation *op = value.getDefiningOp();
    if (auto branch = dyn_cast_if_present<scf::IfOp>(op)) {
      // Chosen by a condition that is known, between values that are.
      unsigned number = cast<OpResult>(value).getResultNumber();
      Value condition = getEarly(branch.getCondition(), body);
      Value sides[2];
      if (condition)
        for (auto [side, region] : llvm::zip(sides, branch->getRegions()))
          if (!region.empty())
            side = getEarly(region.front().getTerminator()->getOperand(number),
                            body);
      if (condition && sides[0] && sides[1]) {
        OpBuilder builder(body.findAncestorOpInBlock(*op));
        result = arith::SelectOp::create(builder, op->getLoc(), condition,
                                         sides[0], sides[1]);
      }
    } else if (op && (isa<SymbolOp>(op) ||
                      isa<arith::ArithDialect>(op->getDialect()))) {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        if (Value outer = getEarly(operand, body))
          operands.push_back(outer);
      if (operands.size() == op->getNumOperands()) {
        OpBuilder builder(body.findAncestorOpInBlock(*op));
        Operation *copy = builder.clone(*op);
        copy->setOperands(operands);
        result = copy->getResult(cast<OpResult>(value).getResultNumber());
      }
    }
    return early[value] = result;
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

  KnownBeforeBody known;
  DenseMap<Value, Value> early;
};
} // namespace
