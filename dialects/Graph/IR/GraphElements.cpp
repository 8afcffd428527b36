//===- GraphElements.cpp - Elements of index operations
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace raddle::graph;

Value BroadcastOp::buildElement(ElementBuilder &builder, unsigned result,
                                ArrayRef<Value> indices,
                                ElementAccess element) {
  return {};
}

Value ReshapeOp::buildElement(ElementBuilder &builder, unsigned result,
                              ArrayRef<Value> indices, ElementAccess element) {
  return {};
}

Value TransposeOp::buildElement(ElementBuilder &builder, unsigned result,
                                ArrayRef<Value> indices,
                                ElementAccess element) {
  return {};
}

Value SliceOp::buildElement(ElementBuilder &builder, unsigned result,
                            ArrayRef<Value> indices, ElementAccess element) {
  return {};
}

Value ConcatOp::buildElement(ElementBuilder &builder, unsigned result,
                             ArrayRef<Value> indices, ElementAccess element) {
  return {};
}

Value PadOp::buildElement(ElementBuilder &builder, unsigned result,
                          ArrayRef<Value> indices, ElementAccess element) {
  return {};
}

Value GatherOp::buildElement(ElementBuilder &builder, unsigned result,
                             ArrayRef<Value> indices, ElementAccess element) {
  return {};
}

Value GatherElementsOp::buildElement(ElementBuilder &builder, unsigned result,
                                     ArrayRef<Value> indices,
                                     ElementAccess element) {
  return {};
}

Value GatherNdOp::buildElement(ElementBuilder &builder, unsigned result,
                               ArrayRef<Value> indices, ElementAccess element) {
  return {};
}

Value IotaOp::buildElement(ElementBuilder &builder, unsigned result,
                           ArrayRef<Value> indices, ElementAccess element) {
  return {};
}

Value SplatOp::buildElement(ElementBuilder &builder, unsigned result,
                            ArrayRef<Value> indices, ElementAccess element) {
  return {};
}

Value ResizeOp::buildElement(ElementBuilder &builder, unsigned result,
                             ArrayRef<Value> indices, ElementAccess element) {
  return {};
}

Value DecodeOp::buildElement(ElementBuilder &builder, unsigned result,
                             ArrayRef<Value> indices, ElementAccess element) {
  return {};
}
LogicalResult EncodeOp::verify() { return success(); }

LogicalResult DecodeOp::verify() { return success(); }

LogicalResult AssembleOp::verify() { return success(); }
