//===- Register.h - Everything that libRaddleCompiler offers ----*- C++ -*-===//
#ifndef RADDLE_DIALECTS_REGISTER_H
#define RADDLE_DIALECTS_REGISTER_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace raddle {

/// Registers our dialects, the upstream dialects that they are used with, and
/// the interface implementations that upstream passes need.
void registerAllRaddleDialects(mlir::DialectRegistry &registry);

/// Registers our passes and pipelines by their flags.
void registerAllRaddlePasses();

} // namespace raddle

#endif // RADDLE_DIALECTS_REGISTER_H
