def Graph_@CLASS@ : Graph_PureOp<"@MNEMONIC@"> {
  let summary = "@SUMMARY@";
  let description = [{
    Say here what an element of the result is, in terms of the operands.

    Example:
    ```mlir
    %y = graph.@MNEMONIC@ %x : tensor<2x3xf32> to tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

