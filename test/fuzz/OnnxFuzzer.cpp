//===- OnnxFuzzer.cpp - any bytes are safe to import ----------------------===//

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "raddle/Import/Onnx.h"

#include <cstdlib>
#include <memory>

using namespace raddle;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A context keeps every attribute it ever made, so it is replaced at times.
  static std::unique_ptr<mlir::MLIRContext> context;
  static unsigned runs = 0;
  if (runs++ % 1000 == 0)
    context = std::make_unique<mlir::MLIRContext>(
        mlir::MLIRContext::Threading::DISABLED);
  size_t errors = 0;
  mlir::ScopedDiagnosticHandler handler(
      context.get(), [&](mlir::Diagnostic &diagnostic) {
        errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
        return mlir::success();
      });
  mlir::OwningOpRef<mlir::ModuleOp> module =
      importOnnx(data, size, "fuzz", {}, *context);
  // No module without a reason, no reason with a module.
  if (static_cast<bool>(module) != (errors == 0))
    std::abort();
  return 0;
}
