//===- ReductionSkeleton.cpp - Rows combined along an axis ----------------===//
//
// A block has BP rows (points of the parallel axes) and walks the reduced axes
// in chunks of BR. Rows that fit into one chunk stay in registers between the
// passes of a normalisation.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Skeletons/ContractionDomain.h"
#include "dialects/Tile/Skeletons/KernelBuilder.h"
#include "dialects/Tile/Skeletons/ReductionCombiners.h"
#include "dialects/Tile/Skeletons/SkeletonList.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

namespace {

/// The rows of a reduction: which dims of the input are parallel.
struct Rows {
  Value input;
  SmallVector<unsigned> parallel, reduced;
  bool trailing;      // the reduced dims are the last ones
  int64_t length = 1; // elements of a row, -1 when dynamic
};

Rows getRows(Operation *root) {
  Rows rows;
  SmallVector<int64_t> dims;
  if (auto reduce = dyn_cast<graph::ReduceOp>(root)) {
    rows.input = reduce.getInput();
    dims.assign(reduce.getDims().begin(), reduce.getDims().end());
  } else if (auto arg = dyn_cast<graph::ArgReduceOp>(root)) {
    rows.input = arg.getInput();
    dims.push_back(arg.getAxis());
  } else if (auto softmax = dyn_cast<graph::SoftmaxOp>(root)) {
    rows.input = softmax.getInput();
    dims.push_back(softmax.getAxis());
  } else {
    auto norm = cast<graph::NormOp>(root);
    rows.input = norm.getInput();
    for (int64_t d = norm.getAxis(), e = norm.getInput().getType().getRank();
         d < e; ++d)
      dims.push_back(d);
  }
  auto type = cast<RankedTensorType>(rows.input.getType());
  for (int64_t d = 0; d < type.getRank(); ++d) {
    if (!llvm::is_contained(dims, d)) {
      rows.parallel.push_back(d);
      continue;
    }
    rows.reduced.push_back(d);
    if (type.isDynamicDim(d) || rows.length < 0)
      rows.length = -1;
    else
      rows.length *= type.getDimSize(d);
  }
  rows.trailing = rows.parallel.empty() || rows.reduced.empty() ||
                  rows.parallel.back() < rows.reduced.front();
  return rows;
}

/// Registers first along the row, then lanes, then warps; `acrossRows`: lanes
/// along neighbouring rows instead, where these lie side by side in memory.
LinearLayout getRowLayout(int64_t bp, int64_t br, unsigned warps,
                          bool acrossRows, unsigned vector) {
  LinearLayout layout;
  layout.rank = 2;
  int64_t takenP = 1, takenR = 1;
  auto take = [&](int64_t &taken, int64_t size, bool isRow) {
    Basis basis(2, 0);
    if (taken < size) {
      basis[isRow ? 0 : 1] = taken;
      taken *= 2;
    }
    return basis;
  };
  for (unsigned v = 1; v < vector; v *= 2) {
    if (acrossRows && takenP < bp)
      layout.registers.push_back(take(takenP, bp, true));
    else if (!acrossRows && takenR < br)
      layout.registers.push_back(take(takenR, br, false));
  }
  for (unsigned i = 0; i < 5; ++i) {
    bool row = acrossRows ? takenP < bp : takenR >= br;
    layout.lanes.push_back(row ? take(takenP, bp, true)
                               : take(takenR, br, false));
  }
  for (unsigned w = 1; w < warps; w *= 2) {
    bool row = acrossRows ? takenR >= br : takenP < bp;
    layout.warps.push_back(row ? take(takenP, bp, true)
                               : take(takenR, br, false));
  }
  while (takenR < br)
    layout.registers.push_back(take(takenR, br, false));
  while (takenP < bp)
    layout.registers.push_back(take(takenP, bp, true));
  return layout;
}

class ReductionSkeleton : public KernelSkeleton {
public:
  StringRef getName() const override { return "reduction"; }
  ArrayRef<ParameterInfo> getParameterInfo() const override;
  SmallVector<GroupDim> getDims(graph::GroupOp group) const override;
  std::string getClass(graph::GroupOp group) const override;
  SmallVector<Parameters> enumerate(graph::GroupOp group) const override;
  Footprint getFootprint(graph::GroupOp group,
                         const Parameters &parameters) const override;
  DimGuard getRequirement(graph::GroupOp group,
                          const Parameters &parameters) const override;
  FailureOr<GroupKernels> build(graph::GroupOp group,
                                const Parameters &parameters, StringRef name,
                                OpBuilder &moduleBuilder) const override;
};

bool isAcrossRows(const Rows &rows) {
  return llvm::is_contained(rows.parallel, getFastestDim(rows.input));
}

ArrayRef<ParameterInfo> ReductionSkeleton::getParameterInfo() const {
  static constexpr ParameterInfo info[] = {
      {"bp", "rows", "rows of a block (of a pool: results)"},
      {"br", "elements", "elements of a row that a block holds at a time"},
      {"warps", "warps", "warps of a block"},
      {"vector", "elements", "neighbouring elements of a thread"},
      {"single", "flag", "1: br holds the whole row, which is read once"}};
  return info;
}

SmallVector<GroupDim> ReductionSkeleton::getDims(graph::GroupOp group) const {
  Operation *root = group.getRootOp();
  if (isa<graph::PoolOp>(root))
    return {getTotal("total", root->getResult(0))};
  Rows rows = getRows(root);
  GroupDim length{"length", {}}, count{"rows", {}};
  for (unsigned d : rows.reduced)
    length.extents.push_back({rows.input, d});
  for (unsigned d : rows.parallel)
    count.extents.push_back({rows.input, d});
  return {length, count};
}

std::string ReductionSkeleton::getClass(graph::GroupOp group) const {
  Operation *root = group.getRootOp();
  if (isa<graph::PoolOp>(root))
    return "pool";
  std::string name = root->getName().stripDialect().str();
  return isAcrossRows(getRows(root)) ? name + "-across" : name;
}

SmallVector<Parameters>
ReductionSkeleton::enumerate(graph::GroupOp group) const {
  SmallVector<Parameters> result;
  auto add = [&](int64_t bp, int64_t br, int64_t warps, int64_t vector,
                 bool single = false) {
    Parameters parameters{
        {"bp", bp}, {"br", br}, {"warps", warps}, {"vector", vector}};
    if (single)
      parameters.push_back({"single", 1});
    if (!llvm::is_contained(result, parameters))
      result.push_back(parameters);
  };
  Operation *root = group.getRootOp();
  if (isa<graph::PoolOp>(root)) {
    for (int64_t warps : {4, 8, 2, 1})
      for (int64_t perThread : {1, 2, 4})
        add(32 * warps * perThread, 1, warps, 1);
    return result;
  }
  Rows rows = getRows(root);
  unsigned bytes = std::max(
      1u, getElementTypeOrSelf(rows.input).getIntOrFloatBitWidth() / 8);
  int64_t vector = std::max<int64_t>(1, 16 / bytes);
  int64_t full = rows.length < 0 ? 256 : ceilPowerOf2(rows.length);
  // The default.
  if (isAcrossRows(rows))
    add(32, 16, 4, 1);
  else if (full <= 64)
    add(ceilPowerOf2(256 / full), full, 4, 1);
  else if (full <= 1024)
    add(4, full, 4, vector);
  else
    add(1, std::min<int64_t>(full, 4096), 8, vector);
  // Rows that fit are held whole; of dynamic ones that is something to choose.
  SmallVector<int64_t> lengths;
  if (isAcrossRows(rows))
    lengths = {4, 8, 16, 32, 64};
  else if (rows.length < 0)
    lengths = {64, 128, 256, 512, 1024, 2048};
  else
    lengths = {std::min<int64_t>(full, 4096), std::min<int64_t>(full, 1024)};
  for (bool single : {false, true})
    for (int64_t br : lengths)
      for (int64_t bp : {1, 2, 4, 8, 16, 32, 64, 128})
        for (int64_t warps : {4, 8, 2, 1})
          for (int64_t v = vector; v >= 1; v /= 2) {
            int64_t perThread = bp * br / (32 * warps);
            if (perThread < v || perThread > 32 || (single && perThread > 16))
              continue;
            if ((single && rows.length >= 0) ||
                (isAcrossRows(rows) ? bp < 16 || v > bp / 16 : v > br))
              continue;
            add(bp, br, warps, v, single);
          }
  return result;
}

Footprint ReductionSkeleton::getFootprint(graph::GroupOp group,
                                          const Parameters &parameters) const {
  int64_t warps = getParameter(parameters, "warps", 4);
  int64_t bp = getParameter(parameters, "bp", 4);
  int64_t perThread = std::max<int64_t>(
      1, bp * getParameter(parameters, "br", 1) / (32 * warps));
  Footprint result;
  result.threads = 32 * warps;
  result.registers = 40 + 3 * perThread;
  if (isa<graph::PoolOp>(group.getRootOp()))
    return result;
  // Partial results of warps that share rows: a value and a position.
  Rows rows = getRows(group.getRootOp());
  LinearLayout layout =
      getRowLayout(bp, getParameter(parameters, "br", 1), warps,
                   isAcrossRows(rows), getParameter(parameters, "vector", 1));
  int64_t partial = layout.dropDim(1).getDistinctRegisters().size();
  result.sharedBytes = warps * 32 * partial * (8 + 4);
  return result;
}

DimGuard ReductionSkeleton::getRequirement(graph::GroupOp group,
                                           const Parameters &parameters) const {
  if (!getParameter(parameters, "single", 0))
    return {};
  return {{"length", getParameter(parameters, "br", 256)}};
}

/// What all passes over a row need.
struct RowBuilder {
  KernelBuilder &kernel;
  const Rows &rows;
  SmallVector<int64_t> shape;
  LinearLayout layout;
  Value rowStart, rowTotal, rowLength;
  SmallVector<Value> parallelExtents, reducedExtents;

