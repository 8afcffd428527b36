//===- Passes.td - Passes over the graph dialect ------------*- tablegen -*-===//
#ifndef RADDLE_GRAPH_TRANSFORMS_PASSES_TD
#define RADDLE_GRAPH_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def GraphResolveDims : Pass<"graph-resolve-dims", "::mlir::func::FuncOp"> {
  let summary = "states sizes by the arguments they come from";
  let description = [{
    Replaces each `tensor.dim` of a computed tensor by host arithmetic over the
    sizes of function arguments and loop-carried values, as far as operations
    can reify the sizes of their results. Afterwards host scalars do not hang
    on tensor computations, so that these can move into kernels.

    Example:
    ```mlir
    %y = graph.transpose %x [1, 0] : tensor<?x4xf32> to tensor<4x?xf32>
    %n = tensor.dim %y, %c1 : tensor<4x?xf32>
    ```
    becomes
    ```mlir
    %n = tensor.dim %x, %c0 : tensor<?x4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::affine::AffineDialect",
                           "::mlir::tensor::TensorDialect"];
}

def GraphSimplify : Pass<"graph-simplify", "::mlir::func::FuncOp"> {
  let summary = "canonical forms, common values and recognised compositions";
  let description = [{
    Canonicalizes and removes common subexpressions; moves element-wise
    arithmetic before broadcasts, transposes into the maps of products and
    joined rows out of them; and recognises from their parts, whatever the
    exporter wrote,

    - layer and rms norm: mean, difference, square (product or power), mean,
      epsilon, square root or its inverse, quotient, scale and bias;
    - softmax and log-softmax, with and without the maximum taken off;
    - attention: two products with a softmax between, with constant or
      run-time scales before or after the first product, additive masks,
      selected masks whose fill is at most -1e30 (adding such a fill gives the
      same number), a soft cap, casts around the softmax, and a guard that
      zeroes NaN probabilities. The guard becomes `masked_rows_zero`. Heads are
      static and have at most 256 elements;
    - causal masks, by their value: a mask that is 0 up to the diagonal
      `n - m = N - M` and at most -1e30 behind it (with a fill of minus
      infinity, also as a summand or as one side of an `and`) becomes `causal`,
      whether it was made of ranges, triangles or stored;
    - key and value heads that a broadcast or concat repeats for groups of
      queries, which attention reads as they are.

    A recognised operation computes in f32 what the composition may have
    rounded in between.

    Example:
    ```mlir
    %e = math.exp %x : tensor<4x8xf32>
    %s = graph.reduce add %e dims = [1] keep_dims : tensor<4x8xf32> to tensor<4x1xf32>
    %b = graph.broadcast %s sizes [4, 8] : tensor<4x1xf32> to tensor<4x8xf32>
    %y = arith.divf %e, %b : tensor<4x8xf32>
    ```
    becomes
    ```mlir
    %y = graph.softmax %x axis = 1 : tensor<4x8xf32> to tensor<4x8xf32>
    ```
  }];
  let options = [
    Option<"recognize", "recognize", "bool", "true",
           "form norm, softmax and attention from compositions">];
  let dependentDialects = ["::raddle::graph::GraphDialect"];
}

def GraphFactorScales : Pass<"graph-factor-scales", "::mlir::func::FuncOp"> {
  let summary = "multiplies codes instead of decoded values";
  let description = [{
    In a product of decoded integers whose scales do not vary along what is
    summed, the scales leave the sum: they multiply the result. What is left
    of the operand is a small integer, which is exact in tf32, f16 and bf16. A
    product of two operands with 8-bit codes becomes one of integers, with
    corrections for zero points by the sums of rows and columns; it is exact.

    Example:
    ```mlir
    %w = graph.decode %e : tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<384x384xf32>
    %y = graph.contract %x, %w maps [#a, #b, #c] : tensor<9x384xf32>, tensor<384x384xf32> to tensor<9x384xf32>
    ```
    becomes
    ```mlir
    %c = graph.decode %unscaled : tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<384x384xf32>
    %p = graph.contract %x, %c maps [#a, #b, #c] : tensor<9x384xf32>, tensor<384x384xf32> to tensor<9x384xf32>
    %s = graph.broadcast %scales sizes [9, 384] : tensor<384xf32> to tensor<9x384xf32>
    %y = arith.mulf %p, %s : tensor<9x384xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def GraphMergeContractions : Pass<"graph-merge-contractions", "::mlir::func::FuncOp"> {
  let summary = "joins products that share an operand";
  let description = [{
    Products of one value by several weights (query, key and value projections)
    become one product by the joined weight, with the joined bias, and slices.
    Nothing is computed: weights are joined where they are stored, by their
    names (`parts` of `graph.weight`), small constants in the IR, encoded
    weights by components. Taken when the results are only read through index
    operations or by other products, so that no epilogue is lost, and when
    nothing else uses the weights.

    Example:
    ```mlir
    %q = graph.contract %x, %wq maps [#a, #b, #c] : tensor<9x8xf32>, tensor<8x4xf32> to tensor<9x4xf32>
    %k = graph.contract %x, %wk maps [#a, #b, #c] : tensor<9x8xf32>, tensor<8x4xf32> to tensor<9x4xf32>
    ```
    becomes
    ```mlir
    %w = graph.weight "weights"::"wq+wk" {axis = 1 : i64, parts = ["wq", "wk"], part_sizes = array<i64: 4, 4>}
        : tensor<8x8xf32>
    %m = graph.contract %x, %w maps [#a, #b, #c] : tensor<9x8xf32>, tensor<8x8xf32> to tensor<9x8xf32>
    %q = graph.slice %m offsets [0, 0] sizes [9, 4] strides [1, 1] : tensor<9x8xf32> to tensor<9x4xf32>
    %k = graph.slice %m offsets [0, 4] sizes [9, 4] strides [1, 1] : tensor<9x8xf32> to tensor<9x4xf32>
    ```
  }];
  let dependentDialects = ["::raddle::graph::GraphDialect"];
}

def GraphChooseDataLayout : Pass<"graph-choose-data-layout", "::mlir::func::FuncOp"> {
  let summary = "puts channels first or last around convolutions";
  let description = [{
    A region is a connected set of convolutions (not transposed ones), pooling,
    element-wise operations, broadcasts, concats, pads, slices, resizes,
    softmaxes and reductions on tensors `[N, C, spatial...]`. A region that
    holds a convolution is rewritten with its channels last when that costs
    fewer memory accesses:

    - A convolution reads `outputs * C/groups * kernel / columns` elements of
      its input, where `columns` is the number of output channels per group, at
      most 64, and takes w of them per access. With channels last w is the
      greatest common divisor of C/groups and 16 bytes, since channels follow
      each other. With channels first w is that of the number of positions for
      a kernel of one element with unit strides and no padding, else 1. An
      input that comes from outside of the region (an image of 3 channels)
      stays as it lies and counts the same in both. A depthwise convolution has
      no sum over channels and counts the same in both.
    - Each tensor that enters the region (other than constants and the inputs of
      convolutions) or leaves it costs a read and a write of its elements.
      Reductions to `[N, C]` leave for nothing.

    Filters become `[M, kernel..., C/groups]` by a transpose that
    `graph-precompute-weights` takes ahead. Arguments and results keep their
    shapes. `layout=last` takes every region, `keep` none.

    Example:
    ```mlir
    %y = graph.conv %x, %w ... : tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32> to tensor<1x64x56x56xf32>
    ```
    with a convolution before it becomes
    ```mlir
    %v = graph.transpose %w [0, 2, 3, 1] : tensor<64x64x3x3xf32> to tensor<64x3x3x64xf32>
    %y = graph.conv %x, %v ... {channels_last} : tensor<1x56x56x64xf32>, tensor<64x3x3x64xf32> to tensor<1x56x56x64xf32>
    ```
  }];
  let options = [
    Option<"layout", "layout", "std::string", "\"cost\"",
           "'cost' decides by the rule, 'last' takes every region, 'keep' none">,
    Option<"assumedSize", "assumed-size", "int64_t", "64",
           "size that the cost estimate assumes for a dim that is not static">];
  let statistics = [
    Statistic<"numConvolutions", "convolutions", "Number of convolutions put channels last">];
  let dependentDialects = ["::raddle::graph::GraphDialect"];
}

def GraphFoldScales : Pass<"graph-fold-scales", "::mlir::func::FuncOp"> {
  let summary = "moves per-channel scales and shifts into weights";
  let description = [{
    A constant factor per output channel behind a convolution or product by a
    weight (a batch norm is one) is multiplied into the weight, through summands
    that are constant per channel; these are joined to one. The weight becomes
    an expression over named weights, which `graph-precompute-weights` has
    computed when the artifact is written.

    Taken when the factor has the element type of the weight, when nothing else
    reads the weight or the unscaled result, and when the weight is not in a
    storage format. Each weight is rounded once more: docs/Numerics.md states
    the bound.

    Example:
    ```mlir
    %y = graph.conv %x, %w ... : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> to tensor<1x4x6x6xf32>
    %s = graph.broadcast %c sizes [1, 4, 6, 6] : tensor<4x1x1xf32> to tensor<1x4x6x6xf32>
    %z = arith.mulf %y, %s : tensor<1x4x6x6xf32>
    ```
    becomes
    ```mlir
    %f = graph.reshape %c sizes [4, 1, 1, 1] : tensor<4x1x1xf32> to tensor<4x1x1x1xf32>
    %b = graph.broadcast %f sizes [4, 3, 3, 3] : tensor<4x1x1x1xf32> to tensor<4x3x3x3xf32>
    %v = arith.mulf %w, %b : tensor<4x3x3x3xf32>
    %z = graph.conv %x, %v ... : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> to tensor<1x4x6x6xf32>
    ```
  }];
  let dependentDialects = ["::raddle::graph::GraphDialect"];
}

def GraphPrecomputeWeights : Pass<"graph-precompute-weights", "::mlir::func::FuncOp"> {
  let summary = "computes what depends on weights alone ahead of time";
  let description = [{
    Element operations whose operands are weights and constants alone move into
    `graph.precompute`: their result is a weight of the artifact, computed while
    it is written, and the IR holds no bytes. Broadcasts stay with their
    readers. Weights in storage formats stay as they are stored (`graph.decode`
    is never computed ahead).

    The artifact must not grow: the results that share weights are computed
    ahead only if together they take no more bytes than the weights that nothing
    else reads, plus `slack-bytes`.

    Example:
    ```mlir
    %w = graph.weight "weights"::"w" : tensor<4x8xf32>
    %t = graph.transpose %w [1, 0] : tensor<4x8xf32> to tensor<8x4xf32>
    ```
    becomes
    ```mlir
    %t = graph.precompute {
      %w = graph.weight "weights"::"w" : tensor<4x8xf32>
      %0 = graph.transpose %w [1, 0] : tensor<4x8xf32> to tensor<8x4xf32>
      graph.yield %0 : tensor<8x4xf32>
    } : tensor<8x4xf32>
    ```
  }];
  let options = [
    Option<"slackBytes", "slack-bytes", "int64_t", "65536",
           "bytes that the results of one set of weights may take more than these">];
  let statistics = [Statistic<"numTensors", "tensors", "Number of tensors computed ahead">];
  let dependentDialects = ["::raddle::graph::GraphDialect"];
}

def GraphFuse : Pass<"graph-fuse", "::mlir::func::FuncOp"> {
  let summary = "forms groups of operations that become one kernel each";
  let description = [{
    Makes a fusion plan and moves the operations into `graph.group`. On the
    host stay weights, constants of unequal elements, sizes, `tensor.extract` and control flow; constants of equal elements are copied
    into the groups that use them.

    The rule, per block:

    1. Each root operation founds a group whose skeleton is given by its kind:
       `contraction` (contract, conv), `attention`, `reduction` (reduce,
       arg_reduce, softmax, norm, pool), `scan` (cumulative), `scatter`,
       `sort`, `recurrence` (lstm, gru, rnn), `encode`.
    2. *Epilogue.* In program order, an element-wise operation of the shape of
       a root's result joins the root's group when it reads the group's values
       and everything else that it reads is available before the root: it
       depends on earlier roots only. (scatter, sort, recurrence and encode
       take no epilogue.)
    3. *Tail.* When a group with an epilogue gives away one value, and that
       value has a single use, a chain of reshapes joins the group, and for
       contraction and attention of transposes that keep the last dim: the
       kernel stores to the permuted place.
    4. *Prologue.* Every other element operation is decided from its last use
       backwards: either all groups that use it evaluate it where they read it,
       or it is stored once. Views of weights, constants and indices (decode,
       transpose, ...) are always evaluated where they are read. Otherwise the cheaper way is
       taken by estimated seconds: bytes read and written, arithmetic times
       the number of evaluations (an operand of a contraction is read once per
       tile of the other operand; arithmetic in its main loop counts four
       times), and the cost of a launch.
    5. A value to be stored is stored by a norm, softmax or pointwise group that
       evaluates it at its iteration point anyway, when all other users come
       later; otherwise it founds a `pointwise` group (no root). Pointwise
       groups of equal shape with a common input and no dependence are joined.

    What a group may hold, as kernel generators and `graph-verify-groups`
    understand it:

    - `pointwise`: no root; all results have the same number of elements.
    - `reduction`, `scan`: operations before the root are element operations;
      operations after it are element-wise at the root's index and may end in
      reshapes. Results are values after the root; where the root is a norm or
      softmax also values before it at the same index.
    - `contraction`, `attention`: the same, and the operations after the root
      may end in reshapes and transposes. Only values of the root and after it
      are results.
    - `scatter`, `sort`, `recurrence`, `encode`: element operations before the
      root, none after it.

    With `epilogue-norm`, a norm of whole rows of a product joins the product's
    group and can have an epilogue of its own; the skeleton is then
    `row_contraction`, whose kernel holds whole rows of the result.

    `fuse=none` gives each operation a group of its own. `plan=FILE` replays a
    plan written by `dump-plan=FILE` (JSON; one object per function, see
    FusionPlan.h) instead of applying the rule.

    Example:
    ```mlir
    %0 = graph.contract %x, %w maps [#a, #b, #c] : tensor<4x8xf32>, tensor<8x2xf32> to tensor<4x2xf32>
    %1 = math.tanh %0 : tensor<4x2xf32>
    ```
    becomes
    ```mlir
    %1 = graph.group (%x, %w : tensor<4x8xf32>, tensor<8x2xf32>) scalars ()
        attributes {skeleton = "contraction", reason = "..."} {
    ^bb0(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>):
      %2 = graph.contract %a, %b maps [#a, #b, #c] : tensor<4x8xf32>, tensor<8x2xf32> to tensor<4x2xf32>
      %3 = math.tanh %2 : tensor<4x2xf32>
      graph.yield %3 : tensor<4x2xf32>
    } : tensor<4x2xf32>
    ```
  }];
  let options = [
    Option<"fuse", "fuse", "std::string", "\"rules\"",
           "how groups are found: 'rules' or 'none' (one operation per group)">,
    Option<"plan", "plan", "std::string", "\"\"",
           "a fusion plan (JSON) to apply instead of the rule">,
    Option<"dumpPlan", "dump-plan", "std::string", "\"\"",
           "file that the fusion plan is written to ('-' is stdout)">,
    Option<"epilogueNorm", "epilogue-norm", "bool", "false",
           "put a norm into the group of the contraction that feeds it">,
    Option<"assumedSize", "assumed-size", "int64_t", "64",
           "size that the cost estimate assumes for a dim that is not static">];
  let statistics = [
    Statistic<"numGroups", "groups", "Number of groups formed">,
    Statistic<"numOps", "operations", "Number of operations in groups">];
  let dependentDialects = ["::raddle::graph::GraphDialect"];
}

def GraphUpgradeVersion : Pass<"graph-upgrade-version", "::mlir::ModuleOp"> {
  let summary = "brings a module of an older version to this one";
  let description = [{
    A module says by `graph.version` which version of the dialect it was written
    in; without it, it is taken as this build's. Every version that changed the
    meaning or form of the dialect has an upgrade (dialects/Graph/IR/Version.h);
    those from the module's version on run in order, and the attribute is set.
    A newer version than this build's is an error.

    Example: `raddle-opt model.mlir --graph-upgrade-version`.
  }];
}

def GraphVerifyModel : Pass<"graph-verify-model", "::mlir::ModuleOp"> {
  let summary = "checks that a module is a model that can be compiled";
  let description = [{
    States the contract of the phases before fusion: one public function `main`
    with one block; its arguments and results are ranked tensors with different
    `graph.name`s, a `graph.type`, and (arguments) a `graph.shape` that names
    every dynamic dim; operations are of `graph`, `arith`, `math`, `tensor`,
    `scf`, `cf` and `func`; there are no groups yet. With `computed`, every product
    of f32 says its arithmetic (see `graph-set-compute`). Reports every
    violation.

    Example: `raddle-opt model.mlir --graph-verify-model`.
  }];
  let options = [Option<"computed", "computed", "bool", "false",
                        "whether products must say their arithmetic">];
}

def GraphVerifyGroups : Pass<"graph-verify-groups", "::mlir::func::FuncOp"> {
  let summary = "checks that every tensor computation is in a well-formed group";
  let description = [{
    States the contract between `graph-fuse` and the generation of kernels: no
    element or root operation stands outside of a group, and each group holds
    what its skeleton allows (see `graph-fuse`). Reports every violation.

    Example: for
    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = math.exp %x : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```
    the pass fails with `'math.exp' op computes a tensor outside of a group`.
  }];
}

def GraphOrder : Pass<"graph-order", "::mlir::func::FuncOp"> {
  let summary = "orders groups so that few bytes are live at once";
  let description = [{
    A list scheduler: of the operations whose operands are ready, the one is
    taken next that grows the bytes of live tensors least (it frees operands
    at their last use and adds its results); ties keep the program's order.
    The new order is taken only when its peak is lower than that of the given
    one. Control flow and asserts keep their order among themselves.

    Example: of two independent chains `a0 -> a1 -> a2` and `b0 -> b1 -> b2`
    with small ends, one chain is finished before the other is begun.
  }];
  let options = [
    Option<"assumedSize", "assumed-size", "int64_t", "64",
           "size assumed for a dim that is not static">];
}

def GraphSetCompute : Pass<"graph-set-compute", "::mlir::func::FuncOp"> {
  let summary = "chooses the arithmetic of f32 products";
  let description = [{
    Sets `compute` of each contract, conv and attention with f32 operands that
    leaves it open (`native`). The modes are defined in docs/Numerics.md.

    Example: with `mode=tf32x3`
    ```mlir
    %c = graph.contract %x, %w maps [#a, #b, #c] : tensor<4x8xf32>, tensor<8x2xf32> to tensor<4x2xf32>
    ```
    becomes
    ```mlir
    %c = graph.contract %x, %w maps [#a, #b, #c] {compute = #graph.compute<tf32x3>} : ...
    ```
  }];
  let options = [
    Option<"mode", "mode", "std::string", "\"tf32x3\"",
           "'tf32x3', 'f32', 'tf32', 'f16' or 'bf16'">];
}

#endif // RADDLE_GRAPH_TRANSFORMS_PASSES_TD
