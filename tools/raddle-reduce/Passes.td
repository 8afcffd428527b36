//===- Passes.td - Reduction of dataflow graphs -------------*- tablegen -*-===//
#ifndef RADDLE_REDUCE_PASSES_TD
#define RADDLE_REDUCE_PASSES_TD

include "mlir/Pass/PassBase.td"

def ReduceDataflow : Pass<"reduce-dataflow", "::mlir::ModuleOp"> {
  let summary = "shrinks a program that shows a bug, as long as it shows it";
  let description = [{
    Tries the reduction patterns of all dialects
    (`DialectReductionPatternInterface`), those with the greatest benefit
    first: to all operations at once, to halves, to quarters and so on down to
    single ones. What is dead then is removed. A candidate is kept when it is
    valid, smaller, and interesting: the script `test`, called with the file
    as its last argument, returns another exit code than 0. Ends when no
    pattern makes the program smaller.

    In this, `reduction-tree` of MLIR differs: it erases ranges of operations,
    which in a graph have uses, and applies all patterns at once to a range.

    Example, with a script that says whether kernels and host disagree:
    ```
    raddle-reduce model.mlir --reduce-dataflow="test=differs.py" -o small.mlir
    ```
  }];
  let options = [
    Option<"testerName", "test", "std::string", /*default=*/"\"\"",
           "the script that says whether a file is interesting">,
    ListOption<"testerArgs", "test-arg", "std::string",
               "arguments of the script, before the file">,
    Option<"simplify", "simplify", "std::string", /*default=*/"\"canonicalize,cse\"",
           "passes that are tried too, after every pattern that helped; may be empty">,
    Option<"maxTests", "max-tests", "unsigned", /*default=*/"0",
           "number of calls of the script after which the smallest program so far is given; 0 is no limit">];
}

#endif // RADDLE_REDUCE_PASSES_TD
