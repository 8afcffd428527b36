//===- GraphIndexOps.td - Index re-arrangements -------------*- tablegen -*-===//
#ifndef RADDLE_GRAPH_INDEX_OPS_TD
#define RADDLE_GRAPH_INDEX_OPS_TD

include "dialects/Graph/IR/GraphOpsCommon.td"

def Graph_BroadcastOp : Graph_IndexOp<"broadcast"> {
  let summary = "repeats a tensor along new or unit dims";
  let description = [{
    Right-aligned (NumPy) broadcasting to the given sizes: an operand dim is
    statically 1 and repeated, or equal to the result dim. Leading dims may be
    new. Sizes that are not static are host scalars.

    Example:
    ```mlir
    %y = graph.broadcast %x sizes [%n, 384] : tensor<384xf32> to tensor<?x384xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Variadic<Index>:$sizes,
                       DenseI64ArrayAttr:$static_sizes);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `sizes` custom<DynamicIndexList>($sizes, $static_sizes) attr-dict
    `:` type($input) `to` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
                                 "::mlir::ArrayRef<::mlir::OpFoldResult>":$sizes)>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
}

def Graph_ReshapeOp : Graph_IndexOp<"reshape"> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    Example:
    ```mlir
    %y = graph.reshape %x sizes [%b, %l, 12, 32] : tensor<?x?x384xf32> to tensor<?x?x12x32xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Variadic<Index>:$sizes,
                       DenseI64ArrayAttr:$static_sizes);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `sizes` custom<DynamicIndexList>($sizes, $static_sizes) attr-dict
    `:` type($input) `to` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
                                 "::mlir::ArrayRef<::mlir::OpFoldResult>":$sizes)>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
}

def Graph_TransposeOp : Graph_IndexOp<"transpose"> {
  let summary = "permutes the dims";
  let description = [{
    Result dim `i` is operand dim `permutation[i]`.

    Example:
    ```mlir
    %y = graph.transpose %x [0, 2, 1, 3] : tensor<2x9x12x32xf32> to tensor<2x12x9x32xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input) `to` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
                                 "::mlir::ArrayRef<int64_t>":$permutation)>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Graph_SliceOp : Graph_IndexOp<"slice", [AttrSizedOperandSegments]> {
  let summary = "a strided box of a tensor";
  let description = [{
    `result[i] = input[offset + i * stride]` per dim; strides are static, may
    be negative, never zero. Offsets and sizes are in elements; every element
    named is inside the operand (checked statically where possible, otherwise
    by the host program at launch).

    Example:
    ```mlir
    %y = graph.slice %x offsets [0, %o] sizes [4, %n] strides [1, 2] : tensor<4x?xf32> to tensor<4x?xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Variadic<Index>:$offsets, Variadic<Index>:$sizes,
                       DenseI64ArrayAttr:$static_offsets, DenseI64ArrayAttr:$static_sizes,
                       DenseI64ArrayAttr:$strides);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `offsets` custom<DynamicIndexList>($offsets, $static_offsets)
    `sizes` custom<DynamicIndexList>($sizes, $static_sizes) `strides` $strides attr-dict
    `:` type($input) `to` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
                                 "::mlir::ArrayRef<::mlir::OpFoldResult>":$offsets,
                                 "::mlir::ArrayRef<::mlir::OpFoldResult>":$sizes,
                                 "::mlir::ArrayRef<int64_t>":$strides)>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedOffsets();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
}

