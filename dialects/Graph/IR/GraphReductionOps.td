//===- GraphReductionOps.td - Rows reduced and normalised ---*- tablegen -*-===//
#ifndef RADDLE_GRAPH_REDUCTION_OPS_TD
#define RADDLE_GRAPH_REDUCTION_OPS_TD

include "dialects/Graph/IR/GraphOpsCommon.td"

def Graph_ReduceOp : Graph_PureOp<"reduce"> {
  let summary = "combines the elements along dims";
  let description = [{
    The reduced dims stay with size 1 when `keep_dims`, otherwise they
    disappear. Over an empty set the result is the neutral element. Float
    `min`/`max` propagate NaN.

    Example:
    ```mlir
    %y = graph.reduce add %x dims = [2] keep_dims : tensor<2x3x9xf32> to tensor<2x3x1xf32>
    ```
  }];
  let arguments = (ins Graph_ReduceKindAttr:$kind, Graph_Tensor:$input, DenseI64ArrayAttr:$dims,
                       UnitAttr:$keep_dims);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    `` $kind $input `dims` `=` $dims (`keep_dims` $keep_dims^)? attr-dict `:` type($input) `to` type($result)
  }];
  let builders = [OpBuilder<(ins "ReduceKind":$kind, "::mlir::Value":$input,
                                 "::mlir::ArrayRef<int64_t>":$dims, "bool":$keepDims)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_ArgReduceOp : Graph_PureOp<"arg_reduce"> {
  let summary = "the index of the extreme element along a dim";
  let description = [{
    `kind` is `min` or `max` (`minu`, `maxu`). Of equal elements the first is
    taken, or the last with `last`. A NaN counts as the extreme.

    Example:
    ```mlir
    %y = graph.arg_reduce max %x axis = 1 : tensor<2x9xf32> to tensor<2xi64>
    ```
  }];
  let arguments = (ins Graph_ReduceKindAttr:$kind, Graph_Tensor:$input, I64Attr:$axis,
                       UnitAttr:$keep_dims, UnitAttr:$last);
  let results = (outs Graph_IntTensor:$result);
  let assemblyFormat = [{
    `` $kind $input `axis` `=` $axis (`keep_dims` $keep_dims^)? (`last` $last^)? attr-dict `:` type($input) `to` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_SoftmaxOp : Graph_PureOp<"softmax"> {
  let summary = "exponentials normalised along a dim";
  let description = [{
    `exp(x - max) / sum(exp(x - max))` along `axis`; with `log`, its logarithm
    computed as `x - max - log(sum)`. Computed in f32 whatever the element type.

    Example:
    ```mlir
    %y = graph.softmax %x axis = 1 : tensor<2x9xf32> to tensor<2x9xf32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$input, I64Attr:$axis, UnitAttr:$log);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$input `axis` `=` $axis (`log` $log^)? attr-dict `:` type($input) `to` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "int64_t":$axis, CArg<"bool", "false">:$log)>];
  let hasVerifier = 1;
}

def Graph_NormOp : Graph_PureOp<"norm", [AttrSizedOperandSegments]> {
  let summary = "normalises rows";
  let description = [{
    Over the trailing dims from `axis` on: kind `layer` gives
    `(x - mean) / sqrt(variance + epsilon) * scale + bias` with the biased
    variance of two passes, kind `rms` gives `x / sqrt(mean(x^2) + epsilon) *
    scale + bias`. Statistics are in f32 (f64 for f64). `scale` and `bias` have
    the trailing shape or 1 in any of its dims.

    Example:
    ```mlir
    %y = graph.norm layer %x scale %s bias %b axis = 2 epsilon = 1.0e-5
        : tensor<?x?x384xf32> scale tensor<384xf32> bias tensor<384xf32> to tensor<?x?x384xf32>
    ```
  }];
  let arguments = (ins Graph_NormKindAttr:$kind, Graph_FloatTensor:$input,
                       Optional<Graph_FloatTensor>:$scale, Optional<Graph_FloatTensor>:$bias,
                       I64Attr:$axis, F64Attr:$epsilon);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = [{
    `` $kind $input (`scale` $scale^)? (`bias` $bias^)? `axis` `=` $axis `epsilon` `=` $epsilon attr-dict
    `:` type($input) (`scale` type($scale)^)? (`bias` type($bias)^)? `to` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_CumulativeOp : Graph_PureOp<"cumulative"> {
  let summary = "running combination along a dim";
  let description = [{
    Element `i` combines the elements `0..i` (`0..i-1` when `exclusive`; from
    the end when `reverse`).

    Example:
    ```mlir
    %y = graph.cumulative add %x axis = 0 : tensor<9xf32> to tensor<9xf32>
    ```
  }];
  let arguments = (ins Graph_ReduceKindAttr:$kind, Graph_Tensor:$input, I64Attr:$axis,
                       UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    `` $kind $input `axis` `=` $axis (`exclusive` $exclusive^)? (`reverse` $reverse^)? attr-dict
    `:` type($input) `to` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_PoolOp : Graph_PureOp<"pool"> {
  let summary = "combines the elements of a sliding window";
  let description = [{
    Input `[N, C, spatial...]` (`[N, spatial..., C]` with `channels_last`).
    `average` divides by the number of elements inside the input,
    `average_include_pad` by those inside the padded input. The result type
    states the output sizes (so that ceil and floor rounding need no flag):
    windows may hang over the high pad.

    Example:
    ```mlir
    %y = graph.pool max %x kernel = [3, 3] strides = [2, 2] dilations = [1, 1] low = [1, 1] high = [1, 1]
        sizes [1, 64, 56, 56] : tensor<1x64x112x112xf32> to tensor<1x64x56x56xf32>
    ```
  }];
  let arguments = (ins Graph_PoolKindAttr:$kind, Graph_Tensor:$input,
                       Variadic<Index>:$sizes, DenseI64ArrayAttr:$static_sizes,
                       DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads_low,
                       DenseI64ArrayAttr:$pads_high, UnitAttr:$channels_last);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    `` $kind $input `kernel` `=` $kernel `strides` `=` $strides `dilations` `=` $dilations
    `low` `=` $pads_low `high` `=` $pads_high `sizes` custom<DynamicIndexList>($sizes, $static_sizes)
    attr-dict `:` type($input) `to` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
}

#endif // RADDLE_GRAPH_REDUCTION_OPS_TD
