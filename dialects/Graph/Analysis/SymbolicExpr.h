//===- SymbolicExpr.h - Integer expressions in one normal form --*- C++ -*-===//
//
// Sizes are polynomials with integer coefficients over named dims and over
// opaque terms (quotients, minima, maxima). `AffineExpr` is too weak for them:
// `batch * length` is no affine expression. Expressions are made unique, so
// that equal expressions (as far as the normal form sees) are the same pointer.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_GRAPH_ANALYSIS_SYMBOLICEXPR_H
#define RADDLE_DIALECTS_GRAPH_ANALYSIS_SYMBOLICEXPR_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>

namespace raddle::graph {

/// Bounds that are inclusive; the extremes of the type mean "not bounded".
struct Interval {
  static constexpr int64_t noLower = std::numeric_limits<int64_t>::min();
  static constexpr int64_t noUpper = std::numeric_limits<int64_t>::max();
  int64_t lower = noLower;
  int64_t upper = noUpper;

  Interval operator+(Interval other) const;
  Interval operator*(Interval other) const;
  static Interval of(int64_t value) { return {value, value}; }
};

struct SymbolicAtom;
struct SymbolicPolynomial;

/// An expression; null when arithmetic left 64 bits. Cheap to copy. Lives as
/// long as its context.
class SymbolicExpr {
public:
  SymbolicExpr() = default;
  explicit SymbolicExpr(const SymbolicPolynomial *polynomial)
      : polynomial(polynomial) {}

  explicit operator bool() const { return polynomial; }
  bool operator==(SymbolicExpr other) const {
    return polynomial == other.polynomial;
  }
  const SymbolicPolynomial *operator->() const { return polynomial; }
  const SymbolicPolynomial *get() const { return polynomial; }

  /// The value when it does not depend on anything.
  std::optional<int64_t> getConstant() const;
  Interval getInterval() const;
  /// The greatest number that is known to divide every value (0 for the
  /// constant 0).
  uint64_t getDivisor() const;
  void print(llvm::raw_ostream &stream) const;
  std::string str() const;

private:
  const SymbolicPolynomial *polynomial = nullptr;
};

/// A factor that the polynomials treat as a variable.
struct SymbolicAtom {
  enum Kind { Symbol, FloorDiv, TruncDiv, Min, Max };
  unsigned id;
  Kind kind;
  std::string name;          // Symbol
  int64_t divisor = 1;       // Symbol: it stands for `name / divisor`
  SymbolicExpr lhs, rhs;     // the others
  mutable Interval interval; // narrows when more is found out
};

/// `coefficient * product of atoms`; the atoms are sorted by id and repeat for
/// powers.
struct SymbolicTerm {
  int64_t coefficient;
  llvm::SmallVector<const SymbolicAtom *, 2> atoms;
};

/// A sum of terms with different atoms, none zero, greatest first (by degree,
/// then by the first atom that differs).
struct SymbolicPolynomial {
  llvm::SmallVector<SymbolicTerm, 2> terms;
  /// Narrows when more is found out.
  mutable Interval interval;
};

/// Makes expressions unique and computes with them. Every operation gives null
/// for a null operand.
class SymbolicExprContext {
public:
  SymbolicExpr constant(int64_t value);
  /// A new variable. With `divisor` d > 1 the expression is d times an unknown
  /// whole number, so that division by factors of d is exact.
  SymbolicExpr symbol(llvm::StringRef name, Interval interval = {},
                      int64_t divisor = 1);

  SymbolicExpr add(SymbolicExpr lhs, SymbolicExpr rhs);
  SymbolicExpr sub(SymbolicExpr lhs, SymbolicExpr rhs);
  SymbolicExpr mul(SymbolicExpr lhs, SymbolicExpr rhs);
  /// Rounds towards minus infinity.
  SymbolicExpr floorDiv(SymbolicExpr lhs, SymbolicExpr rhs);
  SymbolicExpr ceilDiv(SymbolicExpr lhs, SymbolicExpr rhs);
  SymbolicExpr mod(SymbolicExpr lhs, SymbolicExpr rhs);
  /// Rounds towards zero, as `arith.divsi` and `arith.remsi` do.
  SymbolicExpr truncDiv(SymbolicExpr lhs, SymbolicExpr rhs);
  SymbolicExpr truncRem(SymbolicExpr lhs, SymbolicExpr rhs);
  SymbolicExpr min(SymbolicExpr lhs, SymbolicExpr rhs);
  SymbolicExpr max(SymbolicExpr lhs, SymbolicExpr rhs);

  /// An atom of `expr` that equals an expression without it when `expr` is
  /// zero, and that expression: the newest such symbol, or else the newest such
  /// atom of another kind. Null when there is none.
  std::pair<const SymbolicAtom *, SymbolicExpr> solveForZero(SymbolicExpr expr);
  SymbolicExpr substitute(SymbolicExpr expr, const SymbolicAtom *atom,
                          SymbolicExpr replacement);
  /// From now on `expr` is at least 0; the bounds of all expressions follow.
  void assumeNonNegative(SymbolicExpr expr);

private:
  friend class SymbolicExpr;
  using Terms = llvm::SmallVector<SymbolicTerm, 2>;

  /// Sorts, merges, makes unique; null when a coefficient does not fit or the
  /// sum has too many terms to be worth it.
  SymbolicExpr fromTerms(Terms terms);
  /// Bounds of a sum whose terms are known.
  Interval boundsOf(const SymbolicPolynomial &polynomial);
  /// Bounds of an atom that its operands give.
  static Interval boundsOf(const SymbolicAtom &atom);
  /// Notes that `expr` is always within `interval`.
  static void tighten(SymbolicExpr expr, Interval interval);
  SymbolicExpr fromAtom(SymbolicAtom::Kind kind, SymbolicExpr lhs,
                        SymbolicExpr rhs);
  /// `lhs / rhs` when that is a polynomial, else null.
  SymbolicExpr divideExactly(SymbolicExpr lhs, SymbolicExpr rhs);
  SymbolicExpr floorDivByConstant(SymbolicExpr lhs, int64_t rhs);

  std::deque<SymbolicAtom> atoms;
  std::deque<SymbolicPolynomial> polynomials;
  std::map<std::tuple<int, const void *, const void *>, const SymbolicAtom *>
      atomOf;
  llvm::StringMap<const SymbolicPolynomial *> polynomialOf;
};

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_ANALYSIS_SYMBOLICEXPR_H
