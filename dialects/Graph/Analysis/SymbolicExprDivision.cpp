//===- SymbolicExprDivision.cpp - Quotients and remainders ----------------===//
#include "dialects/Graph/Analysis/SymbolicExpr.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace raddle::graph;

/// The quotient of two terms when it is one.
static std::optional<SymbolicTerm> divideTerm(const SymbolicTerm &lhs,
                                              const SymbolicTerm &rhs) {
  if ((lhs.coefficient == std::numeric_limits<int64_t>::min() &&
       rhs.coefficient == -1) ||
      lhs.coefficient % rhs.coefficient != 0)
    return std::nullopt;
  SymbolicTerm quotient{lhs.coefficient / rhs.coefficient, {}};
  auto next = rhs.atoms.begin();
  for (const SymbolicAtom *atom : lhs.atoms)
    if (next != rhs.atoms.end() && *next == atom)
      ++next;
    else
      quotient.atoms.push_back(atom);
  if (next != rhs.atoms.end())
    return std::nullopt;
  return quotient;
}

SymbolicExpr SymbolicExprContext::divideExactly(SymbolicExpr lhs,
                                                SymbolicExpr rhs) {
  // Polynomial long division; the leading term shrinks with each step.
  Terms quotient;
  for (int steps = 0; lhs && !lhs->terms.empty(); ++steps) {
    std::optional<SymbolicTerm> term =
        divideTerm(lhs->terms.front(), rhs->terms.front());
    if (!term || steps == 64)
      return {};
    quotient.push_back(*term);
    lhs = sub(lhs, mul(fromTerms({*term}), rhs));
  }
  return lhs ? fromTerms(std::move(quotient)) : SymbolicExpr();
}

/// Bounds of `floor(lhs / rhs)` for a positive divisor.
static Interval divideInterval(Interval lhs, Interval rhs) {
  Interval result;
  if (rhs.lower < 1)
    return result;
  // A negative bound is at its extreme for the smallest divisor, a positive
  // one for the greatest; beyond all divisors there is 0 or -1.
  auto divide = [](int64_t value, int64_t divisor) {
    if (divisor == Interval::noUpper)
      return value < 0 ? int64_t(-1) : int64_t(0);
    return llvm::divideFloorSigned(value, divisor);
  };
  if (lhs.lower != Interval::noLower)
    result.lower = divide(lhs.lower, lhs.lower < 0 ? rhs.lower : rhs.upper);
  if (lhs.upper != Interval::noUpper)
    result.upper = divide(lhs.upper, lhs.upper < 0 ? rhs.upper : rhs.lower);
  return result;
}

Interval SymbolicExprContext::boundsOf(const SymbolicAtom &atom) {
  if (atom.kind == SymbolicAtom::Symbol)
    return atom.interval;
  Interval lhs = atom.lhs.getInterval(), rhs = atom.rhs.getInterval();
  switch (atom.kind) {
  case SymbolicAtom::FloorDiv:
    return divideInterval(lhs, rhs);
  case SymbolicAtom::Min:
    return {std::min(lhs.lower, rhs.lower), std::min(lhs.upper, rhs.upper)};
  case SymbolicAtom::Max:
    return {std::max(lhs.lower, rhs.lower), std::max(lhs.upper, rhs.upper)};
  default:
    return {};
  }
}

