//===- Passes.h - Passes that evaluate -------------------------*- C++ -*-===//
#ifndef RADDLE_REFERENCE_PASSES_H
#define RADDLE_REFERENCE_PASSES_H

#include <cstdint>
#include <memory>
#include <string>

namespace mlir {
class Pass;
} // namespace mlir

namespace raddle::reference {

/// `graph-evaluate`: runs a function on the host. Arguments come from the .npz
/// file `inputs` by name. Results go to the .npz file `outputs`, or without
/// one replace the function's body as constants.
std::unique_ptr<mlir::Pass> createEvaluatePass();

/// `graph-fold-constants`: replaces values that depend on constants alone by
/// constants, where they take at most `maxBytes`.
std::unique_ptr<mlir::Pass> createFoldConstantsPass(int64_t maxBytes = 65536);

/// `graph-expose-groups`: returns the results of all groups of `main`, so that
/// an artifact of it stores them. Branches that the arguments in the .npz file
/// `inputs` take replace their `scf.if`.
std::unique_ptr<mlir::Pass> createExposeGroupsPass();

/// `graph-check-groups`: judges what an artifact computed, group by group. From
/// a group's own inputs (the .npz files `inputs` and `outputs`) the results are
/// computed in f64 with the element-wise bounds of docs/Numerics.md; a result
/// in `outputs` beyond its bound is an error. `report` receives a line per
/// group.
std::unique_ptr<mlir::Pass> createCheckGroupsPass();

/// Registers all by their flags.
void registerReferencePasses();

} // namespace raddle::reference

#endif // RADDLE_REFERENCE_PASSES_H
