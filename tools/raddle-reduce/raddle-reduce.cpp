//===- raddle-reduce.cpp - Shrinks IR that shows a bug --------------------===//
#include "ReduceDataflow.h"
#include "dialects/Register.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  raddle::registerAllRaddlePasses();
  raddle::registerReductionPasses();
  mlir::DialectRegistry registry;
  raddle::registerAllRaddleDialects(registry);
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