SymbolicExpr SymbolicExprContext::floorDivByConstant(SymbolicExpr lhs,
                                                     int64_t rhs) {
  // Multiples of the divisor leave the quotient; coefficients in [0, rhs)
  // stay.
  Terms whole, rest;
  uint64_t common = rhs;
  for (const SymbolicTerm &term : lhs->terms) {
    int64_t quotient = llvm::divideFloorSigned(term.coefficient, rhs);
    std::optional<int64_t> product = llvm::checkedMul(quotient, rhs);
    if (!product)
      return {};
    int64_t remainder = term.coefficient - *product;
    if (quotient != 0)
      whole.push_back({quotient, term.atoms});
    if (remainder == 0)
      continue;
    rest.push_back({remainder, term.atoms});
    if (!term.atoms.empty())
      common = std::gcd(common, static_cast<uint64_t>(remainder));
  }
  // floor((g a + c) / (g b)) = floor((a + floor(c / g)) / b)
  int64_t divisor = rhs / static_cast<int64_t>(common);
  for (SymbolicTerm &term : rest)
    term.coefficient /= static_cast<int64_t>(common);
  SymbolicExpr quotient = fromTerms(std::move(whole));
  SymbolicExpr numerator = fromTerms(std::move(rest));
  if (!quotient || !numerator)
    return {};
  if (divisor == 1)
    return add(quotient, numerator);

  Interval bounds =
      divideInterval(numerator.getInterval(), Interval::of(divisor));
  if (bounds.lower == bounds.upper && bounds.lower != Interval::noLower &&
      bounds.upper != Interval::noUpper)
    return add(quotient, constant(bounds.lower));

  // floor((floor(x / a) + k) / b) = floor((x + k a) / (a b))
  const SymbolicTerm &first = numerator->terms.front();
  if (first.coefficient == 1 && first.atoms.size() == 1 &&
      first.atoms[0]->kind == SymbolicAtom::FloorDiv &&
      (numerator->terms.size() == 1 ||
       (numerator->terms.size() == 2 && numerator->terms[1].atoms.empty()))) {
    const SymbolicAtom *inner = first.atoms[0];
    int64_t offset =
        numerator->terms.size() == 2 ? numerator->terms[1].coefficient : 0;
    std::optional<int64_t> innerDivisor = inner->rhs.getConstant();
    if (innerDivisor && *innerDivisor > 0) {
      std::optional<int64_t> product = llvm::checkedMul(*innerDivisor, divisor);
      std::optional<int64_t> shift = llvm::checkedMul(*innerDivisor, offset);
      if (product && shift)
        return add(quotient, floorDiv(add(inner->lhs, constant(*shift)),
                                      constant(*product)));
    }
  }
  return add(quotient,
             fromAtom(SymbolicAtom::FloorDiv, numerator, constant(divisor)));
}

SymbolicExpr SymbolicExprContext::floorDiv(SymbolicExpr lhs, SymbolicExpr rhs) {
  if (!lhs || !rhs || rhs->terms.empty())
    return {};
  if (std::optional<int64_t> divisor = rhs.getConstant()) {
    if (*divisor == std::numeric_limits<int64_t>::min())
      return {};
    if (*divisor < 0)
      return floorDivByConstant(sub(constant(0), lhs), -*divisor);
    return floorDivByConstant(lhs, *divisor);
  }
  if (SymbolicExpr exact = divideExactly(lhs, rhs))
    return exact;
  if (lhs.getInterval().lower >= 0 && sub(rhs, lhs).getInterval().lower > 0)
    return constant(0);
  return fromAtom(SymbolicAtom::FloorDiv, lhs, rhs);
}

SymbolicExpr SymbolicExprContext::ceilDiv(SymbolicExpr lhs, SymbolicExpr rhs) {
  if (!lhs || !rhs)
    return {};
  if (std::optional<int64_t> divisor = rhs.getConstant();
      divisor && *divisor > 0)
    return floorDiv(add(lhs, constant(*divisor - 1)), rhs);
  return sub(constant(0), floorDiv(sub(constant(0), lhs), rhs));
}

SymbolicExpr SymbolicExprContext::mod(SymbolicExpr lhs, SymbolicExpr rhs) {
  SymbolicExpr remainder = sub(lhs, mul(rhs, floorDiv(lhs, rhs)));
  Interval divisor = rhs.getInterval();
  if (remainder && divisor.lower > 0)
    tighten(remainder,
            {0, divisor.upper == Interval::noUpper ? Interval::noUpper
                                                   : divisor.upper - 1});
  return remainder;
}

SymbolicExpr SymbolicExprContext::truncDiv(SymbolicExpr lhs, SymbolicExpr rhs) {
  if (!lhs || !rhs || rhs->terms.empty())
    return {};
  Interval dividend = lhs.getInterval(), divisor = rhs.getInterval();
  if (dividend.lower >= 0 && divisor.lower > 0)
    return floorDiv(lhs, rhs);
  if (dividend.upper <= 0 && divisor.lower > 0)
    return sub(constant(0), floorDiv(sub(constant(0), lhs), rhs));
  if (SymbolicExpr exact = divideExactly(lhs, rhs))
    return exact;
  return fromAtom(SymbolicAtom::TruncDiv, lhs, rhs);
}

SymbolicExpr SymbolicExprContext::truncRem(SymbolicExpr lhs, SymbolicExpr rhs) {
  // Where both agree, what is known about the remainder is worth more.
  if (lhs.getInterval().lower >= 0 && rhs.getInterval().lower > 0)
    return mod(lhs, rhs);
  return sub(lhs, mul(rhs, truncDiv(lhs, rhs)));
}
