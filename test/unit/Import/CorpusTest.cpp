//===- CorpusTest.cpp - replays the fuzzer's corpus -----------------------===//

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "raddle/Import/Onnx.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace raddle;

namespace {

TEST(Corpus, NoFileCrashesTheImporter) {
  size_t count = 0;
  for (const auto &file : std::filesystem::directory_iterator(RADDLE_CORPUS)) {
    SCOPED_TRACE(file.path().string());
    std::ifstream stream(file.path(), std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    size_t errors = 0;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      errors += d.getSeverity() == mlir::DiagnosticSeverity::Error;
      return mlir::success();
    });
    mlir::OwningOpRef<mlir::ModuleOp> module =
        importOnnx(reinterpret_cast<const uint8_t *>(bytes.data()),
                   bytes.size(), "corpus", {}, context);
    // No module without a reason, no reason with a module.
    EXPECT_EQ(errors == 0, static_cast<bool>(module));
    // The name says what is expected.
    std::string name = file.path().filename().string();
    if (name.starts_with("good-"))
      EXPECT_TRUE(module);
    else if (name.starts_with("bad-"))
      EXPECT_FALSE(module);
    ++count;
  }
  EXPECT_GT(count, 0u);
}

} // namespace
