
//===----------------------------------------------------------------------===//
// @TITLE@
//===----------------------------------------------------------------------===//

LogicalResult @CLASS@::verify() {
  if (getInput().getType() != getResult().getType())
    return emitOpError() << "expected a result of type "
                         << getInput().getType() << ", found "
                         << getResult().getType();
  return success();
}

LogicalResult @CLASS@::reifyResultShapes(OpBuilder &builder,
                                    ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getSizes(builder, getLoc(), getInput()));
  return success();
}
