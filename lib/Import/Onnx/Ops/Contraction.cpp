//===- Contraction.cpp - MatMul, Gemm, Einsum and integer products --------===//
#include "../Importer.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

void importMatMul(NodeContext &c) {
  if (c.type(0) != c.type(1))
    return c.error("inputs have elements of " + elemName(c.type(0)) + " and " +
                   elemName(c.type(1)) + ", expected equal types");
  if (c.rank(0) == 0 || c.rank(1) == 0)
    return c.error("an input has rank 0, expected at least 1");
  c.set(0, c.g.matmul(c.tensor(0), c.tensor(1), c.element(0),
                      c.unsignedInput(0), c.unsignedInput(1)));
}

void importGemm(NodeContext &c) {
  if (!c.expectRank(0, 2) || !c.expectRank(1, 2))
    return;
  if (c.type(0) != c.type(1) || (c.has(2) && c.type(2) != c.type(0)))
    return c.error("the inputs differ in element type");
  double alpha = c.real("alpha", 1), beta = c.real("beta", 1);
  bool transA = c.integer("transA", 0), transB = c.integer("transB", 0);
  bool isReal = isFloat(c.type(0));
  Type sum = c.g.accumulator(c.element(0));
  // Dims m, n, k are 0, 1, 2; transposition is only another order.
  SmallVector<unsigned> a{0, 2}, b{2, 1};
  if (transA)
    std::swap(a[0], a[1]);
  if (transB)
    std::swap(b[0], b[1]);
  Value y = c.g.contract(c.tensor(0), c.tensor(1), a, b, {0, 1}, sum,
                         c.unsignedInput(0), c.unsignedInput(1));
  auto scaled = [&](Value v, double by) {
    if (by == 1)
      return v;
    if (isReal)
      return c.g.mul(v, by);
    // Integers are scaled as floats.
    ElemType type = c.type(0);
    Value wide = c.g.cast(v, type, ElemType::Float);
    return c.g.cast(c.g.mul(wide, by), ElemType::Float, type);
  };
  y = scaled(y, alpha);
  if (isReal)
    y = c.g.floatCast(y, c.element(0));
  if (c.has(2) && beta != 0)
    // The bias broadcasts to the product, never the other way.
    y = c.g.add(y, c.g.broadcast(scaled(c.tensor(2), beta), c.g.sizesOf(y)));
  c.set(0, y);
}

//===----------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------===//

struct Term {
  Value value;
  SmallVector<unsigned> dims;
};

struct Equation {
  SmallVector<SmallVector<unsigned>> inputs;
  SmallVector<unsigned> output;
};

/// Letters and the dims of an ellipsis as numbers.
std::optional<Equation> parseEquation(NodeContext &c, StringRef text) {
  std::string clean;
  for (char letter : text)
    if (letter != ' ')
      clean.push_back(letter);
  auto bad = [&](const std::string &what) {
    c.error("the attribute 'equation' is '" + text.str() + "': " + what);
    return std::nullopt;
  };
  auto [left, right] = StringRef(clean).split("->");
  bool hasArrow = StringRef(clean).contains("->");
  SmallVector<StringRef> operands;
  left.split(operands, ',');
  if (operands.size() != c.count())
    return bad("has " + std::to_string(operands.size()) +
               " operands, the "
               "node has " +
               std::to_string(c.count()));
  // Ellipsis dims are right-aligned: number them from the right.
  int64_t ellipsis = 0;
  for (auto [n, operand] : llvm::enumerate(operands)) {
    if (!operand.contains("..."))
      continue;
    int64_t letters = operand.size() - 3;
    if (c.rank(n) < letters)
      return bad("operand " + std::to_string(n) + " has too many letters");
    ellipsis = std::max(ellipsis, c.rank(n) - letters);
  }
  llvm::MapVector<char, unsigned> numbers;
  llvm::SmallDenseMap<char, unsigned> uses;
  Equation equation;
  auto parseSide = [&](StringRef side, int64_t rank, bool define,
                       SmallVector<unsigned> &dims) -> bool {
    for (size_t i = 0; i < side.size(); ++i) {
      if (side[i] == '.') {
        if (!side.substr(i).starts_with("..."))
          return false;
        int64_t letters = side.size() - 3;
        int64_t count = rank < 0 ? ellipsis : rank - letters;
        for (int64_t d = ellipsis - count; d < ellipsis; ++d)
          dims.push_back(static_cast<unsigned>(d));
        i += 2;
        continue;
      }
      if (!llvm::isAlpha(side[i]))
        return false;
      auto found = numbers.find(side[i]);
      if (found == numbers.end()) {
        if (!define)
          return false;
        found = numbers
                    .insert({side[i],
                             static_cast<unsigned>(ellipsis + numbers.size())})
                    .first;
      }
      if (define)
        ++uses[side[i]];
      dims.push_back(found->second);
    }
    return true;
  };
  for (auto [n, operand] : llvm::enumerate(operands)) {
    equation.inputs.emplace_back();
    if (!parseSide(operand, c.rank(n), true, equation.inputs.back()) ||
        static_cast<int64_t>(equation.inputs.back().size()) != c.rank(n))
      return bad("operand " + std::to_string(n) + " does not fit rank " +
                 std::to_string(c.rank(n)));
  }
  if (hasArrow) {
    if (!parseSide(right, -1, false, equation.output))
      return bad("the result names a dim that no operand has");
  } else {
    for (int64_t d = 0; d < ellipsis; ++d)
      equation.output.push_back(d);
    SmallVector<char> letters;
    for (auto &[letter, number] : numbers)
      if (uses[letter] == 1)
        letters.push_back(letter);
    llvm::sort(letters);
    for (char letter : letters)
      equation.output.push_back(numbers[letter]);
  }
  return equation;
}