def Graph_ConcatOp : Graph_IndexOp<"concat"> {
  let summary = "joins tensors along a dim";
  let description = [{
    Example:
    ```mlir
    %y = graph.concat axis = 1 (%a, %b) : (tensor<4x2xf32>, tensor<4x3xf32>) to tensor<4x5xf32>
    ```
  }];
  let arguments = (ins Variadic<Graph_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    `axis` `=` $axis ` ` `(` $inputs `)` attr-dict `:` `(` type($inputs) `)` `to` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::ValueRange":$inputs, "int64_t":$axis)>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Graph_PadOp : Graph_IndexOp<"pad", [AttrSizedOperandSegments]> {
  let summary = "adds elements before and after";
  let description = [{
    `low` and `high` count elements per dim (not negative: cropping is a
    slice). `value` is the fill of mode `constant`, a rank-0 tensor; without it
    the fill is zero. `reflect` mirrors without the edge, `edge` repeats it,
    `wrap` is periodic.

    Example:
    ```mlir
    %y = graph.pad %x low [0, 1] high [0, %h] value %v mode constant
        : tensor<4x?xf32>, tensor<f32> to tensor<4x?xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Variadic<Index>:$low, Variadic<Index>:$high,
                       Optional<Graph_Tensor>:$value,
                       DenseI64ArrayAttr:$static_low, DenseI64ArrayAttr:$static_high,
                       Graph_PadModeAttr:$mode);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `low` custom<DynamicIndexList>($low, $static_low)
    `high` custom<DynamicIndexList>($high, $static_high) (`value` $value^)? `mode` `` $mode attr-dict
    `:` type($input) (`,` type($value)^)? `to` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
                                 "::mlir::ArrayRef<::mlir::OpFoldResult>":$low,
                                 "::mlir::ArrayRef<::mlir::OpFoldResult>":$high,
                                 "::mlir::Value":$value, CArg<"PadMode", "PadMode::constant">:$mode)>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedLow();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedHigh();
  }];
}

def Graph_GatherOp : Graph_IndexOp<"gather"> {
  let summary = "picks slices by index along a dim";
  let description = [{
    The dim `axis` of the input is replaced by the dims of `indices`
    (`numpy.take`). Negative indices count from the end; indices outside are
    clamped (a fault of the input data, never of memory).

    Example:
    ```mlir
    %y = graph.gather %table[%ids] axis = 0 : tensor<30522x384xf32>, tensor<?x?xi64> to tensor<?x?x384xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Graph_IntTensor:$indices, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `[` $indices `]` `axis` `=` $axis attr-dict `:` type($input) `,` type($indices) `to` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$indices, "int64_t":$axis)>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Graph_GatherElementsOp : Graph_IndexOp<"gather_elements"> {
  let summary = "picks single elements along a dim";
  let description = [{
    `result[i0,..,in] = input[i0,..,indices[i0,..,in],..,in]` (`numpy.take_along_axis`).
    Negative and outside indices as in `graph.gather`.

    Example:
    ```mlir
    %y = graph.gather_elements %x[%i] axis = 1 : tensor<3x4xf32>, tensor<3x2xi64> to tensor<3x2xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Graph_IntTensor:$indices, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `[` $indices `]` `axis` `=` $axis attr-dict `:` type($input) `,` type($indices) `to` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_GatherNdOp : Graph_IndexOp<"gather_nd"> {
  let summary = "picks slices by index tuples";
  let description = [{
    The last dim of `indices` (static) holds tuples into the input dims that
    follow the `batch_dims` shared leading dims.

    Example:
    ```mlir
    %y = graph.gather_nd %x[%i] batch_dims = 0 : tensor<2x9xi1>, tensor<5x2xi64> to tensor<5xi1>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Graph_IntTensor:$indices, I64Attr:$batch_dims);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `[` $indices `]` `batch_dims` `=` $batch_dims attr-dict `:` type($input) `,` type($indices) `to` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_IotaOp : Graph_IndexOp<"iota"> {
  let summary = "the index along a dim";
  let description = [{
    `result[i0,..,in] = i_axis`, as an integer or float.

    Example:
    ```mlir
    %y = graph.iota axis = 0 sizes [%n] : tensor<?xi64>
    ```
  }];
  let arguments = (ins Variadic<Index>:$sizes, DenseI64ArrayAttr:$static_sizes, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    `axis` `=` $axis `sizes` custom<DynamicIndexList>($sizes, $static_sizes) attr-dict `:` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Type":$elementType,
                                 "::mlir::ArrayRef<::mlir::OpFoldResult>":$sizes, "int64_t":$axis)>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
}

def Graph_SplatOp : Graph_IndexOp<"splat"> {
  let summary = "a rank-0 tensor from a host scalar";
  let description = [{
    Brings a host scalar (an `index`, integer or float value) to the device; a
    kernel takes it as an argument. An `index` becomes the integer or float
    element type of the result.

    Example:
    ```mlir
    %y = graph.splat %n : index to tensor<i64>
    ```
  }];
  let arguments = (ins AnyTypeOf<[Index, AnySignlessInteger, AnyFloat]>:$scalar);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$scalar attr-dict `:` type($scalar) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_ResizeOp : Graph_IndexOp<"resize"> {
  let summary = "interpolates along dims";
  let description = [{
    Resizes each dim of the input to the given size. `scales` holds per dim the
    factor that maps coordinates (output/input as the model states it; it may
    differ from the ratio of sizes). Modes and coordinate transformations are
    those of ONNX Resize (operator specification, section Resize).

    Example:
    ```mlir
    %y = graph.resize %x mode = linear coordinates = half_pixel scales = [1.0, 1.0, 2.0, 2.0]
        sizes [1, 3, 28, 28] : tensor<1x3x14x14xf32> to tensor<1x3x28x28xf32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$input, Variadic<Index>:$sizes,
                       DenseI64ArrayAttr:$static_sizes, Graph_ResizeModeAttr:$mode,
                       Graph_CoordinateModeAttr:$coordinates, DenseF64ArrayAttr:$scales,
                       DefaultValuedAttr<Graph_NearestModeAttr, "NearestMode::round_prefer_floor">:$nearest,
                       DefaultValuedAttr<F64Attr, "-0.75">:$cubic_coefficient,
                       DefaultValuedAttr<BoolAttr, "false">:$exclude_outside,
                       DefaultValuedAttr<BoolAttr, "false">:$antialias);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = [{
    $input `mode` `=` `` $mode `coordinates` `=` `` $coordinates `scales` `=` $scales
    `sizes` custom<DynamicIndexList>($sizes, $static_sizes) attr-dict `:` type($input) `to` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
}

#endif // RADDLE_GRAPH_INDEX_OPS_TD
