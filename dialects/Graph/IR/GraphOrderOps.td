//===- GraphOrderOps.td - Sort, scatter, recurrence ---------*- tablegen -*-===//
#ifndef RADDLE_GRAPH_ORDER_OPS_TD
#define RADDLE_GRAPH_ORDER_OPS_TD

include "dialects/Graph/IR/GraphOpsCommon.td"

def Graph_SortOp : Graph_PureOp<"sort"> {
  let summary = "sorts along a dim, keeping the first k";
  let description = [{
    The first `k` of the elements in ascending (`descending`: descending)
    order along `axis`, and their indices. Stable: of equal elements the one
    with the lower index comes first. NaN counts as the greatest.

    Example:
    ```mlir
    %v, %i = graph.sort %x k = %k axis = 1 descending : tensor<2x9xf32> to tensor<2x?xf32>, tensor<2x?xi64>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Index:$k, I64Attr:$axis, UnitAttr:$descending,
                       UnitAttr:$is_unsigned);
  let results = (outs Graph_Tensor:$values, Graph_IntTensor:$indices);
  let assemblyFormat = [{
    $input `k` `=` $k `axis` `=` $axis (`descending` $descending^)? attr-dict
    `:` type($input) `to` type($values) `,` type($indices)
  }];
  let hasVerifier = 1;
}

def Graph_ScatterElementsOp : Graph_PureOp<"scatter_elements"> {
  let summary = "writes single elements along a dim";
  let description = [{
    A copy of `input` in which `result[i0,..,indices[i0,..,in],..,in]` is
    combined with `updates[i0,..,in]`. Negative indices count from the end,
    indices outside are dropped. With `replace`, of several updates of one
    element the last in row-major order wins.

    Example:
    ```mlir
    %y = graph.scatter_elements add %x[%i] updates %u axis = 0 : tensor<3x3xf32>, tensor<2x3xi64>, tensor<2x3xf32> to tensor<3x3xf32>
    ```
  }];
  let arguments = (ins Graph_ScatterKindAttr:$kind, Graph_Tensor:$input, Graph_IntTensor:$indices,
                       Graph_Tensor:$updates, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    `` $kind $input `[` $indices `]` `updates` $updates `axis` `=` $axis attr-dict
    `:` type($input) `,` type($indices) `,` type($updates) `to` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_ScatterNdOp : Graph_PureOp<"scatter_nd"> {
  let summary = "writes slices by index tuples";
  let description = [{
    As `graph.scatter_elements`, with index tuples as in `graph.gather_nd`
    (no batch dims).

    Example:
    ```mlir
    %y = graph.scatter_nd replace %x[%i] updates %u : tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32> to tensor<8xf32>
    ```
  }];
  let arguments = (ins Graph_ScatterKindAttr:$kind, Graph_Tensor:$input, Graph_IntTensor:$indices,
                       Graph_Tensor:$updates);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    `` $kind $input `[` $indices `]` `updates` $updates attr-dict
    `:` type($input) `,` type($indices) `,` type($updates) `to` type($result)
  }];
  let hasVerifier = 1;
}

class Graph_RecurrentOp<string mnemonic> : Graph_PureOp<mnemonic, [AttrSizedOperandSegments]> {
}

def Graph_LstmOp : Graph_RecurrentOp<"lstm"> {
  let summary = "a long short-term memory layer";
  let description = [{
    ONNX LSTM with `layout = 0` and default activations: input `[time, batch, in]`, weights
    `[dirs, 4*hidden, in]` and `[dirs, 4*hidden, hidden]` with gates in the
    order i, o, f, c, bias `[dirs, 8*hidden]`, initial state and cell
    `[dirs, batch, hidden]`, peepholes `[dirs, 3*hidden]`. `lengths` `[batch]` (i32):
    steps past the length of a sequence are zero in `output`
    and leave the state. Results: output `[time, dirs, batch, hidden]`, last
    state and cell `[dirs, batch, hidden]`.

    Example:
    ```mlir
    %y, %h, %c = graph.lstm %x, %w, %r bias %b hidden = 128 direction = forward
        : (tensor<9x1x128xf32>, tensor<1x512x128xf32>, tensor<1x512x128xf32>, tensor<1x1024xf32>)
        -> (tensor<9x1x1x128xf32>, tensor<1x1x128xf32>, tensor<1x1x128xf32>)
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$input, Graph_FloatTensor:$weights,
                       Graph_FloatTensor:$recurrence, Optional<Graph_FloatTensor>:$bias,
                       Optional<Graph_IntTensor>:$lengths, Optional<Graph_FloatTensor>:$initial_state,
                       Optional<Graph_FloatTensor>:$initial_cell, Optional<Graph_FloatTensor>:$peepholes,
                       I64Attr:$hidden, Graph_RecurrentDirectionAttr:$direction,
                       DefaultValuedAttr<F64Attr, "0.0">:$clip, UnitAttr:$input_forget);
  let results = (outs Graph_FloatTensor:$output, Graph_FloatTensor:$state, Graph_FloatTensor:$cell);
  let assemblyFormat = [{
    $input `,` $weights `,` $recurrence (`bias` $bias^)? (`lengths` $lengths^)? (`state` $initial_state^)?
    (`cell` $initial_cell^)? (`peepholes` $peepholes^)? `hidden` `=` $hidden `direction` `=` `` $direction attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Graph_GruOp : Graph_RecurrentOp<"gru"> {
  let summary = "a gated recurrent unit layer";
  let description = [{
    ONNX GRU with `layout = 0` and default activations; shapes as in `graph.lstm`
    with 3 gates in the order z, r, h and bias `[dirs, 6*hidden]`.
    `linear_before_reset` applies the recurrence before the reset gate.

    Example:
    ```mlir
    %y, %h = graph.gru %x, %w, %r hidden = 5 direction = forward
        : (tensor<9x1x2xf32>, tensor<1x15x2xf32>, tensor<1x15x5xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>)
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$input, Graph_FloatTensor:$weights,
                       Graph_FloatTensor:$recurrence, Optional<Graph_FloatTensor>:$bias,
                       Optional<Graph_IntTensor>:$lengths, Optional<Graph_FloatTensor>:$initial_state,
                       I64Attr:$hidden, Graph_RecurrentDirectionAttr:$direction,
                       DefaultValuedAttr<F64Attr, "0.0">:$clip, UnitAttr:$linear_before_reset);
  let results = (outs Graph_FloatTensor:$output, Graph_FloatTensor:$state);
  let assemblyFormat = [{
    $input `,` $weights `,` $recurrence (`bias` $bias^)? (`lengths` $lengths^)? (`state` $initial_state^)?
    `hidden` `=` $hidden `direction` `=` `` $direction attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Graph_RnnOp : Graph_RecurrentOp<"rnn"> {
  let summary = "an Elman recurrence";
  let description = [{
    ONNX RNN with `layout = 0` and activation tanh (relu with `relu`); shapes
    as in `graph.lstm` with one gate and bias `[dirs, 2*hidden]`.

    Example:
    ```mlir
    %y, %h = graph.rnn %x, %w, %r hidden = 5 direction = forward
        : (tensor<9x1x2xf32>, tensor<1x5x2xf32>, tensor<1x5x5xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>)
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$input, Graph_FloatTensor:$weights,
                       Graph_FloatTensor:$recurrence, Optional<Graph_FloatTensor>:$bias,
                       Optional<Graph_IntTensor>:$lengths, Optional<Graph_FloatTensor>:$initial_state,
                       I64Attr:$hidden, Graph_RecurrentDirectionAttr:$direction,
                       DefaultValuedAttr<F64Attr, "0.0">:$clip, UnitAttr:$relu);
  let results = (outs Graph_FloatTensor:$output, Graph_FloatTensor:$state);
  let assemblyFormat = [{
    $input `,` $weights `,` $recurrence (`bias` $bias^)? (`lengths` $lengths^)? (`state` $initial_state^)?
    `hidden` `=` $hidden `direction` `=` `` $direction attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // RADDLE_GRAPH_ORDER_OPS_TD
