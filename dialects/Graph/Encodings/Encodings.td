//===- Encodings.td - The storage encodings -----------------*- tablegen -*-===//
#ifndef RADDLE_GRAPH_ENCODINGS_TD
#define RADDLE_GRAPH_ENCODINGS_TD

include "dialects/Graph/IR/GraphDialect.td"
include "dialects/Graph/Encodings/StorageEncoding.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/TensorEncoding.td"

class Graph_Encoding<string name, string attrMnemonic>
    : AttrDef<Graph_Dialect, name # "Encoding",
              [DeclareAttrInterfaceMethods<StorageEncoding>,
               DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = attrMnemonic;
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Graph_IntEncoding : Graph_Encoding<"Int", "int"> {
  let summary = "affine integers";
  let description = [{
    Element = `(code - zero) * scale`: the difference is formed exactly, the
    product in f32 (f64 when the element or scale is f64) and rounded once to
    the element type. Parameters:

    - `bits`: 1, 2, 4, 8 or 16 per code. Narrow codes are packed along the last
      dim, the first code in the lowest bits of a byte; a row starts on a byte.
    - `unsigned`: codes run from 0 to 2^bits - 1, else from -2^(bits-1) to
      2^(bits-1) - 1.
    - `scale`: the float type of the scales.
    - `zero`: the type of the zero points: the integer type of the unpacked
      codes, or a float type; without it zero points are 0.
    - `axis`: scales and zero points differ along this dim; without it there is
      one of each.
    - `group`: with `axis`, each run of this many elements along the dim has
      its own scale, separately for every index of the other dims.

    Components: `codes`, `scales` and, with `zero`, `zeros`. Scales have shape
    `[]`, `[size of axis]`, or the tensor's shape with the size of `axis`
    divided by `group`, rounded up.

    Encoding without given scales: symmetric without zero points (the greatest
    magnitude maps to the greatest code), else from the range of the values
    with 0 included. Codes are rounded to nearest even and saturated; NaN
    becomes the least code. The scale of an all-zero range is 1.

    Example: `#graph.int<bits = 4, unsigned, scale = f16, zero = i8, axis = 1, group = 32>`.
  }];
  let parameters = (ins "unsigned":$bits, "bool":$isUnsigned, "::mlir::Type":$scale,
                        OptionalParameter<"::mlir::Type">:$zero,
                        OptionalParameter<"std::optional<int64_t>">:$axis,
                        OptionalParameter<"std::optional<int64_t>">:$group);
  let extraClassDeclaration = [{
    /// Codes in a byte of the `codes` component.
    unsigned getCodesPerByte() { return getBits() < 8 ? 8 / getBits() : 1; }
    int64_t getMinCode() {
      return getIsUnsigned() ? 0 : -(int64_t(1) << (getBits() - 1));
    }
    int64_t getMaxCode() {
      return (int64_t(1) << (getIsUnsigned() ? getBits() : getBits() - 1)) - 1;
    }
    /// i8 or i16: the type of codes once unpacked.
    ::mlir::IntegerType getCodeType();
    /// The shape of `scales` for a tensor of shape `shape`.
    ::llvm::SmallVector<int64_t> getScaleShape(::llvm::ArrayRef<int64_t> shape);
  }];
}

def Graph_DenseEncoding : Graph_Encoding<"Dense", "dense"> {
  let summary = "permuted and padded elements";
  let description = [{
    The elements themselves in another order. Parameters:

    - `order`: dim `i` of the storage is dim `order[i]` of the tensor (row-major
      storage; default: the order of the tensor).
    - `pad`: each storage dim is padded with zeros to a multiple of this number
      (default 1). A padded dim has to be static.
    - `inner`: how the permuted and padded tensor is stored in turn.

    Component: `data`, or those of `inner`.

    Example: `#graph.dense<order = [1, 0], pad = [1, 64]>`.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$order, ArrayRefParameter<"int64_t">:$pad,
                        OptionalParameter<"::mlir::Attribute">:$inner);
  let extraClassDeclaration = [{
    /// The permutation, of `rank` dims.
    ::llvm::SmallVector<int64_t> getPermutation(int64_t rank);
    /// The type that is stored: permuted, padded and encoded as `inner`.
    ::mlir::RankedTensorType getStorageType(::mlir::RankedTensorType type);
  }];
}

#endif // RADDLE_GRAPH_ENCODINGS_TD
