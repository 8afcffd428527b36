//===- GraphDialect.td - The graph dialect ------------------*- tablegen -*-===//
#ifndef RADDLE_GRAPH_DIALECT_TD
#define RADDLE_GRAPH_DIALECT_TD

include "mlir/IR/OpBase.td"

def Graph_Dialect : Dialect {
  let name = "graph";
  let cppNamespace = "::raddle::graph";
  let summary = "tensor programs with value semantics";
  let description = [{
    A model as a graph of operations on ranked tensors. Element-wise
    computation uses the upstream `arith` and `math` operations on tensors
    (operands of equal shape; broadcasting is the explicit
    `graph.broadcast`), host scalars use `index`/`arith` on scalars and
    `tensor.dim`, control flow uses `scf`. This dialect adds what upstream
    lacks: structured operations (contraction, convolution, attention,
    reduction, normalisation, window, sort, recurrence), pure index
    re-arrangements that a kernel can absorb, weights by name, and storage
    encodings.

    Sizes that are not static are `index` operands; they are host scalars.
    Integers are signless; an unsigned interpretation is chosen by the
    operation (`arith.divui`, `arith.uitofp`).

    Entry functions carry `graph.dims` (dictionaries of `name` and, where
    known, `min`, `max` and `divisor`), and per argument and result
    `graph.name`, `graph.type` (the interchange type, e.g. `"u8"`) and
    `graph.shape` (an array of integers and dim names). The module carries
    `graph.version` and, when it has weights, `graph.archives` (a dictionary
    from archive name to `path` and `format`).
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasCanonicalizer = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

class Graph_Op<string mnemonic, list<Trait> traits = []>
    : Op<Graph_Dialect, mnemonic, traits>;

#endif // RADDLE_GRAPH_DIALECT_TD
