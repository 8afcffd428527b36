//===- HostProgramExport.h - The plan dialect as data ----------*- C++ -*-===//
#ifndef RADDLE_LIB_PIPELINES_HOSTPROGRAMEXPORT_H
#define RADDLE_LIB_PIPELINES_HOSTPROGRAMEXPORT_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "raddle/Artifact/Program.h"

namespace raddle {

/// A tensor that the compiler made and the artifact stores.
struct ProgramConstant {
  std::string name;
  /// A small constant, or null.
  mlir::ElementsAttr value;
  /// A value to be evaluated when the artifact is written, or null.
  mlir::Value computed;
};

/// How a kernel of the LLVM dialect is launched; its graph nodes are left to
/// the caller. Emits diagnostics.
mlir::FailureOr<host::Kernel> describeKernel(mlir::LLVM::LLVMFuncOp func,
                                             llvm::StringRef module);

/// The host program of a module after phase nvvm. Emits diagnostics.
mlir::FailureOr<host::Program>
exportHostProgram(mlir::ModuleOp module,
                  std::vector<ProgramConstant> &constants);

} // namespace raddle

#endif // RADDLE_LIB_PIPELINES_HOSTPROGRAMEXPORT_H
