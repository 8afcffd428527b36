//===- raddle-lsp-server.cpp - Editors' view of our IR --------------------===//
#include "dialects/Register.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  raddle::registerAllRaddleDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
