//===- raddle-opt.cpp - Runs passes over textual IR -----------------------===//
#include "dialects/Register.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "raddle/Pipelines/Phases.h"

/// MlirOptMain loads plugins while it reads its arguments, when the flags of
/// passes are fixed already. Loaded before that, the passes of plugins are
/// flags like ours. What cannot be loaded is reported there.
static void registerPluginPasses(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (!argument.consume_front("--"))
      argument.consume_front("-");
    if (!argument.consume_front("load-pass-plugin"))
      continue;
    if (!argument.consume_front("=") && ++i < argc)
      argument = argv[i];
    if (auto plugin = mlir::PassPlugin::load(argument.str()))
      plugin->registerPassRegistryCallbacks();
    else
      llvm::consumeError(plugin.takeError());
  }
}

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  raddle::registerAllRaddlePasses();
  raddle::registerPhasePipelines();
  registerPluginPasses(argc, argv);
  mlir::DialectRegistry registry;
  raddle::registerAllRaddleDialects(registry);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Raddle's pass driver\n", registry));
}
