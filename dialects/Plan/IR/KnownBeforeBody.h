//===- KnownBeforeBody.h - Scalars that a call starts with -----*- C++ -*-===//
#ifndef RADDLE_DIALECTS_PLAN_IR_KNOWNBEFOREBODY_H
#define RADDLE_DIALECTS_PLAN_IR_KNOWNBEFOREBODY_H

#include "dialects/Plan/IR/PlanDialect.h"
#include "llvm/ADT/DenseMap.h"

namespace raddle::plan {

/// Tells which host scalars of a program are known before its first launch:
/// named dims, constants, what is read from arguments outside of control flow,
/// and arithmetic on those. Buffers of such sizes have a place in the arena;
/// reads and assertions of such values belong to the prologue of the artifact.
class KnownBeforeBody {
public:
  bool contains(mlir::Value value);

private:
  llvm::DenseMap<mlir::Value, bool> known;
};

} // namespace raddle::plan

#endif // RADDLE_DIALECTS_PLAN_IR_KNOWNBEFOREBODY_H
