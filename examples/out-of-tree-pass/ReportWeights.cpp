//===- ReportWeights.cpp - How the bytes of weights are stored ------------===//
//
// A pass outside of Raddle's tree: it asks weights for their storage encoding
// through the interface that every encoding implements, so it needs no change
// for formats that do not exist yet.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace example {
#define GEN_PASS_DECL
#define GEN_PASS_DEF_EXAMPLEREPORTWEIGHTS
#define GEN_PASS_REGISTRATION
#include "Passes.h.inc"
} // namespace example

using namespace mlir;
using namespace raddle::graph;

namespace {

struct Total {
  int64_t weights = 0, elements = 0, bytes = 0;
};

struct ExampleReportWeights
    : example::impl::ExampleReportWeightsBase<ExampleReportWeights> {
  using ExampleReportWeightsBase::ExampleReportWeightsBase;

  void runOnOperation() override {
    llvm::MapVector<Attribute, Total> totals;
    getOperation().walk([&](WeightOp weight) {
      auto type = cast<RankedTensorType>(weight.getResult().getType());
      // Weights have static shapes: their bytes are in a file.
      StorageEncoding encoding = getStorageEncoding(type);
      std::optional<int64_t> bytes =
          encoding ? encoding.getBytes(type) : getHostBytes(type);
      if (!bytes)
        return;
      Attribute key =
          encoding ? Attribute(encoding) : TypeAttr::get(type.getElementType());
      Total &total = totals[key];
      ++total.weights;
      total.elements += type.getNumElements();
      total.bytes += *bytes;
    });

    auto rows = totals.takeVector();
    llvm::stable_sort(rows, [](const auto &a, const auto &b) {
      return a.second.bytes > b.second.bytes;
    });
    for (const auto &[key, total] : rows) {
      if (total.bytes < minBytes)
        continue;
      double bits =
          total.elements ? 8.0 * total.bytes / double(total.elements) : 0.0;
      mlir::emitRemark(getOperation().getLoc())
          << total.weights << (total.weights == 1 ? " weight" : " weights")
          << " stored as " << key << ": " << total.elements << " elements, "
          << total.bytes << " bytes, " << llvm::formatv("{0:f2}", bits).str()
          << " bits per element";
    }
    markAllAnalysesPreserved();
  }
};

} // namespace

/// What --load-pass-plugin looks for.
extern "C" LLVM_ATTRIBUTE_WEAK
    __attribute__((visibility("default"))) PassPluginLibraryInfo
    mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "ReportWeights", LLVM_VERSION_STRING,
          [] { example::registerExamplePasses(); }};
}
