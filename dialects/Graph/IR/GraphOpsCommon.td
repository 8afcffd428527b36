//===- GraphOpsCommon.td - What all op families include -----*- tablegen -*-===//
#ifndef RADDLE_GRAPH_OPS_COMMON_TD
#define RADDLE_GRAPH_OPS_COMMON_TD

include "dialects/Graph/IR/GraphDialect.td"
include "dialects/Graph/IR/GraphAttributes.td"
include "dialects/Graph/IR/GraphInterfaces.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferIntRangeInterface.td"

// Every structured operation can state the sizes of its results as host
// scalars over its operands.
def Graph_Reify
    : DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                ["reifyResultShapes"]>;
def Graph_Element : DeclareOpInterfaceMethods<ElementOpInterface, ["readsOnce"]>;

class Graph_PureOp<string mnemonic, list<Trait> traits = []>
    : Graph_Op<mnemonic, !listconcat([Pure, Graph_Reify], traits)>;

// An operation of the index family: a re-arrangement without arithmetic.
class Graph_IndexOp<string mnemonic, list<Trait> traits = []>
    : Graph_PureOp<mnemonic, !listconcat([Graph_Element], traits)>;

def Graph_Tensor : RankedTensorOf<[AnyFloat, AnySignlessInteger, Index]>;
def Graph_FloatTensor : RankedTensorOf<[AnyFloat]>;
def Graph_IntTensor : RankedTensorOf<[AnySignlessInteger]>;

#endif // RADDLE_GRAPH_OPS_COMMON_TD
