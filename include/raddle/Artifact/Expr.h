//===- Expr.h - integer expressions of the host program --------*- C++ -*-===//
//
// Sizes, offsets, grids and conditions of a host program are integer
// expressions over named dims and host scalars, in signed 64-bit arithmetic.
// Overflow and division by zero are errors, never wrap-around: a wrong size
// must not become a small one.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_ARTIFACT_EXPR_H
#define RADDLE_ARTIFACT_EXPR_H

#include "raddle/Support/Error.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace raddle::host {

enum class ExprKind : uint8_t {
  Literal,
  Symbol,
  Add,
  Sub,
  Mul,
  /// Rounds towards minus infinity, as does Mod (so that
  /// `b * floordiv(a, b) + mod(a, b) == a`).
  FloorDiv,
  CeilDiv,
  Mod,
  Min,
  Max,
  /// Comparisons give 0 or 1.
  Eq,
  Ne,
  Lt,
  Le,
  /// Logical on zero / non-zero; the right side is evaluated only if needed.
  And,
  Or,
  Not,
  /// select(c, a, b): only the chosen side is evaluated.
  Select,
};

/// The name of an operation in JSON; empty for Literal and Symbol.
std::string_view name(ExprKind kind);
std::optional<ExprKind> parseExprKind(std::string_view name);
/// Number of operands: 0 for Literal and Symbol, else 1 to 3.
unsigned arity(ExprKind kind);

/// An expression tree, a value type.
class Expr {
public:
  /// The literal 0.
  Expr() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): an integer is an expression.
  Expr(int64_t value) : value_(value) {}
  static Expr symbol(std::string name) {
    Expr e;
    e.kind_ = ExprKind::Symbol;
    e.symbol_ = std::move(name);
    return e;
  }
  /// `operands` must be as many as `arity(kind)`.
  static Expr op(ExprKind kind, std::vector<Expr> operands) {
    assert(operands.size() == arity(kind) && "wrong number of operands");
    Expr e;
    e.kind_ = kind;
    e.operands_ = std::move(operands);
    return e;
  }

  ExprKind kind() const { return kind_; }
  bool isLiteral() const { return kind_ == ExprKind::Literal; }
  int64_t literal() const { return value_; }
  const std::string &symbol() const { return symbol_; }
  const std::vector<Expr> &operands() const { return operands_; }

  /// As people read it: `ceildiv(mul(batch, length), 64)`.
  std::string str() const;
  /// Calls `visit` for every symbol in it, repeated ones repeatedly.
  void
  forEachSymbol(const std::function<void(const std::string &)> &visit) const;

  bool operator==(const Expr &other) const = default;

private:
  ExprKind kind_ = ExprKind::Literal;
  int64_t value_ = 0;
  std::string symbol_;
  std::vector<Expr> operands_;
};

/// An expression prepared for evaluation: symbols are slots of an array.
class CompiledExpr {
public:
  CompiledExpr() : CompiledExpr(Expr(0), {}) {}
  /// `slotOf` gives the slot of each symbol; it must know all of them.
  CompiledExpr(const Expr &expr,
               const std::function<uint32_t(const std::string &)> &slotOf);

  /// The value, or an error that names the (sub)expression at fault.
  Expected<int64_t> evaluate(std::span<const int64_t> slots) const;

private:
  struct Node {
    ExprKind kind;
    /// Literal: the value; Symbol: the slot; else the first operand's index.
    int64_t value;
    uint32_t second = 0, third = 0;
  };
  uint32_t add(const Expr &expr,
               const std::function<uint32_t(const std::string &)> &slotOf);
  /// False when the evaluation failed, with the reason in `reason`.
  bool eval(uint32_t node, std::span<const int64_t> slots, int64_t &result,
            const char *&reason) const;

  /// Operands come before their users; the last node is the root.
  std::vector<Node> nodes_;
  /// For messages.
  std::string text_;
};

} // namespace raddle::host

#endif // RADDLE_ARTIFACT_EXPR_H
