//===- IndexFolders.cpp - Folders of index operations
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace raddle::graph;

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) { return {}; }

void BroadcastOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) { return {}; }

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) { return {}; }

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) { return {}; }

void SliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {}

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) { return {}; }

OpFoldResult PadOp::fold(FoldAdaptor adaptor) { return {}; }

OpFoldResult SplatOp::fold(FoldAdaptor adaptor) { return {}; }
