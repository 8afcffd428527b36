//===- NGrams.cpp - Counting runs of tokens -------------------------------===//
#include "../Importer.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpI = arith::CmpIPredicate;

namespace {

// There is an operation per token of an n-gram and number of skipped tokens.
constexpr int64_t maxLength = 64;
constexpr int64_t maxSkips = 64;

/// The n-grams of one length: their tokens and where their counts go.
struct Pool {
  int64_t length;
  SmallVector<int64_t> tokens;
  SmallVector<int64_t> slots;
  SmallVector<float> weights;
};

class NGrams {
public:
  explicit NGrams(NodeContext &c) : c(c), g(c.g) {}
  void run();

private:
  bool readPools();
  Value constants(ArrayRef<int64_t> numbers, ArrayRef<int64_t> shape);
  Value counts(const Pool &pool, int64_t step);
  /// One where something was counted.
  Value indicator(Value count) {
    return g.cast(g.cast(count, ElemType::Float, ElemType::Bool),
                  ElemType::Bool, ElemType::Float);
  }

  NodeContext &c;
  GraphBuilder &g;
  Type f32, i64;
  SmallVector<Pool> pools;
  int64_t outputs = 0, shortest = 0, longest = 0;
  /// The tokens, `[batch, length]`.
  Value rows;
};

bool NGrams::readPools() {
  shortest = c.integer("min_gram_length", 0);
  longest = c.integer("max_gram_length", 0);
  if (shortest < 1 || longest < shortest || c.hasAttr("pool_strings")) {
    c.error(c.hasAttr("pool_strings")
                ? "the n-grams are of strings"
                : "the lengths are " + std::to_string(shortest) + " to " +
                      std::to_string(longest),
            "integers in 'pool_int64s'; lengths from 1");
    return false;
  }
  SmallVector<int64_t> starts = c.ints("ngram_counts"),
                       tokens = c.ints("pool_int64s"),
                       slots = c.ints("ngram_indexes");
  SmallVector<double> weights = c.floats("weights");
  size_t next = 0;
  bool good = weights.empty() || weights.size() == slots.size();
  for (auto [n, start] : llvm::enumerate(starts)) {
    int64_t length = static_cast<int64_t>(n) + 1;
    int64_t end = n + 1 < starts.size() ? starts[n + 1]
                                        : static_cast<int64_t>(tokens.size());
    if (start < 0 || end < start || end > static_cast<int64_t>(tokens.size()) ||
        (end - start) % length) {
      good = false;
      break;
    }
    Pool pool{length, {}, {}, {}};
    for (int64_t at = start; at < end; at += length, ++next) {
      if (next >= slots.size()) {
        good = false;
        break;
      }
      pool.tokens.append(tokens.begin() + at, tokens.begin() + at + length);
      pool.slots.push_back(slots[next]);
      if (!weights.empty())
        pool.weights.push_back(static_cast<float>(weights[next]));
    }
    good &= pool.slots.empty() || length <= maxLength;
    if (length >= shortest && length <= longest && !pool.slots.empty())
      pools.push_back(std::move(pool));
  }
  for (int64_t slot : slots) {
    good &= slot >= 0 && slot < 1 << 24;
    outputs = std::max(outputs, slot + 1);
  }
  if (!good || outputs == 0)
    c.error("the attributes 'ngram_counts', 'ngram_indexes', 'pool_int64s' and "
            "'weights' do not fit each other");
  return good && outputs > 0;
}

Value NGrams::constants(ArrayRef<int64_t> numbers, ArrayRef<int64_t> shape) {
  return g.constant(DenseElementsAttr::get(RankedTensorType::get(shape, i64),
                                           ArrayRef<int64_t>(numbers)));
}

/// How often each n-gram occurs with its tokens `step` apart, `[batch, n]`.
Value NGrams::counts(const Pool &pool, int64_t step) {
  Sizes own = g.sizesOf(rows);
  int64_t count = pool.slots.size();
  Scalar span = c.h.sub(own[1], step * (pool.length - 1));
  Scalar starts = c.h.max(span, 0);
  Value all;
  for (int64_t n = 0; n < pool.length; ++n) {
    // [batch, starts, 1] against [n].
    Value token = g.insertUnitDims(
        g.slice(rows, 1, starts.isInteger(0) ? 0 : n * step, starts), {2});
    SmallVector<int64_t> wanted;
    for (int64_t at = n; at < count * pool.length; at += pool.length)
      wanted.push_back(pool.tokens[at]);
    Value same = g.compare(CmpI::eq, token, constants(wanted, {count}));
    all = all ? g.map<arith::AndIOp>({all, same}) : same;
  }
  return g.reduce(graph::ReduceKind::add,
                  g.cast(all, ElemType::Bool, ElemType::Int64), {1}, false);
}

void NGrams::run() {
  f32 = c.b.getF32Type();
  i64 = c.b.getI64Type();
  int64_t rank = c.rank(0);
  std::string mode = c.string("mode", "TF");
  if (rank != 1 && rank != 2)
    return c.error("the input has rank " + std::to_string(rank), "rank 1 or 2");
  if (mode != "TF" && mode != "IDF" && mode != "TFIDF")
    return c.error("the attribute 'mode' is '" + mode + "'", "TF, IDF, TFIDF");
  int64_t skips = c.integer("max_skip_count", 0);
  if (!readPools())
    return;
  if (skips < 0 || skips > maxSkips)
    return c.error("the attribute 'max_skip_count' is " + std::to_string(skips),
                   "0 to " + std::to_string(maxSkips));
  rows = g.cast(c.tensor(0), c.type(0), ElemType::Int64);
  if (rank == 1)
    rows = g.insertUnitDims(rows, {0});
  Scalar batch = g.sizeOf(rows, 0);
  Value total = g.filled(0, f32, {batch, outputs});
  for (const Pool &pool : pools) {
    Value sum;
    // Skipping changes nothing for single tokens.
    for (int64_t skip = 0; skip <= (pool.length == 1 ? 0 : skips); ++skip) {
      Value part = counts(pool, skip + 1);
      sum = sum ? g.add(sum, part) : part;
    }
    Value share = g.convert<arith::SIToFPOp>(sum, f32);
    int64_t count = pool.slots.size();
    if (mode != "TF" && !pool.weights.empty()) {
      if (mode == "IDF")
        share = indicator(share);
      share = g.mul(share, g.constant(DenseElementsAttr::get(
                               RankedTensorType::get({count}, f32),
                               ArrayRef<float>(pool.weights))));
    }
    // Several n-grams may share a result.
    Sizes sizes{batch, count};
    Value at = g.broadcast(constants(pool.slots, {count}), sizes);
    Value next = graph::ScatterElementsOp::create(c.b, total.getType(),
                                                  graph::ScatterKind::add,
                                                  total, at, share, int64_t(1));
    g.setSizes(next, g.sizesOf(total));
    total = next;
  }
  if (mode == "IDF" && !c.hasAttr("weights"))
    total = indicator(total);
  c.set(0, rank == 1 ? g.dropDims(total, {0}) : total, ElemType::Float);
}

void importNGrams(NodeContext &c) { NGrams(c).run(); }

} // namespace

void raddle::onnx::addNGramOps(OpTable &table) {
  OpRow rows[] = {
      {"TfIdfVectorizer", "l", 1,
       "max_gram_length=i! max_skip_count=i! min_gram_length=i! mode=s! "
       "ngram_counts=is! ngram_indexes=is! pool_int64s=is pool_strings=ss "
       "weights=fs",
       importNGrams, nullptr, "strings"},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
