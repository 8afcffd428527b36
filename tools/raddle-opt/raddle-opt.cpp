//===- raddle-opt.cpp - Runs passes over textual IR -----------------------===//
#include "dialects/Register.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "raddle/Pipelines/Phases.h"

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  raddle::registerAllRaddlePasses();
  raddle::registerPhasePipelines();
  mlir::DialectRegistry registry;
  raddle::registerAllRaddleDialects(registry);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Raddle's pass driver\n", registry));
}
