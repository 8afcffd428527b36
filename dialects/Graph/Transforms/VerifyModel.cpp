//===- VerifyModel.cpp - The contract of an imported model ----------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHVERIFYMODEL
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

namespace {
struct GraphVerifyModel
    : raddle::graph::impl::GraphVerifyModelBase<GraphVerifyModel> {
  using GraphVerifyModelBase::GraphVerifyModelBase;

  void runOnOperation() override {
    auto entry = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!entry) {
      getOperation().emitError("expected a function 'main'");
      return signalPassFailure();
    }
    if (!entry.isPublic() || !entry.getBody().hasOneBlock()) {
      entry.emitOpError("expected a public function with one block");
      return signalPassFailure();
    }
    verifyPorts(entry);
    entry.walk([&](Operation *op) { verify(op); });
    if (failing)
      signalPassFailure();
  }

private:
  InFlightDiagnostic fail(Operation *op) {
    failing = true;
    return op->emitOpError();
  }

  void verifyPorts(func::FuncOp entry) {
    llvm::StringSet<> names[2];
    auto check = [&](const char *what, unsigned i, Type type, auto get) {
      bool isArgument = *what == 'a';
      if (!isa<RankedTensorType>(type))
        fail(entry) << "expected a ranked tensor as " << what << ' ' << i
                    << ", found " << type;
      auto name = dyn_cast_or_null<StringAttr>(get("graph.name"));
      if (!name || !get("graph.type"))
        fail(entry) << "expected 'graph.name' and 'graph.type' of " << what
                    << ' ' << i;
      else if (!names[isArgument].insert(name.getValue()).second)
        fail(entry) << "expected different names of " << what << "s, found "
                    << name << " twice";
    };
    for (auto [i, type] : llvm::enumerate(entry.getArgumentTypes())) {
      unsigned number = i;
      check("argument", i, type,
            [&](StringRef name) { return entry.getArgAttr(number, name); });
      auto tensor = dyn_cast<RankedTensorType>(type);
      auto shape = entry.getArgAttrOfType<ArrayAttr>(i, "graph.shape");
      for (int64_t d = 0; tensor && d < tensor.getRank(); ++d)
        if (tensor.isDynamicDim(d) && (!shape || d >= int64_t(shape.size()) ||
                                       !isa<StringAttr>(shape[d])))
          fail(entry) << "expected 'graph.shape' of argument " << i
                      << " to name dim " << d;
    }
    for (auto [i, type] : llvm::enumerate(entry.getResultTypes())) {
      unsigned number = i;
      check("result", i, type,
            [&](StringRef name) { return entry.getResultAttr(number, name); });
    }
  }

  void verify(Operation *op) {
    if (!isa_and_nonnull<GraphDialect, arith::ArithDialect, math::MathDialect,
                         tensor::TensorDialect, scf::SCFDialect,
                         cf::ControlFlowDialect, func::FuncDialect>(
            op->getDialect()))
      fail(op)
          << "is of no dialect of the graph phases: expected graph, arith, "
             "math, tensor, scf, cf or func";
    if (isa<GroupOp>(op))
      fail(op) << "stands before the phase that forms groups";
    if (!computed)
      return;
    llvm::TypeSwitch<Operation *>(op).Case<ContractOp, ConvOp, AttentionOp>(
        [&](auto product) {
          if (product.getCompute() == ComputeMode::native &&
              getElementTypeOrSelf(op->getOperand(0).getType()).isF32() &&
              getElementTypeOrSelf(op->getOperand(1).getType()).isF32())
            fail(op) << "expected a product of f32 to say its arithmetic";
        });
  }

  bool failing = false;
};
} // namespace
