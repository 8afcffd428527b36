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

/// Registers both by their flags.
void registerReferencePasses();

} // namespace raddle::reference

#endif // RADDLE_REFERENCE_PASSES_H
