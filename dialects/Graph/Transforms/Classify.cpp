//===- Classify.cpp - What an operation is to fusion ----------------------===//
#include "dialects/Graph/Transforms/Classify.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace raddle::graph;

bool raddle::graph::isPointwise(Operation *op) {
  return op->getNumResults() == 1 &&
         isa<RankedTensorType>(op->getResult(0).getType()) &&
         OpTrait::hasElementwiseMappableTraits(op);
}

OpRole raddle::graph::getRole(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
    return elements && elements.isSplat() ? OpRole::splat : OpRole::outside;
  }
  // An encoded value is assembled where it is decoded, so that kernels read
  // the components as they are stored.
  if (isPointwise(op) || isa<ElementOpInterface, AssembleOp>(op))
    return OpRole::element;
  return getSkeleton(op).empty() ? OpRole::outside : OpRole::root;
}

bool raddle::graph::canPrecompute(Operation *op,
                                  function_ref<bool(Value)> isConstant) {
  if (getRole(op) != OpRole::element || isa<DecodeOp, AssembleOp>(op) ||
      op->getNumResults() != 1 || op->getNumRegions() != 0)
    return false;
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !type.hasStaticShape() || type.getEncoding())
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    auto tensor = dyn_cast<RankedTensorType>(operand.getType());
    return isConstant(operand) && !(tensor && tensor.getEncoding());
  });
}

/// Bounded, as chains may branch.
static bool isWeightExpression(Value value, unsigned &budget) {
  Operation *op = value.getDefiningOp();
  if (!op || budget == 0)
    return false;
  --budget;
  return isa<WeightOp, PrecomputeOp, arith::ConstantOp>(op) ||
         canPrecompute(op, [&](Value operand) {
           return isWeightExpression(operand, budget);
         });
}

bool raddle::graph::isWeightExpression(Value value) {
  unsigned budget = 64;
  return ::isWeightExpression(value, budget);
}

bool raddle::graph::takesEpilogue(Operation *root) {
  return isa<ContractOp, ConvOp, AttentionOp, ReduceOp, ArgReduceOp, SoftmaxOp,
             NormOp, PoolOp, CumulativeOp>(root);
}

bool raddle::graph::isView(Operation *op) {
  // Chains are short: an importer writes a few views between a weight and its
  // use. The bound keeps the check cheap on strange input.
  SmallVector<Operation *> pending = {op};
  for (unsigned visited = 0; !pending.empty(); ++visited) {
    Operation *next = pending.pop_back_val();
    if (visited == 32 || !isa<ElementOpInterface, AssembleOp>(next) ||
        isa<ResizeOp>(next))
      return false;
    for (Value operand : next->getOperands()) {
      if (!isa<RankedTensorType>(operand.getType()))
        continue;
      Operation *producer = operand.getDefiningOp();
      if (!producer)
        return false;
      if (!isa<WeightOp, PrecomputeOp, arith::ConstantOp>(producer))
        pending.push_back(producer);
    }
  }
  return true;
}

double raddle::graph::countElements(Type type, int64_t assumed) {
  double count = 1;
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    for (int64_t size : tensor.getShape())
      count *= ShapedType::isDynamic(size) ? assumed : size;
  return count;
}

double raddle::graph::countBytes(Type type, int64_t assumed) {
  Type element = getElementTypeOrSelf(type);
  double bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  // Encodings exist to be smaller than what they encode.
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    if (tensor.getEncoding())
      bits = std::min(bits, 8.0);
  return countElements(type, assumed) * std::max(bits, 8.0) / 8;
}

