//===- SymbolicExpr.cpp - Integer expressions in one normal form ----------===//
#include "dialects/Graph/Analysis/SymbolicExpr.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace raddle::graph;

/// Longer sums are not made: whoever asks gets a new unknown instead.
static constexpr size_t maxTerms = 64;
/// The same for products.
static constexpr size_t maxDegree = 16;

//===----------------------------------------------------------------------===//
// Intervals
//===----------------------------------------------------------------------===//

static int64_t saturate(__int128 value) {
  if (value > Interval::noUpper)
    return Interval::noUpper;
  if (value < Interval::noLower)
    return Interval::noLower;
  return static_cast<int64_t>(value);
}

Interval Interval::operator+(Interval other) const {
  Interval sum;
  if (lower != noLower && other.lower != noLower)
    sum.lower = saturate(static_cast<__int128>(lower) + other.lower);
  if (upper != noUpper && other.upper != noUpper)
    sum.upper = saturate(static_cast<__int128>(upper) + other.upper);
  return sum;
}

Interval Interval::operator*(Interval other) const {
  // Infinities saturate by themselves, except that zero times one is zero.
  Interval product = {noUpper, noLower};
  for (int64_t lhs : {lower, upper})
    for (int64_t rhs : {other.lower, other.upper}) {
      int64_t value = saturate(static_cast<__int128>(lhs) * rhs);
      bool unbounded =
          lhs == noLower || lhs == noUpper || rhs == noLower || rhs == noUpper;
      if (unbounded && value != 0)
        value = value < 0 ? noLower : noUpper;
      product.lower = std::min(product.lower, value);
      product.upper = std::max(product.upper, value);
    }
  return product;
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

std::optional<int64_t> SymbolicExpr::getConstant() const {
  if (!polynomial)
    return std::nullopt;
  if (polynomial->terms.empty())
    return 0;
  if (polynomial->terms.size() == 1 && polynomial->terms[0].atoms.empty())
    return polynomial->terms[0].coefficient;
  return std::nullopt;
}

Interval SymbolicExpr::getInterval() const {
  return polynomial ? polynomial->interval : Interval();
}

uint64_t SymbolicExpr::getDivisor() const {
  if (!polynomial)
    return 1;
  uint64_t divisor = 0;
  for (const SymbolicTerm &term : polynomial->terms) {
    uint64_t factor = term.coefficient < 0
                          ? -static_cast<uint64_t>(term.coefficient)
                          : static_cast<uint64_t>(term.coefficient);
    for (const SymbolicAtom *atom : term.atoms) {
      if (atom->kind != SymbolicAtom::Min && atom->kind != SymbolicAtom::Max)
        continue;
      // One of two values: what divides both divides it.
      uint64_t more = std::gcd(atom->lhs.getDivisor(), atom->rhs.getDivisor());
      if (std::optional<uint64_t> product =
              llvm::checkedMulUnsigned(factor, std::max<uint64_t>(more, 1)))
        factor = *product;
    }
    divisor = std::gcd(divisor, factor);
  }
  return divisor;
}

void SymbolicExpr::print(llvm::raw_ostream &stream) const {
  if (!polynomial) {
    stream << "unknown";
    return;
  }
  if (polynomial->terms.empty()) {
    stream << '0';
    return;
  }
  for (auto [number, term] : llvm::enumerate(polynomial->terms)) {
    int64_t coefficient = term.coefficient;
    std::string factors;
    llvm::raw_string_ostream text(factors);
    for (const SymbolicAtom *atom : term.atoms) {
      if (!factors.empty())
        text << '*';
      auto call = [&](llvm::StringRef name) {
        text << name << '(';
        atom->lhs.print(text);
        text << ", ";
        atom->rhs.print(text);
        text << ')';
      };
      switch (atom->kind) {
      case SymbolicAtom::Symbol:
        if (atom->divisor == 1) {
          text << atom->name;
        } else if (coefficient % atom->divisor == 0) {
          coefficient /= atom->divisor;
          text << atom->name;
        } else {
          text << '(' << atom->name << '/' << atom->divisor << ')';
        }
        break;
      case SymbolicAtom::FloorDiv:
        call("floordiv");
        break;
      case SymbolicAtom::TruncDiv:
        call("truncdiv");
        break;
      case SymbolicAtom::Min:
        call("min");
        break;
      case SymbolicAtom::Max:
        call("max");
        break;
      }
    }
    if (number)
      stream << (coefficient < 0 ? " - " : " + ");
    else if (coefficient < 0)
      stream << '-';
    uint64_t magnitude = coefficient < 0 ? -static_cast<uint64_t>(coefficient)
                                         : static_cast<uint64_t>(coefficient);
    if (factors.empty() || magnitude != 1)
      stream << magnitude << (factors.empty() ? "" : "*");
    stream << factors;
  }
}

std::string SymbolicExpr::str() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(stream);
  return text;
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

/// Whether `lhs` comes before `rhs`: graded lexicographic, which multiplication
/// by a common factor keeps.
static bool before(const SymbolicTerm &lhs, const SymbolicTerm &rhs) {
  if (lhs.atoms.size() != rhs.atoms.size())
    return lhs.atoms.size() > rhs.atoms.size();
  for (auto [left, right] : llvm::zip(lhs.atoms, rhs.atoms))
    if (left != right)
      return left->id < right->id;
  return false;
}

SymbolicExpr SymbolicExprContext::fromTerms(Terms terms) {
  llvm::sort(terms, before);
  SymbolicPolynomial polynomial;
  for (SymbolicTerm &term : terms) {
    if (!polynomial.terms.empty() &&
        polynomial.terms.back().atoms == term.atoms) {
      std::optional<int64_t> sum = llvm::checkedAdd(
          polynomial.terms.back().coefficient, term.coefficient);
      if (!sum)
        return {};
      polynomial.terms.back().coefficient = *sum;
    } else {
      if (!polynomial.terms.empty() && polynomial.terms.back().coefficient == 0)
        polynomial.terms.pop_back();
      polynomial.terms.push_back(std::move(term));
    }
  }
  if (!polynomial.terms.empty() && polynomial.terms.back().coefficient == 0)
    polynomial.terms.pop_back();
  if (polynomial.terms.size() > maxTerms)
    return {};

  std::string key;
  auto append = [&](const auto &value) {
    key.append(reinterpret_cast<const char *>(&value), sizeof(value));
  };
  for (const SymbolicTerm &term : polynomial.terms) {
    if (term.atoms.size() > maxDegree)
      return {};
    append(term.coefficient);
    append(term.atoms.size());
    for (const SymbolicAtom *atom : term.atoms)
      append(atom->id);
  }
  if (auto known = polynomialOf.find(key); known != polynomialOf.end())
    return SymbolicExpr(known->second);
  polynomial.interval = boundsOf(polynomial);
  return SymbolicExpr(polynomialOf[key] =
                          &polynomials.emplace_back(std::move(polynomial)));
}

Interval SymbolicExprContext::boundsOf(const SymbolicPolynomial &polynomial) {
  Interval sum = Interval::of(0);
  for (const SymbolicTerm &term : polynomial.terms) {
    Interval product = Interval::of(term.coefficient);
    for (const SymbolicAtom *atom : term.atoms)
      product = product * atom->interval;
    sum = sum + product;
  }
  if (polynomial.terms.size() < 2)
    return sum;
  // a * b - a is better bounded as a * (b - 1).
  for (const SymbolicAtom *atom : polynomial.terms.front().atoms) {
    if (!llvm::all_of(polynomial.terms, [&](const SymbolicTerm &term) {
          return llvm::is_contained(term.atoms, atom);
        }))
      continue;
    Terms rest(polynomial.terms);
    for (SymbolicTerm &term : rest)
      term.atoms.erase(llvm::find(term.atoms, atom));
    Interval product =
        fromTerms(std::move(rest)).getInterval() * atom->interval;
    return {std::max(sum.lower, product.lower),
            std::min(sum.upper, product.upper)};
  }
  return sum;
}

void SymbolicExprContext::tighten(SymbolicExpr expr, Interval interval) {
  Interval &known = expr->interval;
  known.lower = std::max(known.lower, interval.lower);
  known.upper = std::min(known.upper, interval.upper);
}

SymbolicExpr SymbolicExprContext::constant(int64_t value) {
  return fromTerms({SymbolicTerm{value, {}}});
}

SymbolicExpr SymbolicExprContext::symbol(llvm::StringRef name,
                                         Interval interval, int64_t divisor) {
  SymbolicAtom &atom = atoms.emplace_back();
  atom.id = atoms.size();
  atom.kind = SymbolicAtom::Symbol;
  atom.name = name;
  atom.divisor = divisor;
  atom.interval = interval;
  if (divisor != 1) {
    if (interval.lower != Interval::noLower)
      atom.interval.lower =
          interval.lower / divisor + (interval.lower % divisor > 0 ? 1 : 0);
    if (interval.upper != Interval::noUpper)
      atom.interval.upper =
          interval.upper / divisor - (interval.upper % divisor < 0 ? 1 : 0);
  }
  return fromTerms({SymbolicTerm{divisor, {&atom}}});
}

SymbolicExpr SymbolicExprContext::fromAtom(SymbolicAtom::Kind kind,
                                           SymbolicExpr lhs, SymbolicExpr rhs) {
  const SymbolicAtom *&unique =
      atomOf[{static_cast<int>(kind), lhs.get(), rhs.get()}];
  if (!unique) {
    SymbolicAtom &atom = atoms.emplace_back();
    atom.id = atoms.size();
    atom.kind = kind;
    atom.lhs = lhs;
    atom.rhs = rhs;
    atom.interval = boundsOf(atom);
    unique = &atom;
  }
  return fromTerms({SymbolicTerm{1, {unique}}});
}

//===----------------------------------------------------------------------===//
// Ring operations, minimum and maximum
//===----------------------------------------------------------------------===//

SymbolicExpr SymbolicExprContext::add(SymbolicExpr lhs, SymbolicExpr rhs) {
  if (!lhs || !rhs)
    return {};
  Terms terms(lhs->terms);
  terms.append(rhs->terms.begin(), rhs->terms.end());
  return fromTerms(std::move(terms));
}

SymbolicExpr SymbolicExprContext::sub(SymbolicExpr lhs, SymbolicExpr rhs) {
  return add(lhs, mul(rhs, constant(-1)));
}

SymbolicExpr SymbolicExprContext::mul(SymbolicExpr lhs, SymbolicExpr rhs) {
  if (!lhs || !rhs || lhs->terms.size() * rhs->terms.size() > 4 * maxTerms)
    return {};
  Terms terms;
  for (const SymbolicTerm &left : lhs->terms)
    for (const SymbolicTerm &right : rhs->terms) {
      std::optional<int64_t> coefficient =
          llvm::checkedMul(left.coefficient, right.coefficient);
      if (!coefficient)
        return {};
      SymbolicTerm &term = terms.emplace_back();
      term.coefficient = *coefficient;
      term.atoms = left.atoms;
      term.atoms.append(right.atoms.begin(), right.atoms.end());
      llvm::sort(term.atoms, [](auto *a, auto *b) { return a->id < b->id; });
    }
  return fromTerms(std::move(terms));
}

/// One order of the operands of a symmetric operation. Atoms are numbered in
/// the order of the program, so that it is the same in every run.
static bool precedes(SymbolicExpr lhs, SymbolicExpr rhs) {
  return std::lexicographical_compare(
      lhs->terms.begin(), lhs->terms.end(), rhs->terms.begin(),
      rhs->terms.end(), [](const SymbolicTerm &a, const SymbolicTerm &b) {
        if (before(a, b) || before(b, a))
          return before(a, b);
        return a.coefficient < b.coefficient;
      });
}

SymbolicExpr SymbolicExprContext::min(SymbolicExpr lhs, SymbolicExpr rhs) {
  if (!lhs || !rhs)
    return {};
  Interval difference = sub(lhs, rhs).getInterval();
  if (difference.upper <= 0)
    return lhs;
  if (difference.lower >= 0)
    return rhs;
  if (precedes(rhs, lhs))
    std::swap(lhs, rhs);
  return fromAtom(SymbolicAtom::Min, lhs, rhs);
}

SymbolicExpr SymbolicExprContext::max(SymbolicExpr lhs, SymbolicExpr rhs) {
  if (!lhs || !rhs)
    return {};
  Interval difference = sub(lhs, rhs).getInterval();
  if (difference.lower >= 0)
    return lhs;
  if (difference.upper <= 0)
    return rhs;
  if (precedes(rhs, lhs))
    std::swap(lhs, rhs);
  return fromAtom(SymbolicAtom::Max, lhs, rhs);
}

//===----------------------------------------------------------------------===//
// Equations
//===----------------------------------------------------------------------===//

static bool contains(SymbolicExpr expr, const SymbolicAtom *wanted) {
  return llvm::any_of(expr->terms, [&](const SymbolicTerm &term) {
    return llvm::any_of(term.atoms, [&](const SymbolicAtom *atom) {
      return atom == wanted || (atom->lhs && (contains(atom->lhs, wanted) ||
                                              contains(atom->rhs, wanted)));
    });
  });
}

std::pair<const SymbolicAtom *, SymbolicExpr>
SymbolicExprContext::solveForZero(SymbolicExpr expr) {
  std::pair<const SymbolicAtom *, SymbolicExpr> solution;
  if (!expr)
    return solution;
  auto rank = [](const SymbolicAtom *atom) {
    return std::make_pair(atom->kind == SymbolicAtom::Symbol, atom->id);
  };
  for (const SymbolicTerm &term : expr->terms) {
    if (term.atoms.size() != 1 ||
        (term.coefficient != 1 && term.coefficient != -1))
      continue;
    const SymbolicAtom *atom = term.atoms[0];
    Terms others;
    for (const SymbolicTerm &other : expr->terms)
      if (&other != &term)
        others.push_back(other);
    SymbolicExpr rest = fromTerms(std::move(others));
    if (!rest || contains(rest, atom))
      continue;
    if (!solution.first || rank(atom) > rank(solution.first))
      solution = {atom, mul(rest, constant(-term.coefficient))};
  }
  return solution;
}

void SymbolicExprContext::assumeNonNegative(SymbolicExpr expr) {
  if (!expr)
    return;
  tighten(expr, {0, Interval::noUpper});
  if (SymbolicExpr negated = sub(constant(0), expr))
    tighten(negated, {Interval::noLower, 0});
  // a x + b >= 0 bounds x.
  const auto &terms = expr->terms;
  int64_t offset = 0;
  if (terms.size() == 2 && terms[1].atoms.empty())
    offset = terms[1].coefficient;
  else if (terms.size() != 1)
    return;
  if (terms[0].atoms.size() != 1 ||
      terms[0].coefficient == std::numeric_limits<int64_t>::min() ||
      offset == std::numeric_limits<int64_t>::min())
    return;
  int64_t factor = terms[0].coefficient;
  Interval &bounds = terms[0].atoms[0]->interval;
  if (factor > 0)
    bounds.lower =
        std::max(bounds.lower, llvm::divideCeilSigned(-offset, factor));
  else
    bounds.upper =
        std::min(bounds.upper, llvm::divideFloorSigned(offset, -factor));
  // Twice, since atoms and sums bound each other. (Bounds only narrow, so that
  // stopping early is sound.)
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < polynomials.size(); ++i)
      tighten(SymbolicExpr(&polynomials[i]), boundsOf(polynomials[i]));
    for (const SymbolicAtom &atom : atoms) {
      Interval known = boundsOf(atom);
      atom.interval.lower = std::max(atom.interval.lower, known.lower);
      atom.interval.upper = std::min(atom.interval.upper, known.upper);
    }
  }
}

