//===- GraphInterfaces.td - Interfaces of graph operations --*- tablegen -*-===//
#ifndef RADDLE_GRAPH_INTERFACES_TD
#define RADDLE_GRAPH_INTERFACES_TD

include "mlir/IR/OpBase.td"

def ElementOpInterface : OpInterface<"ElementOpInterface"> {
  let cppNamespace = "::raddle::graph";
  let description = [{
    An operation whose result element is a function of a few operand elements
    and of its index. Such an operation never needs a kernel of its own: a
    kernel that reads its result evaluates it at the point of use. Upstream
    element-wise operations (trait `ElementwiseMappable`) need no interface:
    they are re-created on elements; `graph::buildElement` serves both.
  }];
  let methods = [
    InterfaceMethod<[{
      Builds result number `result` at `indices` (one i32 value per result
      dim, scalars or tiles of equal-or-broadcastable shape). `element(n,
      idx)` gives operand `n` at `idx`, which must be inside its bounds for
      every lane whose value is used; lanes that may be outside have to be
      clamped first.
    }], "::mlir::Value", "buildElement",
      (ins "::raddle::graph::ElementBuilder &":$builder, "unsigned":$result,
           "::mlir::ArrayRef<::mlir::Value>":$indices,
           "::raddle::graph::ElementAccess":$element)>,
    InterfaceMethod<[{
      True when each operand element is read at most about once over the whole
      result, so that evaluating the producer in place costs no more than
      storing it (false for broadcasts that repeat an element many times).
    }], "bool", "readsOnce", (ins), "", "return true;">,
  ];
}

def EncodedOperandOpInterface : OpInterface<"EncodedOperandOpInterface"> {
  let cppNamespace = "::raddle::graph";
  let description = [{
    An operation that takes or gives tensors with a storage encoding. Any other
    operation on one is rejected by `graph-verify-encodings`, since it would
    take the stored bytes for elements. (Functions, calls and the control flow
    of `scf` hand values through and need no interface.)
  }];
  let methods = [
    InterfaceMethod<"Whether operand number `operand` may be encoded.", "bool",
      "acceptsEncoded", (ins "unsigned":$operand), "", "return true;">,
    InterfaceMethod<"Whether result number `result` may be encoded.", "bool",
      "producesEncoded", (ins "unsigned":$result), "", "return true;">,
  ];
}

#endif // RADDLE_GRAPH_INTERFACES_TD
