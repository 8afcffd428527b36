//===- ExprTest.cpp -------------------------------------------------------===//

#include "raddle/Artifact/Expr.h"

#include <gtest/gtest.h>

using namespace raddle;
using namespace raddle::host;

namespace {

constexpr int64_t kMin = INT64_MIN, kMax = INT64_MAX;

Expected<int64_t> eval(ExprKind kind, std::vector<int64_t> values) {
  std::vector<Expr> operands(values.begin(), values.end());
  return CompiledExpr(Expr::op(kind, operands), {}).evaluate({});
}

struct Case {
  ExprKind kind;
  std::vector<int64_t> operands;
  int64_t expected;
};

TEST(Expr, Values) {
  const Case cases[] = {
      {ExprKind::Add, {2, -5}, -3},
      {ExprKind::Sub, {2, -5}, 7},
      {ExprKind::Mul, {-4, 6}, -24},
      {ExprKind::FloorDiv, {7, 2}, 3},
      {ExprKind::FloorDiv, {-7, 2}, -4},
      {ExprKind::FloorDiv, {7, -2}, -4},
      {ExprKind::FloorDiv, {-7, -2}, 3},
      {ExprKind::FloorDiv, {-8, 2}, -4},
      {ExprKind::FloorDiv, {kMin, 1}, kMin},
      {ExprKind::CeilDiv, {7, 2}, 4},
      {ExprKind::CeilDiv, {-7, 2}, -3},
      {ExprKind::CeilDiv, {7, -2}, -3},
      {ExprKind::CeilDiv, {-7, -2}, 4},
      {ExprKind::CeilDiv, {kMax, 2}, kMax / 2 + 1},
      {ExprKind::Mod, {7, 3}, 1},
      {ExprKind::Mod, {-7, 3}, 2},
      {ExprKind::Mod, {7, -3}, -2},
      {ExprKind::Mod, {-7, -3}, -1},
      {ExprKind::Mod, {kMin, -1}, 0},
      {ExprKind::Min, {3, -3}, -3},
      {ExprKind::Max, {3, -3}, 3},
      {ExprKind::Eq, {3, 3}, 1},
      {ExprKind::Ne, {3, 3}, 0},
      {ExprKind::Lt, {3, 3}, 0},
      {ExprKind::Le, {3, 3}, 1},
      {ExprKind::And, {2, 4}, 1},
      {ExprKind::And, {0, 4}, 0},
      {ExprKind::Or, {0, -1}, 1},
      {ExprKind::Or, {0, 0}, 0},
      {ExprKind::Not, {5}, 0},
      {ExprKind::Not, {0}, 1},
      {ExprKind::Select, {1, 10, 20}, 10},
      {ExprKind::Select, {0, 10, 20}, 20},
  };
  for (const Case &c : cases) {
    Expected<int64_t> value = eval(c.kind, c.operands);
    ASSERT_TRUE(value) << name(c.kind) << ": " << value.error().message();
    EXPECT_EQ(*value, c.expected) << name(c.kind) << " " << c.operands[0];
  }
}

TEST(Expr, OverflowAndDivisionByZeroNameTheExpression) {
  const std::pair<Case, const char *> cases[] = {
      {{ExprKind::Add, {kMax, 1}, 0}, "overflow"},
      {{ExprKind::Sub, {kMin, 1}, 0}, "overflow"},
      {{ExprKind::Mul, {kMax, 2}, 0}, "overflow"},
      {{ExprKind::FloorDiv, {kMin, -1}, 0}, "overflow"},
      {{ExprKind::CeilDiv, {kMin, -1}, 0}, "overflow"},
      {{ExprKind::FloorDiv, {1, 0}, 0}, "division by zero"},
      {{ExprKind::CeilDiv, {1, 0}, 0}, "division by zero"},
      {{ExprKind::Mod, {1, 0}, 0}, "division by zero"},
  };
  for (const auto &[c, reason] : cases) {
    Expected<int64_t> value = eval(c.kind, c.operands);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().message(),
              std::string(reason) + " in '" + std::string(name(c.kind)) + "(" +
                  std::to_string(c.operands[0]) + ", " +
                  std::to_string(c.operands[1]) + ")'");
  }
}

TEST(Expr, OnlyWhatIsNeededIsEvaluated) {
  Expr bad = Expr::op(ExprKind::FloorDiv, {1, 0});
  auto value = [](const Expr &e) { return CompiledExpr(e, {}).evaluate({}); };
  EXPECT_EQ(*value(Expr::op(ExprKind::Select, {1, 5, bad})), 5);
  EXPECT_EQ(*value(Expr::op(ExprKind::And, {0, bad})), 0);
  EXPECT_EQ(*value(Expr::op(ExprKind::Or, {1, bad})), 1);
  EXPECT_FALSE(value(Expr::op(ExprKind::Select, {0, 5, bad})));
}

TEST(Expr, SymbolsAreSlots) {
  Expr e = Expr::op(
      ExprKind::CeilDiv,
      {Expr::op(ExprKind::Mul, {Expr::symbol("b"), Expr::symbol("l")}), 64});
  EXPECT_EQ(e.str(), "ceildiv(mul(b, l), 64)");
  CompiledExpr compiled(
      e, [](const std::string &name) { return name == "b" ? 0u : 1u; });
  const int64_t slots[] = {3, 77};
  EXPECT_EQ(*compiled.evaluate(slots), 4);
}

} // namespace