SymbolicExpr SymbolicExprContext::substitute(SymbolicExpr expr,
                                             const SymbolicAtom *atom,
                                             SymbolicExpr replacement) {
  if (!expr || !replacement || !contains(expr, atom))
    return expr;
  SymbolicExpr result = constant(0);
  // A copy, as new expressions may be made meanwhile.
  Terms terms(expr->terms);
  for (const SymbolicTerm &term : terms) {
    SymbolicExpr product = constant(term.coefficient);
    for (const SymbolicAtom *factor : term.atoms) {
      SymbolicExpr value;
      if (factor == atom) {
        value = replacement;
      } else if (factor->kind == SymbolicAtom::Symbol) {
        value = fromTerms({SymbolicTerm{1, {factor}}});
      } else {
        SymbolicExpr lhs = substitute(factor->lhs, atom, replacement);
        SymbolicExpr rhs = substitute(factor->rhs, atom, replacement);
        switch (factor->kind) {
        case SymbolicAtom::FloorDiv:
          value = floorDiv(lhs, rhs);
          break;
        case SymbolicAtom::TruncDiv:
          value = truncDiv(lhs, rhs);
          break;
        case SymbolicAtom::Min:
          value = min(lhs, rhs);
          break;
        default:
          value = max(lhs, rhs);
          break;
        }
      }
      product = mul(product, value);
    }
    result = add(result, product);
  }
  return result;
}