  /// Prepares an evaluator for the chunk that starts at `start`.
  struct Chunk {
    std::unique_ptr<TileElementBuilder> element;
    Indices at;
    Value inRow; // mask along the row, or null
    Value position;
  };
  Chunk chunk(OpBuilder &builder, Value start) {
    Chunk result;
    result.element =
        std::make_unique<TileElementBuilder>(kernel, builder, shape, layout);
    TileElementBuilder &element = *result.element;
    Value row = element.add(rowStart, element.index(0));
    result.position = element.add(start, element.index(1));
    auto known = graph::getConstantIndex(rowLength);
    if (!known || *known == 0 || *known % shape[1])
      result.inRow = element.compare(arith::CmpIPredicate::slt, result.position,
                                     rowLength);
    auto knownRows = graph::getConstantIndex(rowTotal);
    Value inRows;
    if (!knownRows || *knownRows % shape[0])
      inRows = element.compare(arith::CmpIPredicate::slt, row, rowTotal);
    element.mask = result.inRow && inRows
                       ? element.create<arith::AndIOp>({inRows, result.inRow})
                       : (inRows ? inRows : result.inRow);
    result.at.resize(rows.parallel.size() + rows.reduced.size());
    Indices outer = element.delinearize(row, parallelExtents);
    Indices inner = element.delinearize(result.position, reducedExtents);
    for (auto [dim, index] : llvm::zip(rows.parallel, outer))
      result.at[dim] = index;
    for (auto [dim, index] : llvm::zip(rows.reduced, inner))
      result.at[dim] = index;
    if (rows.trailing)
      element.setLinear(
          result.at, element.add(element.mul(row, rowLength), result.position),
          rows.input);
    return result;
  }
};

FailureOr<GroupKernels>
ReductionSkeleton::build(graph::GroupOp group, const Parameters &parameters,
                         StringRef name, OpBuilder &moduleBuilder) const {
  Operation *root = group.getRootOp();
  if (isa<graph::PoolOp>(root))
    return buildPool(group, parameters, name, moduleBuilder);
  Rows rows = getRows(root);
  int64_t bp = getParameter(parameters, "bp", 4);
  int64_t br = getParameter(parameters, "br", 256);
  int64_t warps = getParameter(parameters, "warps", 4);
  int64_t vector = getParameter(parameters, "vector", 1);
  bool acrossRows = isAcrossRows(rows);
  KernelBuilder kernel(group, name, warps, moduleBuilder);
  OpBuilder &b = kernel.builder;
  Location loc = kernel.loc;
  RowBuilder builder{
      kernel, rows, {bp, br}, getRowLayout(bp, br, warps, acrossRows, vector),
      {},     {},   {},       {},
      {}};
  for (unsigned d : rows.parallel)
    builder.parallelExtents.push_back(kernel.getExtent(rows.input, d));
  for (unsigned d : rows.reduced)
    builder.reducedExtents.push_back(kernel.getExtent(rows.input, d));
  builder.rowTotal = kernel.product(builder.parallelExtents);
  builder.rowLength = kernel.product(builder.reducedExtents);
  Value blocks =
      arith::CeilDivUIOp::create(b, loc, builder.rowTotal, kernel.constant(bp));
  builder.rowStart =
      arith::MulIOp::create(b, loc, kernel.blockId(), kernel.constant(bp));
  bool single = (rows.length >= 0 && rows.length <= br) ||
                getParameter(parameters, "single", 0);
  bool failedAny = false;

  // One chunk kept for all passes, or a fresh one in every loop.
  std::optional<RowBuilder::Chunk> kept;
  if (single)
    kept = builder.chunk(b, kernel.constant(0));

  // Combines `map(chunk)` (a tuple of tiles) over the row. Lanes outside the
  // row hold the neutral element. Gives tiles with one element per row.
  using Tuple = SmallVector<Value>;
  auto reduceRows =
      [&](const Combiner &combiner,
          llvm::function_ref<Tuple(RowBuilder::Chunk &)> map) -> Tuple {
    auto masked = [&](RowBuilder::Chunk &chunk) {
      Tuple values = map(chunk);
      TileElementBuilder &element = *chunk.element;
      for (auto [value, type, neutral] :
           llvm::zip(values, combiner.types, combiner.neutral)) {
        if (chunk.inRow)
          value = element.select(
              chunk.inRow, value,
              arith::ConstantOp::create(element.builder, loc, neutral));
        value = element.full(value);
      }
      failedAny |= element.failed();
      return values;
    };
    Tuple sums;
    if (single) {
      sums = masked(*kept);
    } else {
      Tuple init;
      TileElementBuilder outer(kernel, b, builder.shape, builder.layout);
      for (TypedAttr neutral : combiner.neutral)
        init.push_back(outer.fill(neutral));
      auto loop =
          scf::ForOp::create(b, loc, kernel.constant(0), builder.rowLength,
                             kernel.constant(br), init);
      OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
      auto chunk = builder.chunk(inner, loop.getInductionVar());
      Tuple values = masked(chunk);
      scf::YieldOp::create(inner, loc,
                           combiner.combine(inner, loc,
                                            Tuple(loop.getRegionIterArgs()),
                                            values));
      sums.assign(loop.getResults().begin(), loop.getResults().end());
    }
    SmallVector<Type> types;
    LinearLayout rowLayout = builder.layout.dropDim(1);
    for (Type type : combiner.types)
      types.push_back(getTileType({bp, 1}, type, rowLayout));
    auto reduce = ReduceOp::create(b, loc, types, 1, sums);
    SmallVector<Type> scalars(combiner.types);
    scalars.append(combiner.types.begin(), combiner.types.end());
    OpBuilder::InsertionGuard guard(b);
    Block *block = b.createBlock(&reduce.getCombiner(), {}, scalars,
                                 SmallVector<Location>(scalars.size(), loc));
    Tuple lhs(block->getArguments().take_front(combiner.types.size()));
    Tuple rhs(block->getArguments().drop_front(combiner.types.size()));
    YieldOp::create(b, loc, combiner.combine(b, loc, lhs, rhs));
    return Tuple(reduce.getResults());
  };

  Type inputElement = getElementTypeOrSelf(rows.input);
  Type statistics =
      isa<FloatType>(inputElement)
          ? (inputElement.isF64() ? inputElement : Type(b.getF32Type()))
          : inputElement;
  auto read = [&](RowBuilder::Chunk &chunk) {
    return convertNumber(*chunk.element,
                         chunk.element->evaluate(rows.input, chunk.at),
                         statistics);
  };

  // Writes all outputs, chunk by chunk.
  auto writeRows = [&](llvm::function_ref<Value(RowBuilder::Chunk &)> value)
      -> LogicalResult {
    auto write = [&](RowBuilder::Chunk &chunk) {
      Value result = convertNumber(*chunk.element, value(chunk),
                                   getElementTypeOrSelf(root->getResult(0)));
      return storeEpilogue(kernel, *chunk.element, root->getResult(0), chunk.at,
                           result);
    };
    if (single)
      return write(*kept);
    auto loop =
        scf::ForOp::create(b, loc, kernel.constant(0), builder.rowLength,
                           kernel.constant(br), ValueRange{});
    OpBuilder inner(loop.getBody()->getTerminator());
    auto chunk = builder.chunk(inner, loop.getInductionVar());
    return write(chunk);
  };

  LogicalResult status = success();
  if (auto softmax = dyn_cast<graph::SoftmaxOp>(root)) {
    Value maximum = reduceRows(
        getCombiner(graph::ReduceKind::max, statistics),
        [&](RowBuilder::Chunk &chunk) { return Tuple{read(chunk)}; })[0];
    auto exponential = [&](RowBuilder::Chunk &chunk) {
      Value shifted =
          chunk.element->create<arith::SubFOp>({read(chunk), maximum});
      return chunk.element->create<math::ExpOp>({shifted});
    };
    Value sum = reduceRows(
        getCombiner(graph::ReduceKind::add, statistics),
        [&](RowBuilder::Chunk &chunk) { return Tuple{exponential(chunk)}; })[0];
    status = writeRows([&](RowBuilder::Chunk &chunk) -> Value {
      TileElementBuilder &element = *chunk.element;
      if (softmax.getLog()) {
        Value shifted = element.create<arith::SubFOp>({read(chunk), maximum});
        return element.create<arith::SubFOp>(
            {shifted, element.create<math::LogOp>({sum})});
      }
      return element.create<arith::DivFOp>({exponential(chunk), sum});
    });
  } else if (auto norm = dyn_cast<graph::NormOp>(root)) {
    Combiner add = getCombiner(graph::ReduceKind::add, statistics);
    TileElementBuilder row(kernel, b, builder.shape, builder.layout);
    Value count =
        arith::UIToFPOp::create(b, loc, statistics, builder.rowLength);
    Value mean;
    if (norm.getKind() == graph::NormKind::layer) {
      Value sum = reduceRows(
          add, [&](RowBuilder::Chunk &chunk) { return Tuple{read(chunk)}; })[0];
      mean = row.create<arith::DivFOp>({sum, count});
    }
    auto centred = [&](RowBuilder::Chunk &chunk) {
      Value x = read(chunk);
      return mean ? chunk.element->create<arith::SubFOp>({x, mean}) : x;
    };
    Value squares = reduceRows(add, [&](RowBuilder::Chunk &chunk) {
      Value x = centred(chunk);
      return Tuple{chunk.element->create<arith::MulFOp>({x, x})};
    })[0];
    Value variance = row.create<arith::DivFOp>({squares, count});
    Value epsilon = row.number(norm.getEpsilon().convertToDouble(), statistics);
    Value scale = row.create<math::RsqrtOp>(
        {row.create<arith::AddFOp>({variance, epsilon})});
    status = writeRows([&](RowBuilder::Chunk &chunk) -> Value {
      TileElementBuilder &element = *chunk.element;
      Value result = element.create<arith::MulFOp>({centred(chunk), scale});
      auto operand = [&](Value tensor) {
        auto type = cast<RankedTensorType>(tensor.getType());
        Indices indices;
        unsigned skip = chunk.at.size() - type.getRank();
        for (int64_t d = 0; d < type.getRank(); ++d)
          indices.push_back(type.getDimSize(d) == 1 ? element.integer(0)
                                                    : chunk.at[skip + d]);
        return convertNumber(element, element.evaluate(tensor, indices),
                             statistics);
      };
      if (norm.getScale())
        result =
            element.create<arith::MulFOp>({result, operand(norm.getScale())});
      if (norm.getBias())
        result =
            element.create<arith::AddFOp>({result, operand(norm.getBias())});
      return result;
    });
  } else {
    // One value per row. What the row is made of may be an output as well.
    SmallVector<unsigned> fullOutputs =
        getIndependentOutputs(group, root->getResult(0));
    auto readAndStore = [&](RowBuilder::Chunk &chunk) {
      Value element = read(chunk);
      for (unsigned number : fullOutputs) {
        Value output = group.getTerminator()->getOperand(number);
        chunk.element->store(number, chunk.element->evaluate(output, chunk.at),
                             chunk.at, output);
      }
      return element;
    };
    for (unsigned number : fullOutputs)
      if (cast<RankedTensorType>(
              group.getTerminator()->getOperand(number).getType())
              .getRank() != int64_t(rows.parallel.size() + rows.reduced.size()))
        return group.emitOpError("output ")
               << number << " has neither the shape of the rows nor of their "
               << "reduction";
    Value value;
    bool keepDims = false;
    if (auto reduce = dyn_cast<graph::ReduceOp>(root)) {
      keepDims = reduce.getKeepDims();
      value = reduceRows(getCombiner(reduce.getKind(), statistics),
                         [&](RowBuilder::Chunk &chunk) {
                           return Tuple{readAndStore(chunk)};
                         })[0];
    } else {
      auto arg = cast<graph::ArgReduceOp>(root);
      keepDims = arg.getKeepDims();
      value =
          reduceRows(getArgCombiner(arg.getKind(), statistics, arg.getLast()),
                     [&](RowBuilder::Chunk &chunk) {
                       return Tuple{readAndStore(chunk), chunk.position};
                     })[1];
    }
    TileElementBuilder element(kernel, b, {bp, 1}, builder.layout.dropDim(1));
    Value row = element.add(builder.rowStart, element.index(0));
    auto knownRows = graph::getConstantIndex(builder.rowTotal);
    if (!knownRows || *knownRows % bp)
      element.mask =
          element.compare(arith::CmpIPredicate::slt, row, builder.rowTotal);
    Indices outer = element.delinearize(row, builder.parallelExtents);
    Indices at;
    if (keepDims) {
      at.assign(rows.parallel.size() + rows.reduced.size(), element.integer(0));
      for (auto [dim, index] : llvm::zip(rows.parallel, outer))
        at[dim] = index;
    } else {
      at = outer;
    }
    element.setLinear(at, row, root->getResult(0));
    value =
        convertNumber(element, value, getElementTypeOrSelf(root->getResult(0)));
    status = storeEpilogue(kernel, element, root->getResult(0), at, value,
                           fullOutputs);
  }
  if (failed(status) || failedAny)
    return failure();
  GroupKernels kernels;
  kernels.kernels.push_back(kernel.finish(blocks));
  return kernels;
}
} // namespace

const KernelSkeleton &raddle::tile::getReductionSkeleton() {
  static const ReductionSkeleton skeleton;
  return skeleton;
}
