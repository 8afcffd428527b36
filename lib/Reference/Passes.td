//===- Passes.td - Passes that evaluate ---------------------*- tablegen -*-===//
#ifndef RADDLE_REFERENCE_PASSES_TD
#define RADDLE_REFERENCE_PASSES_TD

include "mlir/Pass/PassBase.td"

def GraphEvaluate : Pass<"graph-evaluate", "::mlir::ModuleOp"> {
  let summary = "runs a function on the host";
  let description = [{
    Evaluates operation by operation with lib/Reference, the meaning that
    kernels are judged by. With files, the arguments of `function` come from
    `inputs` by their `graph.name` and the results go to `outputs`. Without
    files, every function without arguments is run and its body becomes the
    constants that it returns.

    Example: `raddle-opt model.mlir --graph-evaluate="inputs=in.npz outputs=out.npz" -o /dev/null`;
    and without files
    ```mlir
    func.func @f() -> tensor<2xf32> {
      %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
      %y = arith.addf %x, %x : tensor<2xf32>
      return %y : tensor<2xf32>
    }
    ```
    becomes
    ```mlir
    func.func @f() -> tensor<2xf32> {
      %y = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
      return %y : tensor<2xf32>
    }
    ```
  }];
  let options = [
    Option<"only", "function", "std::string", "\"\"",
           "the function to run (default: main with files, else all without arguments)">,
    Option<"inputs", "inputs", "std::string", "\"\"",
           "arguments by name, an .npz file">,
    Option<"outputs", "outputs", "std::string", "\"\"",
           "results by name, an .npz file">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def GraphFoldConstants : Pass<"graph-fold-constants", "::mlir::ModuleOp"> {
  let summary = "replaces values that depend on constants alone by constants";
  let description = [{
    Evaluates them with lib/Reference, weights of archives included, as long as
    a result takes at most `max-bytes`. What only spreads few elements over
    many (a broadcast, an iota) stays, because kernels make its elements for
    nothing, and so does what is in a group or `graph.precompute`.

    Example:
    ```mlir
    %x = arith.constant dense<[1.0, 4.0]> : tensor<2xf32>
    %y = math.sqrt %x : tensor<2xf32>
    ```
    becomes
    ```mlir
    %y = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```
  }];
  let options = [
    Option<"maxBytes", "max-bytes", "int64_t", "65536",
           "largest constant that may be made, in bytes">];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def GraphExposeGroups : Pass<"graph-expose-groups", "::mlir::ModuleOp"> {
  let summary = "returns the results of all groups";
  let description = [{
    The function `main` returns every result of its groups too, so that an
    artifact of it stores them for `graph-check-groups`. An `scf.if` whose
    branch is known from `inputs` is replaced by that branch.

    Example: `raddle-opt fused.mlir --graph-expose-groups="inputs=in.npz" -o exposed.mlir`.
  }];
  let options = [
    Option<"inputs", "inputs", "std::string", "\"\"",
           "arguments by name, an .npz file: branches that they take replace their conditions">];
}

def GraphCheckGroups : Pass<"graph-check-groups", "::mlir::ModuleOp"> {
  let summary = "judges computed results of groups by their bounds";
  let description = [{
    From each group's own inputs, as they were computed (`inputs`, `outputs`),
    its results are computed in f64 with the element-wise bounds of
    docs/Numerics.md. A result in `outputs` beyond its bound is an error.

    Example: `raddle-opt exposed.mlir --graph-check-groups="inputs=in.npz outputs=out.npz report=-" -o /dev/null`.
  }];
  let options = [
    Option<"inputs", "inputs", "std::string", "\"\"",
           "arguments by name, an .npz file">,
    Option<"outputs", "outputs", "std::string", "\"\"",
           "computed results by name, an .npz file">,
    Option<"report", "report", "std::string", "\"\"",
           "file for a line of JSON per result; '-' is stdout">];
}

#endif // RADDLE_REFERENCE_PASSES_TD
