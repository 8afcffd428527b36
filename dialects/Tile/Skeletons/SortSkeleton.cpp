//===- SortSkeleton.cpp - Elements in order by counting -------------------===//
//
// The place of an element is the number of elements of its row that come
// before it: those with a smaller key, and equal ones with a lower index. A
// first kernel turns elements into integer keys whose signed order is the
// wanted one; a second one counts and stores. Stable by construction, for any
// axis and length; the work grows with the square of the length.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Skeletons/KernelBuilder.h"
#include "dialects/Tile/Skeletons/ReductionCombiners.h"
#include "dialects/Tile/Skeletons/SkeletonList.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

namespace {
/// Rows are the points of all dims but the axis; an element's number is
/// `row * length + position`.
struct SortRows {
  graph::SortOp root;
  KernelBuilder &kernel;
  SmallVector<Value> parallel;
  Value length, total;

  SortRows(graph::SortOp root, KernelBuilder &kernel)
      : root(root), kernel(kernel) {
    Value input = root.getInput();
    unsigned rank = cast<RankedTensorType>(input.getType()).getRank();
    for (unsigned d = 0; d < rank; ++d)
      if (d != root.getAxis())
        parallel.push_back(kernel.getExtent(input, d));
    length = kernel.getExtent(input, root.getAxis());
    total = kernel.product(kernel.getExtents(input));
  }

  /// The number of each element of the block, with the mask of real ones.
  Value start(TileElementBuilder &element, int64_t block) {
    Value number =
        element.add(element.mul(kernel.blockId(), element.integer(block)),
                    element.index(0));
    auto known = graph::getConstantIndex(total);
    if (!known || *known % block)
      element.mask = element.compare(arith::CmpIPredicate::slt, number, total);
    return number;
  }

  Indices locate(TileElementBuilder &element, Value row, Value position) {
    Indices at = element.delinearize(row, parallel);
    at.insert(at.begin() + root.getAxis(), position);
    return at;
  }

  Value countBlocks(int64_t block) {
    return arith::CeilDivUIOp::create(kernel.builder, kernel.loc, total,
                                      kernel.constant(block));
  }
};

Type getKeyType(graph::SortOp root) {
  Type type = graph::getKernelElementType(
      getElementTypeOrSelf(root.getInput().getType()));
  bool wide = type.getIntOrFloatBitWidth() > 32;
  return IntegerType::get(type.getContext(), wide ? 64 : 32);
}

/// An integer whose signed order is the order of the result.
Value getKey(graph::SortOp root, TileElementBuilder &element, Value value) {
  Type keyType = getKeyType(root);
  unsigned bits = keyType.getIntOrFloatBitWidth();
  int64_t lowest = bits == 64 ? std::numeric_limits<int64_t>::min()
                              : std::numeric_limits<int32_t>::min();
  Type type = getElementTypeOrSelf(value.getType());
  Value key;
  if (isa<FloatType>(type)) {
    Type floating = bits == 64 ? Type(Float64Type::get(type.getContext()))
                               : Type(Float32Type::get(type.getContext()));
    value = convertNumber(element, value, floating);
    // Both zeros are equal; the sum of -0 and 0 is 0.
    value = element.create<arith::AddFOp>({value, element.number(0, floating)});
    Value isNaN = element.compare(arith::CmpFPredicate::UNO, value, value);
    key = element.convert<arith::BitcastOp>(value, keyType);
    // Negative numbers are stored as sign and magnitude.
    Value sign =
        element.create<arith::ShRSIOp>({key, element.integer(bits - 1, bits)});
    Value flip = element.create<arith::AndIOp>(
        {sign, element.integer(-(lowest + 1), bits)});
    key = element.create<arith::XOrIOp>({key, flip});
    key = element.select(isNaN, element.integer(-(lowest + 1), bits), key);
  } else if (type.getIntOrFloatBitWidth() < bits &&
             (root.getIsUnsigned() || type.isInteger(1))) {
    key = element.convert<arith::ExtUIOp>(value, keyType);
  } else {
    key = element.castInteger(value, keyType);
    if (root.getIsUnsigned())
      key = element.create<arith::XOrIOp>({key, element.integer(lowest, bits)});
  }
  if (root.getDescending())
    key = element.create<arith::XOrIOp>({key, element.integer(-1, bits)});
  return key;
}

class SortSkeleton : public KernelSkeleton {
public:
  StringRef getName() const override { return "sort"; }

