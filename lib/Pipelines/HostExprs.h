//===- HostExprs.h - Host scalars as expressions ---------------*- C++ -*-===//
#ifndef RADDLE_LIB_PIPELINES_HOSTEXPRS_H
#define RADDLE_LIB_PIPELINES_HOSTEXPRS_H

#include "dialects/Plan/IR/PlanDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "raddle/Artifact/Program.h"

namespace raddle {

/// Scalars of the plan dialect as expressions of the artifact. Integers of
/// fewer than 64 bits are in the range of the signed type (i1: 0 or 1) and wrap
/// around as in the IR; i64 and index do not wrap around, overflow is an error
/// when the program runs.
class HostExprs {
public:
  /// The expression of `value`; reports what has none.
  host::Expr get(mlir::Value value);
  void set(mlir::Value value, host::Expr expr) {
    exprs[value] = std::move(expr);
  }
  bool hadError() const { return failed; }

  /// How the runtime reads a value of the result's type.
  static DataType getReadType(plan::ReadOp op);
  /// Whether `expr` is worth a variable, being large, and may be computed
  /// early, as it cannot divide by zero.
  static bool isWorthVariable(const host::Expr &expr);

private:
  host::Expr make(mlir::Operation *op);
  host::Expr compare(mlir::arith::CmpIOp op);
  host::Expr error(mlir::Operation *op, llvm::StringRef message);

  llvm::DenseMap<mlir::Value, host::Expr> exprs;
  bool failed = false;
};

} // namespace raddle

#endif // RADDLE_LIB_PIPELINES_HOSTEXPRS_H