double raddle::graph::getElementWork(Operation *op) {
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case<BroadcastOp, TransposeOp, IotaOp, SplatOp>(
          [](auto) { return 0.25; })
      .Case<SliceOp>([](auto) { return 0.5; })
      .Case<ReshapeOp>([](auto) { return 1; })
      .Case<ConcatOp>([](ConcatOp op) { return 2.0 * op.getInputs().size(); })
      .Case<PadOp, GatherOp, GatherElementsOp, DecodeOp>([](auto) { return 2; })
      .Case<GatherNdOp>([](auto) { return 4; })
      .Case<ResizeOp>([](ResizeOp op) {
        double taps = op.getMode() == ResizeMode::nearest  ? 1
                      : op.getMode() == ResizeMode::linear ? 2
                                                           : 4;
        double work = 4;
        for (double scale : op.getScales())
          if (scale != 1)
            work *= taps * 2;
        return work;
      })
      .Case<arith::DivFOp, math::SqrtOp, math::RsqrtOp>([](auto) { return 4; })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
            arith::FloorDivSIOp, arith::CeilDivSIOp, arith::RemFOp>(
          [](auto) { return 20; })
      .Case<math::AbsFOp, math::AbsIOp, math::FloorOp, math::CeilOp,
            math::CopySignOp, math::FmaOp, math::RoundEvenOp, math::TruncOp>(
          [](auto) { return 1; })
      .Case<math::PowFOp>([](auto) { return 32; })
      .Case<math::SinOp, math::CosOp, math::TanOp>([](auto) { return 40; })
      .Default([](Operation *op) {
        return isa<math::MathDialect>(op->getDialect()) ? 16.0 : 1.0;
      });
}

/// Tiles of a contraction have about this many rows and columns.
static constexpr double tileSize = 128;

static double countContractReads(ContractOp op, unsigned operand,
                                 int64_t assumed) {
  SmallVector<AffineMap, 3> maps = op.getMaps();
  auto typeOf = [](Value value) {
    return cast<RankedTensorType>(value.getType());
  };
  // Extents of the dims of the other operand that this one lacks: its elements
  // are read again for each tile of those.
  AffineMap own = maps[operand], other = maps[1 - operand];
  ArrayRef<int64_t> shape =
      typeOf(operand == 0 ? op.getRhs() : op.getLhs()).getShape();
  double repeats = 1;
  for (auto [position, expr] : llvm::enumerate(other.getResults()))
    if (!own.getResultPosition(expr))
      repeats *=
          ShapedType::isDynamic(shape[position]) ? assumed : shape[position];
  Value value = operand == 0 ? op.getLhs() : op.getRhs();
  return countElements(value.getType(), assumed) *
         std::max(1.0, repeats / tileSize);
}

double raddle::graph::countReads(Operation *root, unsigned operand,
                                 int64_t assumed) {
  double elements = countElements(root->getOperand(operand).getType(), assumed);
  if (auto contract = dyn_cast<ContractOp>(root))
    return countContractReads(contract, operand, assumed);
  if (auto conv = dyn_cast<ConvOp>(root)) {
    auto filter = cast<RankedTensorType>(conv.getFilter().getType());
    double result = countElements(conv.getType(), assumed);
    double outputs = filter.getDimSize(0);
    double perResult = countElements(filter, assumed) / outputs;
    if (operand == 1)
      return elements * std::max(1.0, result / outputs / tileSize);
    return std::max(elements,
                    result * perResult /
                        std::min(outputs / conv.getGroups(), tileSize));
  }
  if (auto attention = dyn_cast<AttentionOp>(root)) {
    auto query = cast<RankedTensorType>(attention.getQuery().getType());
    auto key = cast<RankedTensorType>(attention.getKey().getType());
    auto sizeOf = [&](RankedTensorType type, unsigned dim) -> double {
      return type.isDynamicDim(dim) ? assumed : type.getDimSize(dim);
    };
    if (operand == 0)
      return elements;
    double rows = sizeOf(query, 2);
    if (operand <= 2)
      return elements * std::max(1.0, rows / 64) *
             std::max(1.0, sizeOf(query, 1) / sizeOf(key, 1));
    return sizeOf(query, 0) * sizeOf(query, 1) * rows * sizeOf(key, 2);
  }
  return elements;
}