  ArrayRef<ParameterInfo> getParameterInfo() const override {
    static constexpr ParameterInfo info[] = {
        {"elements", "elements", "elements whose places a block finds"},
        {"together", "elements", "elements that a thread compares at a time"},
        {"warps", "warps", "warps of a block"}};
    return info;
  }

  SmallVector<GroupDim> getDims(graph::GroupOp group) const override {
    auto root = cast<graph::SortOp>(group.getRootOp());
    return {{"length", {{root.getInput(), unsigned(root.getAxis())}}},
            getTotal("total", root.getInput())};
  }

  std::string getClass(graph::GroupOp group) const override {
    auto root = cast<graph::SortOp>(group.getRootOp());
    return "key" + std::to_string(getKeyType(root).getIntOrFloatBitWidth());
  }

  SmallVector<Parameters> enumerate(graph::GroupOp) const override {
    SmallVector<Parameters> result{
        {{"elements", 128}, {"together", 8}, {"warps", 4}}};
    for (int64_t warps : {4, 2, 8, 1})
      for (int64_t together : {4, 8, 16, 32})
        for (int64_t perThread : {1, 2}) {
          Parameters parameters{{"elements", 32 * warps * perThread},
                                {"together", together},
                                {"warps", warps}};
          if (parameters != result.front())
            result.push_back(parameters);
        }
    return result;
  }

  Footprint getFootprint(graph::GroupOp group,
                         const Parameters &parameters) const override {
    int64_t warps = getParameter(parameters, "warps", 4);
    int64_t points = getParameter(parameters, "elements", 128) *
                     getParameter(parameters, "together", 8) / (32 * warps);
    int64_t words = getKeyType(cast<graph::SortOp>(group.getRootOp()))
                        .getIntOrFloatBitWidth() /
                    32;
    return {32 * warps, 0, 40 + (1 + words) * points};
  }

  FailureOr<GroupKernels> build(graph::GroupOp group,
                                const Parameters &parameters, StringRef name,
                                OpBuilder &moduleBuilder) const override {
    auto root = cast<graph::SortOp>(group.getRootOp());
    GroupKernels result;
    result.numScratch = 1;
    FailureOr<TileKernel> keys =
        buildKeys(group, root, (name + "_keys").str(), moduleBuilder);
    if (failed(keys))
      return failure();
    result.kernels.push_back(*keys);
    FailureOr<TileKernel> places =
        buildPlaces(group, root, parameters, name, moduleBuilder);
    if (failed(places))
      return failure();
    result.kernels.push_back(*places);
    return result;
  }

private:
  static FailureOr<TileKernel> buildKeys(graph::GroupOp group,
                                         graph::SortOp root, StringRef name,
                                         OpBuilder &moduleBuilder) {
    constexpr int64_t block = 128, warps = 4;
    KernelBuilder kernel(group, name, warps, moduleBuilder);
    SortRows rows(root, kernel);
    TileElementBuilder element(kernel, kernel.builder, {block},
                               LinearLayout::blocked({block}, 1, warps, {0}));
    Value number = rows.start(element, block);
    Indices at = rows.locate(element, element.div(number, rows.length),
                             element.rem(number, rows.length));
    Value key = element.full(
        getKey(root, element, element.evaluate(root.getInput(), at)));
    StoreOp::create(kernel.builder, kernel.loc, key,
                    kernel.getScratchPointer(0), element.full(number),
                    element.mask ? element.full(element.mask) : Value());
    if (element.failed())
      return failure();
    int64_t bytes = getKeyType(root).getIntOrFloatBitWidth() / 8;
    Value scratch = kernel.product({rows.total, kernel.constant(bytes)});
    return kernel.finish(rows.countBlocks(block), scratch);
  }

