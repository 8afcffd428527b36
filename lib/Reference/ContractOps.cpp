//===- ContractOps.cpp - General batched matrix products ------------------===//
//
// Dims are sorted into batch, rows, columns and summed ones; operands are
// permuted to [batch, rows, summed] and [batch, summed, columns] and multiplied
// by Eigen. Floats up to 32 bits accumulate in f32, integers wrap in the width
// of the result's next 32 or 64 bits.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include "lib/Reference/Matrix.h"

using namespace mlir;

namespace raddle::reference {
namespace {

/// The dims of the iteration space by role.
struct Roles {
  Shape batch, rows, columns, summed, lhsOnly, rhsOnly;
};

/// Position in `map`'s results of each dim; -1 when it does not occur.
Shape getPositions(AffineMap map) {
  Shape positions(map.getNumDims(), -1);
  for (auto [i, expr] : llvm::enumerate(map.getResults()))
    positions[cast<AffineDimExpr>(expr).getPosition()] = i;
  return positions;
}

int64_t product(llvm::ArrayRef<int64_t> dims, const Shape &extents) {
  int64_t result = 1;
  for (int64_t dim : dims)
    result *= extents[dim];
  return result;
}

/// The operand with its dims in the order `order` of iteration dims, as
/// numbers of type T.
template <typename T>
FailureOr<std::vector<T>>
arrange(Call &call, const Tensor &operand, const Shape &positions,
        llvm::ArrayRef<int64_t> order, bool isUnsigned) {
  Shape permutation;
  for (int64_t dim : order)
    permutation.push_back(positions[dim]);
  FailureOr<Tensor> permuted = transpose(call, operand, permutation);
  if (failed(permuted))
    return failure();
  return loadNumbers<T>(*permuted, isUnsigned);
}

/// Sums the last `count` elements of each row away: for dims that one operand
/// alone has.
template <typename T> void sumTail(std::vector<T> &numbers, int64_t count) {
  if (count == 1)
    return;
  size_t rows = count == 0 ? 0 : numbers.size() / count;
  for (size_t i = 0; i < rows; ++i) {
    T sum = 0;
    for (int64_t k = 0; k < count; ++k)
      sum += numbers[i * count + k];
    numbers[i] = sum;
  }
  numbers.resize(rows);
}

template <typename T>
LogicalResult contract(graph::ContractOp op, Call &call, const Roles &roles,
                       const Shape &extents, Tensor &result,
                       llvm::ArrayRef<Shape> positions) {
  auto join = [](std::initializer_list<const Shape *> lists) {
    Shape order;
    for (const Shape *list : lists)
      order.append(list->begin(), list->end());
    return order;
  };
  FailureOr<std::vector<T>> lhs = arrange<T>(
      call, call.operands[0], positions[0],
      join({&roles.batch, &roles.rows, &roles.summed, &roles.lhsOnly}),
      op.getLhsUnsigned());
  FailureOr<std::vector<T>> rhs = arrange<T>(
      call, call.operands[1], positions[1],
      join({&roles.batch, &roles.summed, &roles.columns, &roles.rhsOnly}),
      op.getRhsUnsigned());
  if (failed(lhs) || failed(rhs))
    return failure();
  sumTail(*lhs, product(roles.lhsOnly, extents));
  sumTail(*rhs, product(roles.rhsOnly, extents));

  int64_t batch = product(roles.batch, extents);
  int64_t m = product(roles.rows, extents);
  int64_t n = product(roles.columns, extents);
  int64_t k = product(roles.summed, extents);
  std::vector<T> out(batch * m * n, T(0));
  // An empty set sums to zero.
  if (k != 0 && !lhs->empty() && !rhs->empty())
    for (int64_t b = 0; b < batch; ++b)
      multiply(lhs->data() + b * m * k, rhs->data() + b * k * n,
               out.data() + b * m * n, m, k, n);

  // Back from [batch, rows, columns] to the order of the result.
  Shape order = join({&roles.batch, &roles.rows, &roles.columns});
  Shape sizes, inverse(order.size());
  for (auto [i, dim] : llvm::enumerate(order)) {
    sizes.push_back(extents[dim]);
    inverse[positions[2][dim]] = i;
  }
  Tensor ordered(result.getElementType(), sizes);
  storeNumbers(ordered, out);
  FailureOr<Tensor> permuted = transpose(call, ordered, inverse);
  if (failed(permuted))
    return failure();
  result = *permuted;
  return success();
}

LogicalResult evaluateContract(graph::ContractOp op, Call &call) {
  llvm::SmallVector<AffineMap, 3> maps = op.getMaps();
  llvm::SmallVector<Shape, 3> positions;
  for (AffineMap map : maps)
    positions.push_back(getPositions(map));
  Shape extents(maps[0].getNumDims(), -1);
  for (int operand : {0, 1})
    for (auto [dim, position] : llvm::enumerate(positions[operand])) {
      if (position < 0)
        continue;
      int64_t size = call.operands[operand].getDim(position);
      if (extents[dim] >= 0 && extents[dim] != size)
        return call.error() << "has operands " << call.operands[0].describe()
                            << " and " << call.operands[1].describe()
                            << ", expected equal sizes of d" << dim;
      extents[dim] = size;
    }
  Roles roles;
  for (int64_t dim = 0; dim < int64_t(extents.size()); ++dim) {
    bool inLhs = positions[0][dim] >= 0, inRhs = positions[1][dim] >= 0,
         inResult = positions[2][dim] >= 0;
    if (!inLhs && !inRhs)
      return call.error() << "has dim d" << dim << " in no operand";
    if (inLhs && inRhs)
      (inResult ? roles.batch : roles.summed).push_back(dim);
    else if (inLhs)
      (inResult ? roles.rows : roles.lhsOnly).push_back(dim);
    else
      (inResult ? roles.columns : roles.rhsOnly).push_back(dim);
  }
  Shape shape(maps[2].getNumResults());
  for (auto [dim, position] : llvm::enumerate(positions[2]))
    if (position >= 0)
      shape[position] = extents[dim];
  FailureOr<Tensor> result = call.allocate(call.resultElement(), shape);
  if (failed(result))
    return failure();
  if (failed(withAccumulator(result->getElementType(),
                             call.operands[0].getElementType(), [&](auto tag) {
                               return contract<decltype(tag)>(op, call, roles,
                                                              extents, *result,
                                                              positions);
                             })))
    return failure();
  return call.finish(*result);
}

} // namespace

void addContractHandlers(HandlerTable &table) { table.add(evaluateContract); }

} // namespace raddle::reference
