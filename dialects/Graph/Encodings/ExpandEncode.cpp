//===- ExpandEncode.cpp - Encoding at run time ----------------------------===//
#include "dialects/Graph/Encodings/BuildEncode.h"
#include "dialects/Graph/Encodings/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHEXPANDENCODE
#include "dialects/Graph/Encodings/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

SmallVector<Value> raddle::graph::buildEncode(OpBuilder &builder, EncodeOp op) {
  RankedTensorType type = op.getResult().getType();
  StorageEncoding encoding = getStorageEncoding(type);
  SmallVector<Value> given;
  for (const EncodingComponent &part : encoding.getComponents(type)) {
    Value value;
    if (ArrayAttr names = op.getComponentNamesAttr())
      for (auto [name, component] :
           llvm::zip(names.getAsRange<StringAttr>(), op.getComponents()))
        if (name.getValue() == part.name)
          value = component;
    given.push_back(value);
  }
  return encoding.buildEncode(builder, op.getLoc(), type, op.getInput(), given);
}

namespace {
struct ExpandEncodePass
    : public raddle::graph::impl::GraphExpandEncodeBase<ExpandEncodePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](EncodeOp op) {
      rewriter.setInsertionPoint(op);
      SmallVector<Value> components = buildEncode(rewriter, op);
      rewriter.replaceOpWithNewOp<AssembleOp>(op, op.getResult().getType(),
                                              components);
    });
  }
};
} // namespace