  static FailureOr<TileKernel> buildPlaces(graph::GroupOp group,
                                           graph::SortOp root,
                                           const Parameters &parameters,
                                           StringRef name,
                                           OpBuilder &moduleBuilder) {
    using P = arith::CmpIPredicate;
    int64_t block = getParameter(parameters, "elements", 128);
    int64_t together = getParameter(parameters, "together", 8);
    int64_t warps = getParameter(parameters, "warps", 4);
    KernelBuilder kernel(group, name, warps, moduleBuilder);
    OpBuilder &b = kernel.builder;
    Location loc = kernel.loc;
    SortRows rows(root, kernel);
    LinearLayout layout =
        LinearLayout::blocked({block, together}, together, warps, {1, 0});
    LinearLayout column = layout.dropDim(1);
    Type keyType = getKeyType(root), i32 = b.getI32Type();
    auto loadKey = [&](TileElementBuilder &element, Value number) -> Value {
      SmallVector<Value> values{number};
      if (element.mask)
        values.push_back(element.mask);
      element.unify(values);
      return LoadOp::create(
          element.builder, loc,
          element.withElementType(values[0].getType(), keyType),
          kernel.getScratchPointer(0), values[0],
          element.mask ? values[1] : Value(), Value(), /*invariant=*/false);
    };

    TileElementBuilder element(kernel, b, {block, 1}, column);
    Value number = rows.start(element, block);
    Value row = element.div(number, rows.length);
    Value position = element.rem(number, rows.length);
    Value first = element.mul(row, rows.length);
    Value own = loadKey(element, number);

    TileElementBuilder whole(kernel, b, {block, together}, layout);
    auto loop = scf::ForOp::create(
        b, loc, kernel.constant(0), rows.length, kernel.constant(together),
        ValueRange{whole.fill(b.getI32IntegerAttr(0))});
    {
      OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
      TileElementBuilder body(kernel, inner, {block, together}, layout);
      Value other = body.add(loop.getInductionVar(), body.index(1));
      body.mask = element.mask;
      Value inRow;
      auto known = graph::getConstantIndex(rows.length);
      if (!known || *known % together) {
        inRow = body.compare(P::slt, other, rows.length);
        body.mask =
            body.mask ? body.create<arith::AndIOp>({body.mask, inRow}) : inRow;
      }
      Value key = loadKey(body, body.add(first, other));
      Value before = body.create<arith::OrIOp>(
          {body.compare(P::slt, key, own),
           body.create<arith::AndIOp>(
               {body.compare(P::eq, key, own),
                body.compare(P::slt, other, position)})});
      if (inRow)
        before = body.create<arith::AndIOp>({before, inRow});
      Value count = body.create<arith::AddIOp>(
          {loop.getRegionIterArg(0),
           body.convert<arith::ExtUIOp>(body.full(before), i32)});
      scf::YieldOp::create(inner, loc, count);
    }
    auto sum = ReduceOp::create(b, loc,
                                TypeRange{getTileType({block, 1}, i32, column)},
                                1, ValueRange{loop.getResult(0)});
    {
      OpBuilder::InsertionGuard guard(b);
      Block *combiner = b.createBlock(&sum.getCombiner(), {},
                                      TypeRange{i32, i32}, {loc, loc});
      YieldOp::create(
          b, loc,
          ValueRange{arith::AddIOp::create(b, loc, combiner->getArgument(0),
                                           combiner->getArgument(1))});
    }
    Value place = sum.getResult(0);
    Indices from = rows.locate(element, row, position);
    Indices to = from;
    to[root.getAxis()] = place;
    Value kept =
        element.compare(P::slt, place, kernel.getHostScalar(root.getK()));
    Value value = element.evaluate(root.getInput(), from);
    element.mask = element.mask
                       ? element.create<arith::AndIOp>({element.mask, kept})
                       : kept;
    for (auto [i, output] :
         llvm::enumerate(group.getTerminator()->getOperands())) {
      Value stored = value;
      if (output == root.getIndices())
        stored = element.castInteger(
            position,
            graph::getKernelElementType(getElementTypeOrSelf(output)));
      element.store(i, stored, to, output);
    }
    if (element.failed())
      return failure();
    return kernel.finish(rows.countBlocks(block));
  }
};
} // namespace

const KernelSkeleton &raddle::tile::getSortSkeleton() {
  static const SortSkeleton skeleton;
  return skeleton;
}
