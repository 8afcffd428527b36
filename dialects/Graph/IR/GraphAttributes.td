//===- GraphAttributes.td - Attributes of the graph dialect -*- tablegen -*-===//
#ifndef RADDLE_GRAPH_ATTRIBUTES_TD
#define RADDLE_GRAPH_ATTRIBUTES_TD

include "dialects/Graph/Encodings/Encodings.td"
include "dialects/Graph/IR/GraphDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Graph_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Graph_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Graph_ExternalAttr : Graph_Attr<"External", "external"> {
  let summary = "names a tensor of a memory-mapped archive";
  let description = [{
    Names an entry of an archive that travels beside the IR: its bytes are
    never in the IR. The archive name is resolved by the module's
    `graph.archives` dictionary (name to file and format).

    Example: `#graph.external<"weights"::"encoder.0.q">`.
  }];
  let parameters = (ins StringRefParameter<"archive">:$archive,
                        StringRefParameter<"entry">:$entry);
  let assemblyFormat = "`<` $archive `` `:` `` `:` `` $entry `>`";
}

def Graph_ReduceKind : I32EnumAttr<"ReduceKind", "the combiner of a reduction", [
    I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"mul", 1>,
    I32EnumAttrCase<"min", 2>, I32EnumAttrCase<"max", 3>,
    I32EnumAttrCase<"minu", 4>, I32EnumAttrCase<"maxu", 5>,
    I32EnumAttrCase<"and_", 6, "and">, I32EnumAttrCase<"or_", 7, "or">]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_ReduceKindAttr : EnumAttr<Graph_Dialect, Graph_ReduceKind, "combiner">;

def Graph_PadMode : I32EnumAttr<"PadMode", "what a pad is filled with", [
    I32EnumAttrCase<"constant", 0>, I32EnumAttrCase<"reflect", 1>,
    I32EnumAttrCase<"edge", 2>, I32EnumAttrCase<"wrap", 3>]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_PadModeAttr : EnumAttr<Graph_Dialect, Graph_PadMode, "pad_mode">;

def Graph_NormKind : I32EnumAttr<"NormKind", "how rows are normalised", [
    I32EnumAttrCase<"layer", 0>, I32EnumAttrCase<"rms", 1>]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_NormKindAttr : EnumAttr<Graph_Dialect, Graph_NormKind, "norm_kind">;

def Graph_PoolKind : I32EnumAttr<"PoolKind", "the combiner of a pooling window", [
    I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"average", 1>,
    I32EnumAttrCase<"average_include_pad", 2>, I32EnumAttrCase<"sum", 3>]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_PoolKindAttr : EnumAttr<Graph_Dialect, Graph_PoolKind, "pool_kind">;

def Graph_ResizeMode : I32EnumAttr<"ResizeMode", "the interpolation of a resize", [
    I32EnumAttrCase<"nearest", 0>, I32EnumAttrCase<"linear", 1>,
    I32EnumAttrCase<"cubic", 2>]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_ResizeModeAttr : EnumAttr<Graph_Dialect, Graph_ResizeMode, "resize_mode">;

def Graph_CoordinateMode : I32EnumAttr<"CoordinateMode",
    "how an output coordinate becomes an input coordinate", [
    I32EnumAttrCase<"half_pixel", 0>, I32EnumAttrCase<"half_pixel_symmetric", 1>,
    I32EnumAttrCase<"pytorch_half_pixel", 2>, I32EnumAttrCase<"align_corners", 3>,
    I32EnumAttrCase<"asymmetric", 4>]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_CoordinateModeAttr
    : EnumAttr<Graph_Dialect, Graph_CoordinateMode, "coordinates">;

def Graph_NearestMode : I32EnumAttr<"NearestMode", "how nearest rounds", [
    I32EnumAttrCase<"round_prefer_floor", 0>, I32EnumAttrCase<"round_prefer_ceil", 1>,
    I32EnumAttrCase<"floor", 2>, I32EnumAttrCase<"ceil", 3>]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_NearestModeAttr : EnumAttr<Graph_Dialect, Graph_NearestMode, "nearest"> {
  let assemblyFormat = "`<` $value `>`";
}

def Graph_ScatterKind : I32EnumAttr<"ScatterKind", "how a scattered element is combined", [
    I32EnumAttrCase<"replace", 0>, I32EnumAttrCase<"add", 1>, I32EnumAttrCase<"mul", 2>,
    I32EnumAttrCase<"min", 3>, I32EnumAttrCase<"max", 4>]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_ScatterKindAttr : EnumAttr<Graph_Dialect, Graph_ScatterKind, "scatter_kind">;

def Graph_RecurrentDirection : I32EnumAttr<"RecurrentDirection", "the order of time steps", [
    I32EnumAttrCase<"forward", 0>, I32EnumAttrCase<"reverse", 1>,
    I32EnumAttrCase<"bidirectional", 2>]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_RecurrentDirectionAttr
    : EnumAttr<Graph_Dialect, Graph_RecurrentDirection, "direction">;

def Graph_ComputeMode : I32EnumAttr<"ComputeMode", "the arithmetic of a contraction", [
    I32EnumAttrCase<"native", 0>, I32EnumAttrCase<"f32", 1>, I32EnumAttrCase<"tf32", 2>,
    I32EnumAttrCase<"tf32x3", 3>, I32EnumAttrCase<"f16", 4>, I32EnumAttrCase<"bf16", 5>]> {
  let cppNamespace = "::raddle::graph";
  let genSpecializedAttr = 0;
}
def Graph_ComputeModeAttr : EnumAttr<Graph_Dialect, Graph_ComputeMode, "compute"> {
  let assemblyFormat = "`<` $value `>`";
}

#endif // RADDLE_GRAPH_ATTRIBUTES_TD