/// Takes the diagonal where a dim is named twice.
Term dropRepeats(NodeContext &c, Term term) {
  for (size_t i = 0; i < term.dims.size(); ++i) {
    for (size_t j = i + 1; j < term.dims.size(); ++j) {
      if (term.dims[i] != term.dims[j])
        continue;
      // Keep the elements with equal indices and sum over the second dim.
      Sizes sizes = c.g.sizesOf(term.value);
      c.g.assumeEqual(sizes[i], sizes[j]);
      Type i32 = c.b.getI32Type();
      Value same =
          c.g.compare(arith::CmpIPredicate::eq, c.g.iota(i32, sizes, i),
                      c.g.iota(i32, sizes, j));
      Value kept = c.g.select(same, term.value, c.g.like(term.value, 0));
      term.value = c.g.reduce(graph::ReduceKind::add, kept,
                              {static_cast<int64_t>(j)}, false);
      term.dims.erase(term.dims.begin() + j);
      --j;
    }
  }
  return term;
}

/// Sums over the dims that `keep` does not hold.
Term sumOthers(NodeContext &c, Term term,
               const llvm::SmallSet<unsigned, 8> &keep) {
  SmallVector<int64_t> summed;
  SmallVector<unsigned> rest;
  for (auto [n, dim] : llvm::enumerate(term.dims)) {
    if (keep.contains(dim))
      rest.push_back(dim);
    else
      summed.push_back(n);
  }
  term.value = c.g.reduce(graph::ReduceKind::add, term.value, summed, false);
  term.dims = rest;
  return term;
}

void importEinsum(NodeContext &c) {
  auto equation = parseEquation(c, c.string("equation", ""));
  if (!equation)
    return;
  for (unsigned n = 1; n < c.count(); ++n)
    if (c.type(n) != c.type(0))
      return c.error("the inputs differ in element type");
  Type element = c.element(0), sum = c.g.accumulator(element);
  SmallVector<Term> terms;
  for (unsigned n = 0; n < c.count(); ++n)
    terms.push_back(dropRepeats(c, {c.tensor(n), equation->inputs[n]}));
  // From left to right; a dim is summed as soon as nothing later needs it.
  Term result = terms.front();
  for (size_t n = 1; n <= terms.size(); ++n) {
    llvm::SmallSet<unsigned, 8> later;
    for (unsigned dim : equation->output)
      later.insert(dim);
    for (size_t m = n + 1; m < terms.size(); ++m)
      for (unsigned dim : terms[m].dims)
        later.insert(dim);
    if (n == terms.size()) {
      result = sumOthers(c, result, later);
      break;
    }
    Term &next = terms[n];
    // What one side alone sums is summed before the product.
    llvm::SmallSet<unsigned, 8> keepLeft = later, keepRight = later;
    for (unsigned dim : next.dims)
      keepLeft.insert(dim);
    for (unsigned dim : result.dims)
      keepRight.insert(dim);
    result = sumOthers(c, result, keepLeft);
    next = sumOthers(c, next, keepRight);
    // A dim of size 1 that the other side repeats is dropped.
    auto dropUnits = [&](Term &term, const Term &other) {
      SmallVector<int64_t> dropped;
      Sizes own = c.g.sizesOf(term.value), others = c.g.sizesOf(other.value);
      for (auto [i, dim] : llvm::enumerate(term.dims)) {
        auto *at = llvm::find(other.dims, dim);
        if (at != other.dims.end() && own[i].isInteger(1) &&
            !others[at - other.dims.begin()].isInteger(1))
          dropped.push_back(i);
      }
      term.value = c.g.dropDims(term.value, dropped);
      for (int64_t i : llvm::reverse(dropped))
        term.dims.erase(term.dims.begin() + i);
    };
    dropUnits(result, next);
    dropUnits(next, result);
    Term product;
    for (const Term *term : {&result, &next})
      for (unsigned dim : term->dims)
        if (later.contains(dim) && !llvm::is_contained(product.dims, dim))
          product.dims.push_back(dim);
    // Dense numbers for the maps.
    llvm::MapVector<unsigned, unsigned> dense;
    auto compact = [&](ArrayRef<unsigned> dims) {
      SmallVector<unsigned> out;
      for (unsigned dim : dims)
        out.push_back(dense.insert({dim, static_cast<unsigned>(dense.size())})
                          .first->second);
      return out;
    };
    auto left = compact(result.dims), right = compact(next.dims);
    product.value = c.g.contract(result.value, next.value, left, right,
                                 compact(product.dims), sum);
    if (isFloat(c.type(0)))
      product.value = c.g.floatCast(product.value, element);
    result = product;
  }
  SmallVector<int64_t> permutation;
  for (unsigned dim : equation->output) {
    auto *at = llvm::find(result.dims, dim);
    if (at == result.dims.end())
      return c.error("the equation repeats a dim of the result");
    permutation.push_back(at - result.dims.begin());
  }
  if (permutation.size() != result.dims.size())
    return c.error("the equation repeats a dim of the result");
  c.set(0, c.g.transpose(result.value, permutation));
}

} // namespace

void raddle::onnx::addContractionOps(OpTable &table) {
  OpRow rows[] = {
      {"MatMul", "n n", 1, "", importMatMul},
      {"Gemm", "n n n?", 1, "alpha=f beta=f transA=i transB=i broadcast=i",
       importGemm},
      {"Einsum", "n n*", 1, "equation=s!", importEinsum, nullptr,
       "a dim that the result names twice"},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
