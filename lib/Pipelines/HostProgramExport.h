//===- HostProgramExport.h - The plan dialect as data ----------*- C++ -*-===//
#ifndef RADDLE_LIB_PIPELINES_HOSTPROGRAMEXPORT_H
#define RADDLE_LIB_PIPELINES_HOSTPROGRAMEXPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "raddle/Artifact/Program.h"

namespace raddle {

/// A small constant that the artifact stores.
struct ProgramConstant {
  std::string name;
  mlir::ElementsAttr value;
};

/// The host program of a module after phase nvvm. Emits diagnostics.
mlir::FailureOr<host::Program>
exportHostProgram(mlir::ModuleOp module,
                  std::vector<ProgramConstant> &constants);

} // namespace raddle

#endif // RADDLE_LIB_PIPELINES_HOSTPROGRAMEXPORT_H
