//===- Expr.cpp - integer expressions of the host program -----------------===//

#include "raddle/Artifact/Expr.h"

using namespace raddle;
using namespace raddle::host;

namespace {

struct KindInfo {
  std::string_view name;
  unsigned arity;
};

// In the order of the enumerators.
constexpr KindInfo kKinds[] = {
    {"", 0},         {"", 0},        {"add", 2},    {"sub", 2}, {"mul", 2},
    {"floordiv", 2}, {"ceildiv", 2}, {"mod", 2},    {"min", 2}, {"max", 2},
    {"eq", 2},       {"ne", 2},      {"lt", 2},     {"le", 2},  {"and", 2},
    {"or", 2},       {"not", 1},     {"select", 3},
};

const char *const kOverflow = "overflow";
const char *const kDivisionByZero = "division by zero";

/// Rounds towards minus infinity. False, with a reason, where undefined.
bool floorDiv(int64_t a, int64_t b, int64_t &result, const char *&reason) {
  if (b == 0) {
    reason = kDivisionByZero;
    return false;
  }
  if (a == INT64_MIN && b == -1) {
    reason = kOverflow;
    return false;
  }
  result = a / b - (a % b != 0 && (a < 0) != (b < 0));
  return true;
}

bool ceilDiv(int64_t a, int64_t b, int64_t &result, const char *&reason) {
  if (b == 0) {
    reason = kDivisionByZero;
    return false;
  }
  if (a == INT64_MIN && b == -1) {
    reason = kOverflow;
    return false;
  }
  result = a / b + (a % b != 0 && (a < 0) == (b < 0));
  return true;
}

bool floorMod(int64_t a, int64_t b, int64_t &result, const char *&reason) {
  if (b == 0) {
    reason = kDivisionByZero;
    return false;
  }
  // The remainder by -1 is 0, but INT64_MIN % -1 traps.
  result = b == -1 ? 0 : a % b;
  if (result != 0 && (result < 0) != (b < 0))
    result += b;
  return true;
}

} // namespace

std::string_view host::name(ExprKind kind) {
  return kKinds[static_cast<unsigned>(kind)].name;
}

unsigned host::arity(ExprKind kind) {
  return kKinds[static_cast<unsigned>(kind)].arity;
}

std::optional<ExprKind> host::parseExprKind(std::string_view name) {
  if (!name.empty())
    for (unsigned i = 0; i < std::size(kKinds); ++i)
      if (kKinds[i].name == name)
        return static_cast<ExprKind>(i);
  return std::nullopt;
}

std::string Expr::str() const {
  if (kind_ == ExprKind::Literal)
    return std::to_string(value_);
  if (kind_ == ExprKind::Symbol)
    return symbol_;
  std::string text(name(kind_));
  text += '(';
  for (const Expr &operand : operands_) {
    if (&operand != &operands_.front())
      text += ", ";
    text += operand.str();
  }
  return text += ')';
}

void Expr::forEachSymbol(
    const std::function<void(const std::string &)> &visit) const {
  if (kind_ == ExprKind::Symbol)
    visit(symbol_);
  for (const Expr &operand : operands_)
    operand.forEachSymbol(visit);
}

CompiledExpr::CompiledExpr(
    const Expr &expr,
    const std::function<uint32_t(const std::string &)> &slotOf) {
  add(expr, slotOf);
  if (!expr.isLiteral())
    text_ = expr.str();
}

uint32_t
CompiledExpr::add(const Expr &expr,
                  const std::function<uint32_t(const std::string &)> &slotOf) {
  Node node{expr.kind(), 0, 0, 0};
  if (expr.kind() == ExprKind::Literal) {
    node.value = expr.literal();
  } else if (expr.kind() == ExprKind::Symbol) {
    node.value = slotOf(expr.symbol());
  } else {
    const std::vector<Expr> &operands = expr.operands();
    node.value = add(operands[0], slotOf);
    if (operands.size() > 1)
      node.second = add(operands[1], slotOf);
    if (operands.size() > 2)
      node.third = add(operands[2], slotOf);
  }
  nodes_.push_back(node);
  return nodes_.size() - 1;
}

bool CompiledExpr::eval(uint32_t index, std::span<const int64_t> slots,
                        int64_t &result, const char *&reason) const {
  const Node &node = nodes_[index];
  if (node.kind == ExprKind::Literal) {
    result = node.value;
    return true;
  }
  if (node.kind == ExprKind::Symbol) {
    result = slots[node.value];
    return true;
  }
  int64_t a = 0, b = 0;
  if (!eval(static_cast<uint32_t>(node.value), slots, a, reason))
    return false;
  // These do not evaluate all operands.
  switch (node.kind) {
  case ExprKind::Not:
    result = a == 0;
    return true;
  case ExprKind::Select:
    return eval(a != 0 ? node.second : node.third, slots, result, reason);
  case ExprKind::And:
  case ExprKind::Or:
    if ((a != 0) == (node.kind == ExprKind::Or)) {
      result = a != 0;
      return true;
    }
    if (!eval(node.second, slots, b, reason))
      return false;
    result = b != 0;
    return true;
  default:
    break;
  }
  if (!eval(node.second, slots, b, reason))
    return false;
  bool overflow = false;
  switch (node.kind) {
  case ExprKind::Add:
    overflow = __builtin_add_overflow(a, b, &result);
    break;
  case ExprKind::Sub:
    overflow = __builtin_sub_overflow(a, b, &result);
    break;
  case ExprKind::Mul:
    overflow = __builtin_mul_overflow(a, b, &result);
    break;
  case ExprKind::FloorDiv:
    return floorDiv(a, b, result, reason);
  case ExprKind::CeilDiv:
    return ceilDiv(a, b, result, reason);
  case ExprKind::Mod:
    return floorMod(a, b, result, reason);
  case ExprKind::Min:
    result = a < b ? a : b;
    break;
  case ExprKind::Max:
    result = a < b ? b : a;
    break;
  case ExprKind::Eq:
    result = a == b;
    break;
  case ExprKind::Ne:
    result = a != b;
    break;
  case ExprKind::Lt:
    result = a < b;
    break;
  case ExprKind::Le:
    result = a <= b;
    break;
  default:
    break;
  }
  if (overflow)
    reason = kOverflow;
  return !overflow;
}

Expected<int64_t> CompiledExpr::evaluate(std::span<const int64_t> slots) const {
  int64_t result = 0;
  const char *reason = nullptr;
  if (eval(nodes_.size() - 1, slots, result, reason))
    return result;
  return Error(std::string(reason) + " in '" + text_ + "'");
}
