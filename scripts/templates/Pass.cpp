//===- @FILE@.cpp - @TITLE@ @RULE@===//
#include "dialects/@DIALECT@/IR/@DIALECT@Dialect.h"
#include "dialects/@DIALECT@/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace raddle::@NAMESPACE@ {
#define GEN_PASS_DEF_@UPPER@
#include "dialects/@DIALECT@/Transforms/Passes.h.inc"
} // namespace raddle::@NAMESPACE@

using namespace mlir;
using namespace raddle::@NAMESPACE@;

namespace {

struct @CLASS@ : raddle::@NAMESPACE@::impl::@CLASS@Base<@CLASS@> {
  void runOnOperation() override {
    // Start here: visit what the pass is about. This one changes nothing.
    getOperation().walk([](Operation *op) { (void)op; });
    markAllAnalysesPreserved();
  }
};

} // namespace
