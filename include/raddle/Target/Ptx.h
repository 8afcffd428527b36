//===- Ptx.h - PTX text from the LLVM dialect ------------------*- C++ -*-===//
#ifndef RADDLE_TARGET_PTX_H
#define RADDLE_TARGET_PTX_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace raddle::target {

/// The names that `--target` takes: sm_80, sm_86, sm_89, sm_90.
llvm::ArrayRef<llvm::StringRef> getTargetNames();

/// True when `name` is one of them.
bool isTargetName(llvm::StringRef name);

/// Bytes of shared memory that one thread block may use on `target`.
int64_t getMaxSharedBytes(llvm::StringRef target);

/// Emits PTX text for a module of the LLVM dialect whose kernels carry
/// `nvvm.kernel`. Emits a diagnostic at the module and fails when the module
/// does not translate. Thread-safe for modules of different contexts or
/// different modules of one context.
mlir::FailureOr<std::string> emitPtx(mlir::ModuleOp module,
                                     llvm::StringRef target);

} // namespace raddle::target

#endif // RADDLE_TARGET_PTX_H
