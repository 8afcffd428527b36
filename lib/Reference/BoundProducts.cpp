//===- BoundProducts.cpp - Errors of contractions and attention -----------===//
//
// Derivations: docs/Numerics.md, "Products". A tensor core adds groups of
// products to the sum: every term loses less than u of the largest one, the
// result less than 2u of itself, so k terms in g groups err by at most
// (k + 3 g) u times the sum of magnitudes.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Bounds.h"
#include "lib/Reference/Matrix.h"

using namespace mlir;

namespace raddle::reference {

using graph::ComputeMode;

namespace {

/// How products of two types are computed.
struct Arithmetic {
  /// Representation of the operands: x becomes x (1 + d) + t, |d| <= unit,
  /// |t| <= tiny; beyond `largest` infinity.
  Rounding lhs, rhs;
  /// Of the sum of magnitudes.
  double relative = 0;
};

/// Instructions of `step` terms in two groups each, as the older hardware has.
double getTensorCoreError(int64_t k, int64_t step) {
  return double(k) + 3 * 2 * double(llvm::divideCeil(k, step));
}

double getSplitError(int64_t k) {
  int64_t chain = std::min<int64_t>(k, 32);
  double large = getTensorCoreError(chain, 8);
  double small = 2 * getTensorCoreError(chain, 8) * 0x1p-10;
  double flushes = llvm::divideCeil(k, int64_t(16));
  // Low times low is 2^-22; what is left after two terms is in lhs and rhs.
  return 0x1p-22 + 1.001 * gamma(large + small + 1 + flushes);
}

Arithmetic getArithmetic(ComputeMode mode, Type lhs, Type rhs, int64_t k,
                         bool tensorCores, bool isAttention) {
  Arithmetic result;
  Rounding none;
  none.largest = INFINITY;
  result.lhs = result.rhs = none;
  if (!isa<FloatType>(lhs) || !isa<FloatType>(rhs))
    return result;
  if (lhs.isF64() || rhs.isF64()) {
    result.relative = gamma(2 * double(k), 0x1p-53);
    return result;
  }
  bool native = lhs == rhs && !lhs.isF32();
  if (native && tensorCores) {
    result.relative = gamma(getTensorCoreError(k, 16));
    return result;
  }
  bool f32 = lhs.isF32() && rhs.isF32();
  if (isAttention && f32 &&
      (mode == ComputeMode::native || mode == ComputeMode::f32))
    mode = ComputeMode::tf32x3;
  if (!f32 || !tensorCores)
    mode = ComputeMode::f32;
  switch (mode) {
  case ComputeMode::native:
  case ComputeMode::f32:
    result.relative = gamma(double(k));
    break;
  case ComputeMode::tf32x3:
    result.lhs = result.rhs = {0x1p-23, 0x1p-136, INFINITY};
    result.relative = getSplitError(k);
    break;
  case ComputeMode::tf32:
    result.lhs = result.rhs = {0x1p-11, 0x1p-136, INFINITY};
    result.relative = gamma(getTensorCoreError(k, 8));
    break;
  case ComputeMode::f16:
    result.rhs = {0x1p-11, 0x1p-25, 65519};
    result.lhs = result.rhs;
    // The left operand of a contraction is scaled (ContractionDomain.h), and
    // the sum back, exactly but for underflow.
    if (!isAttention)
      result.lhs = {0x1p-11, 0x1p-21, 65519.0 * 16};
    result.relative = gamma(getTensorCoreError(k, 16));
    break;
  case ComputeMode::bf16:
    result.lhs = result.rhs = {0x1p-8, 0x1p-134, INFINITY};
    result.relative = gamma(getTensorCoreError(k, 16));
    break;
  }
  return result;
}

double represent(double x, const Rounding &rounding) {
  double size = std::fabs(x);
  if (size > rounding.largest)
    return INFINITY;
  return rounding.unit || rounding.tiny ? rounding.unit * size + rounding.tiny
                                        : 0;
}

Tensor absolute(const Tensor &tensor) {
  Tensor result(tensor.getElementType(), tensor.getShape());
  for (int64_t i = 0; i < tensor.size(); ++i) {
    double x = std::fabs(tensor.data<double>()[i]);
    result.mutableData<double>()[i] = std::isfinite(x) ? x : 0;
  }
  return result;
}

/// Error of the operand itself and of its representation; zeros stay exact, so
/// that an infinite error of padding does not spread.
Tensor operandError(const Bounded &operand, const Rounding &rounding) {
  if (!operand.error && !rounding.unit && !rounding.tiny)
    return {};
  const Tensor &value = operand.value;
  Tensor result(value.getElementType(), value.getShape());
  for (int64_t i = 0; i < value.size(); ++i) {
    double x = value.data<double>()[i];
    double own = operand.error ? operand.error.data<double>()[i] : 0;
    double &out = result.mutableData<double>()[i];
    if (!std::isfinite(x) || (x == 0 && own == 0))
      continue;
    out = own + represent(std::fabs(x) + own, rounding);
  }
  return result;
}

/// An operation linear in operands 0 and 1 that sums `k` products.
LogicalResult boundProduct(BoundCall &call, const Arithmetic &arithmetic,
                           int64_t k) {
  Type f64 = Float64Type::get(call.op->getContext());
  if (!call.results[0].value.isFloat() ||
      call.operands[0].value.getElementType() != f64)
    return success();
  Tensor lhs = absolute(call.operands[0].value),
         rhs = absolute(call.operands[1].value);
  Tensor lhsError = operandError(call.operands[0], arithmetic.lhs),
         rhsError = operandError(call.operands[1], arithmetic.rhs);
  llvm::SmallVector<Tensor> operands;
  for (const Bounded &operand : call.operands)
    operands.push_back(operand.value);
  auto product = [&](const Tensor &a, const Tensor &b) {
    operands[0] = a;
    operands[1] = b;
    return call.run(operands);
  };
  // (|A| + eA) (|B| + eB) - |A| |B|, and the rounding of that sum.
  FailureOr<Tensor> exact = product(lhs, rhs);
  if (failed(exact))
    return failure();
  auto sum = [](const Tensor &a, const Tensor &b) {
    if (!b)
      return a;
    Tensor result(a.getElementType(), a.getShape());
    for (int64_t i = 0; i < a.size(); ++i)
      result.mutableData<double>()[i] =
          a.data<double>()[i] + b.data<double>()[i];
    return result;
  };
  Tensor upper = *exact;
  if (lhsError || rhsError) {
    FailureOr<Tensor> found = product(sum(lhs, lhsError), sum(rhs, rhsError));
    if (failed(found))
      return failure();
    upper = *found;
  }
  Rounding rounding = call.rounding();
  double *errors = call.errors();
  bool rounds = rounding.unit > 1.5 * u32;
  for (int64_t i = 0; i < exact->size(); ++i) {
    double total = upper.data<double>()[i];
    // The difference of two sums that were rounded themselves.
    double spread = std::max(total - exact->data<double>()[i], 0.0) +
                    double(k) * 0x1p-52 * total;
    errors[i] = spread + arithmetic.relative * total + double(k + 2) * 0x1p-149;
    if (rounds)
      errors[i] += rounding.unit * (std::fabs(call.result()[i]) + errors[i]) +
                   rounding.tiny;
  }
  return success();
}

LogicalResult boundContract(graph::ContractOp op, BoundCall &call) {
  int64_t k = 1;
  AffineMap lhs = op.getMaps()[0], rhs = op.getMaps()[1];
  for (auto [dim, reduced] : llvm::enumerate(op.getReducedDims())) {
    if (!reduced)
      continue;
    for (auto [map, operand] : {std::pair(lhs, 0), std::pair(rhs, 1)})
      if (auto position =
              map.getResultPosition(getAffineDimExpr(dim, op.getContext()))) {
        k *= call.operands[operand].value.getDim(*position);
        break;
      }
  }
  return boundProduct(call,
                      getArithmetic(op.getCompute(),
                                    op.getLhs().getType().getElementType(),
                                    op.getRhs().getType().getElementType(), k,
                                    /*tensorCores=*/true, false),
                      k);
}

LogicalResult boundConv(graph::ConvOp op, BoundCall &call) {
  const Tensor &filter = call.operands[1].value;
  // Sum over the channels of a group and the kernel.
  int64_t k = filter.getDim(0) ? filter.size() / filter.getDim(0) : 0;
  if (op.getTransposed())
    k = filter.getDim(1) ? filter.size() / filter.getDim(1) / op.getGroups()
                         : 0;
  Type lhs = op.getInput().getType().getElementType(),
       rhs = op.getFilter().getType().getElementType();
  // Few channels are computed without tensor cores: either may be.
  Arithmetic cores = getArithmetic(op.getCompute(), lhs, rhs, k, true, false);
  Arithmetic plain = getArithmetic(op.getCompute(), lhs, rhs, k, false, false);
  cores.relative = std::max(cores.relative, plain.relative);
  return boundProduct(call, cores, k);
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// One head: rows of scores with errors, then of the result.
class AttentionBound {
public:
  AttentionBound(graph::AttentionOp op, BoundCall &call);
  void run();

private:
  /// Operand `i` (0 query, 1 key, 2 value) with its error.
  struct Operand {
    std::vector<double> value, size, error;
  };
  Operand load(unsigned i, const Rounding &rounding);
  void runHead(int64_t b, int64_t h);

  graph::AttentionOp op;
  BoundCall &call;
  int64_t heads, kvHeads, m, n, d, e;
  Arithmetic scoring, summing;
  Operand query, key, value;
  Bounded mask;
};

AttentionBound::Operand AttentionBound::load(unsigned i,
                                             const Rounding &rounding) {
  Operand result;
  const Bounded &operand = call.operands[i];
  int64_t count = operand.value.size();
  result.value.assign(call.value(i), call.value(i) + count);
  result.size.resize(count);
  result.error.resize(count);
  for (int64_t j = 0; j < count; ++j) {
    double x = std::fabs(result.value[j]), own = call.error(i, j);
    result.error[j] = own + represent(x + own, rounding);
    result.size[j] = x + result.error[j];
  }
  return result;
}

AttentionBound::AttentionBound(graph::AttentionOp op, BoundCall &call)
    : op(op), call(call) {
  const Tensor &q = call.operands[0].value, &k = call.operands[1].value;
  heads = q.getDim(1);
  kvHeads = k.getDim(1);
  m = q.getDim(2);
  n = k.getDim(2);
  d = q.getDim(3);
  e = call.operands[2].value.getDim(3);
  Type type = getElementTypeOrSelf(op.getQuery().getType());
  scoring = getArithmetic(op.getCompute(), type, type, d, true, true);
  summing = getArithmetic(op.getCompute(), type, type, n, true, true);
  // Probabilities take the type of the operands.
  if (type.isF16())
    summing.lhs = {0x1p-11, 0x1p-25, 65519};
  if (type.isBF16())
    summing.lhs = {0x1p-8, 0x1p-134, INFINITY};
  query = load(0, scoring.lhs);
  key = load(1, scoring.rhs);
  value = load(2, summing.rhs);
  mask = call[op.getMask()];
}

/// `[m, k]` times `[n, k]` transposed.
static std::vector<double> scoresOf(const double *q, const double *k, int64_t m,
                                    int64_t n, int64_t d) {
  std::vector<double> transposed(n * d), out(m * n, 0.0);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < d; ++j)
      transposed[j * n + i] = k[i * d + j];
  multiply(q, transposed.data(), out.data(), m, d, n);
  return out;
}

void AttentionBound::runHead(int64_t b, int64_t h) {
  int64_t head = b * heads + h, kv = b * kvHeads + h / (heads / kvHeads);
  auto at = [](const std::vector<double> &numbers, int64_t offset) {
    return numbers.data() + offset;
  };
  const int64_t qo = head * m * d, ko = kv * n * d, vo = kv * n * e;
  std::vector<double> score =
      scoresOf(at(query.value, qo), at(key.value, ko), m, n, d);
  std::vector<double> upper =
      scoresOf(at(query.size, qo), at(key.size, ko), m, n, d);
  std::vector<double> exactSize(query.value.begin() + qo,
                                query.value.begin() + qo + m * d),
      keySize(key.value.begin() + ko, key.value.begin() + ko + n * d);
  for (std::vector<double> *numbers : {&exactSize, &keySize})
    for (double &x : *numbers)
      x = std::fabs(x);
  std::vector<double> lower =
      scoresOf(exactSize.data(), keySize.data(), m, n, d);
  double scale = op.getScale().convertToDouble();
  double cap = op.getSoftcap().convertToDouble();
  Shape strides(4, 0);
  if (mask.value) {
    strides = getRowMajorStrides(mask.value.getShape());
    for (int dim = 0; dim < 4; ++dim)
      if (mask.value.getDim(dim) == 1)
        strides[dim] = 0;
  }
  Rounding out = call.rounding();
  // Blocks of 16 keys at least: additions, and rescalings of an exponential
  // (2 ulp are 4u) and a product each.
  double blocks = llvm::divideCeil(n, int64_t(16));
  double expError = 4 * u32;
  std::vector<double> p(n), pError(n), sums(e), sizes(e), spread(e);
  for (int64_t row = 0; row < m; ++row) {
    double *s = score.data() + row * n, *top = upper.data() + row * n;
    double largest = -INFINITY;
    for (int64_t j = 0; j < n; ++j) {
      double error = std::max(top[j] - lower[row * n + j], 0.0) +
                     (scoring.relative + double(d) * 0x1p-52) * top[j] +
                     double(d) * 0x1p-149;
      // The scale is rounded to f32, then multiplied.
      s[j] *= scale;
      error = error * std::fabs(scale) * (1 + 2 * u32) +
              2.01 * u32 * std::fabs(s[j]);
      if (cap > 0) {
        error = error + 3 * u32 * std::fabs(s[j]);
        s[j] = cap * std::tanh(s[j] / cap);
        error += 8 * u32 * std::fabs(s[j]);
      }
      if (mask.value) {
        int64_t i =
            b * strides[0] + h * strides[1] + row * strides[2] + j * strides[3];
        s[j] += mask.value.data<double>()[i];
        if (mask.error)
          error += mask.error.data<double>()[i];
        error += u32 * (std::fabs(s[j]) + error);
      }
      if (op.getCausal() && j > row + n - m)
        s[j] = -INFINITY;
      if (!std::isfinite(s[j]))
        error = 0;
      pError[j] = error;
      largest = std::max(largest, s[j]);
    }
    if (!std::isfinite(largest)) {
      // No key, or one that is infinite: defined, or NaN, without rounding.
      continue;
    }
    double sum = 0, sumError = 0;
    for (int64_t j = 0; j < n; ++j) {
      double x = s[j] - largest;
      p[j] = std::exp(x);
      // Subtraction, and the rescalings' arguments, which add up to at most x.
      double argument = pError[j] + 2 * u32 * std::fabs(x);
      double high = std::exp(x + argument) - p[j];
      double relative = gamma((blocks + 1) * 5 + 4) + expError;
      pError[j] =
          std::isfinite(x) ? high + relative * (p[j] + high) + 0x1p-126 : 0;
      sum += p[j];
      sumError += pError[j];
    }
    sumError += gamma(8 + blocks) * (sum + sumError);
    const double *v = at(value.value, vo), *ve = at(value.error, vo);
    std::fill(sums.begin(), sums.end(), 0.0);
    std::fill(sizes.begin(), sizes.end(), 0.0);
    std::fill(spread.begin(), spread.end(), 0.0);
    for (int64_t j = 0; j < n; ++j) {
      double error = pError[j];
      if (p[j] != 0 || error != 0)
        error += summing.lhs.unit * (p[j] + error) + summing.lhs.tiny;
      if (p[j] == 0 && error == 0)
        continue;
      for (int64_t c = 0; c < e; ++c) {
        double size = std::fabs(v[j * e + c]);
        sums[c] += p[j] * v[j * e + c];
        sizes[c] += (p[j] + error) * (size + ve[j * e + c]);
        spread[c] += error * (size + ve[j * e + c]) + p[j] * ve[j * e + c];
      }
    }
    double *errors = call.errors() + (head * m + row) * e;
    for (int64_t c = 0; c < e; ++c) {
      double error =
          spread[c] + summing.relative * sizes[c] + double(n) * 0x1p-149;
      double result = sums[c] / sum;
      // Whatever the scores' errors: the computed weights are not negative and
      // add up to one but for their roundings, so the result lies between the
      // values.
      double slack = summing.lhs.unit + summing.rhs.unit + summing.relative +
                     gamma(8 + blocks) + 2 * u32 +
                     double(n) * (summing.lhs.tiny + 0x1p-126);
      double distance = 0, most = 0;
      for (int64_t j = 0; j < n; ++j) {
        if (pError[j] == 0 && p[j] == 0)
          continue;
        double x = v[j * e + c], own = ve[j * e + c];
        distance = std::max(distance, std::fabs(x - result) + own);
        most = std::max(most, std::fabs(x) + own);
      }
      double convex = distance + 1.01 * slack * most;
      error = sum > sumError
                  ? (error + std::fabs(result) * sumError) / (sum - sumError)
                  : INFINITY;
      error = std::min(error, convex);
      errors[c] =
          error + (out.unit + u32) * (std::fabs(result) + error) + out.tiny;
    }
  }
}

void AttentionBound::run() {
  for (int64_t b = 0; b < call.operands[0].value.getDim(0); ++b)
    for (int64_t h = 0; h < heads; ++h)
      runHead(b, h);
}

LogicalResult boundAttention(graph::AttentionOp op, BoundCall &call) {
  (void)call.errors();
  if (call.results[0].value.size() && call.operands[1].value.getDim(2))
    AttentionBound(op, call).run();
  return success();
}

} // namespace

void addProductBounds(BoundTable &table) {
  table.add(boundContract);
  table.add(boundConv);
  table.add(boundAttention);
}

} // namespace raddle::reference
