def @CLASS@ : Pass<"@FLAG@", "::mlir::func::FuncOp"> {
  let summary = "@SUMMARY@";
  let description = [{
    Say here what the pass matches, what it leaves alone and why.

    Example:
    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      return %x : tensor<4xf32>
    }
    ```
    stays as it is.
  }];
}

