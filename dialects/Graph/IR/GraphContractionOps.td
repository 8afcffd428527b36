//===- GraphContractionOps.td - Products summed over dims ---*- tablegen -*-===//
#ifndef RADDLE_GRAPH_CONTRACTION_OPS_TD
#define RADDLE_GRAPH_CONTRACTION_OPS_TD

include "dialects/Graph/IR/GraphOpsCommon.td"

def Graph_ContractOp : Graph_PureOp<"contract"> {
  let summary = "a general batched matrix product";
  let description = [{
    `result[..] = sum over the reduced dims of lhs[..] * rhs[..]`. The three
    indexing maps (lhs, rhs, result) are projected permutations over one list
    of dims; a dim absent from the result is summed. The element type of the
    result is the type accumulated in (f32 for f16 operands, i32 for i8
    operands). `compute` chooses the arithmetic: see docs/Numerics.md.
    Integer operands are signed unless `lhs_unsigned`/`rhs_unsigned`.

    Example:
    ```mlir
    #a = affine_map<(b, m, n, k) -> (b, m, k)>
    #b = affine_map<(b, m, n, k) -> (k, n)>
    #c = affine_map<(b, m, n, k) -> (b, m, n)>
    %c = graph.contract %x, %w maps [#a, #b, #c]
        : tensor<?x?x384xf32>, tensor<384x384xf32> to tensor<?x?x384xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$lhs, Graph_Tensor:$rhs, AffineMapArrayAttr:$indexing_maps,
                       DefaultValuedAttr<Graph_ComputeModeAttr, "ComputeMode::native">:$compute,
                       UnitAttr:$lhs_unsigned, UnitAttr:$rhs_unsigned);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `maps` $indexing_maps attr-dict `:` type($lhs) `,` type($rhs) `to` type($result)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs,
                   "::mlir::ArrayRef<::mlir::AffineMap>":$maps, "::mlir::Type":$resultElementType)>];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::AffineMap, 3> getMaps();
    /// Per dim: whether it is summed.
    ::llvm::SmallVector<bool> getReducedDims();
    /// Maps of `numpy.matmul` for these ranks (both at least 1), broadcast
    /// leading dims included when `lhs` or `rhs` lacks them.
    static ::llvm::SmallVector<::mlir::AffineMap, 3>
    getMatmulMaps(::mlir::MLIRContext *context, unsigned lhsRank, unsigned rhsRank);
  }];
}

def Graph_ConvOp : Graph_PureOp<"conv"> {
  let summary = "a convolution over spatial dims";
  let description = [{
    Input `[N, C, spatial...]`, filter `[M, C/groups, kernel...]` (of the
    transposed form: `[C, M/groups, kernel...]`), result `[N, M, spatial...]`.
    Out-of-bounds input elements are zero. `transposed` is the gradient of the
    forward form with respect to its input; `pads_low`/`pads_high` then crop.
    With `channels_last` input and result are `[N, spatial..., C]` and the
    filter is `[M, kernel..., C/groups]` (`[C, kernel..., M/groups]`). Result sizes:
    `floor((in + low + high - dilation*(kernel-1) - 1) / stride) + 1`, for the
    transposed form `stride*(in-1) + output_pad + dilation*(kernel-1) + 1 - low - high`.

    Example:
    ```mlir
    %y = graph.conv %x, %w strides = [2, 2] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
        : tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32> to tensor<1x64x112x112xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Graph_Tensor:$filter,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads_low, DenseI64ArrayAttr:$pads_high,
                       I64Attr:$groups,
                       OptionalAttr<DenseI64ArrayAttr>:$output_pads,
                       UnitAttr:$transposed, UnitAttr:$channels_last,
                       DefaultValuedAttr<Graph_ComputeModeAttr, "ComputeMode::native">:$compute,
                       UnitAttr:$input_unsigned, UnitAttr:$filter_unsigned);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $filter `strides` `=` $strides `dilations` `=` $dilations `low` `=` $pads_low
    `high` `=` $pads_high `groups` `=` $groups attr-dict
    `:` type($input) `,` type($filter) `to` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    unsigned getSpatialRank() { return getStrides().size(); }
  }];
}

def Graph_AttentionOp : Graph_PureOp<"attention"> {
  let summary = "scaled dot-product attention";
  let description = [{
    `softmax(scale * q k^T + mask) v` over the last dim of the scores. q
    `[batch, heads, M, D]`, k `[batch, kvheads, N, D]`, v `[batch, kvheads, N, E]`, result
    `[batch, heads, M, E]`; `heads` is a multiple of `kvheads`. The additive
    float mask has the rank-4 shape of the scores or 1 in any dim; with
    `causal`, position m sees n <= m + N - M, and a kernel visits no tile of
    keys behind that. `softcap` c > 0 replaces a score
    s by c tanh(s/c) before the mask. A row that is masked everywhere gives
    NaN when its scores are all -inf, as the composition would; with
    `masked_rows_zero`, NaN probabilities count as 0, so such a row gives 0.

    Example:
    ```mlir
    %y = graph.attention %q, %k, %v mask %m scale = 0.125
        : tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x1x1x?xf32>
        to tensor<?x12x?x32xf32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$query, Graph_FloatTensor:$key, Graph_FloatTensor:$value,
                       Optional<Graph_FloatTensor>:$mask, F64Attr:$scale, UnitAttr:$causal,
                       DefaultValuedAttr<F64Attr, "0.0">:$softcap,
                       DefaultValuedAttr<Graph_ComputeModeAttr, "ComputeMode::native">:$compute,
                       UnitAttr:$masked_rows_zero);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? `scale` `=` $scale attr-dict
    `:` type($query) `,` type($key) `,` type($value) (`,` type($mask)^)? `to` type($result)
  }];
  let hasVerifier = 1;
}

#endif // RADDLE_GRAPH_CONTRACTION_OPS_TD
