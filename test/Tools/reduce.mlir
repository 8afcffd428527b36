// What the reduction patterns leave of a program, when a word in it is all that
// counts.
// DEFINE: %{script} = %source_dir/test/Tools/Inputs/contains.sh

// RUN: split-file %s %t

// What is before becomes an argument, what is after is not returned, dims are
// numbers, sizes are 1.
// RUN: raddle-reduce %t/graph.mlir --reduce-dataflow="test=%{script} test-arg=graph.softmax" | FileCheck %s --check-prefix=GRAPH
// GRAPH: func.func @main(%[[X:.*]]: tensor<1x1xf32> {graph.name = "{{.*}}", graph.shape = [1, 1], graph.type = "f32"})
// GRAPH-NEXT: %[[Y:.*]] = graph.softmax %[[X]]
// GRAPH-NEXT: return %[[Y]] : tensor<1x1xf32>

// Branches, checks and groups go.
// RUN: raddle-reduce %t/structure.mlir --reduce-dataflow="test=%{script} test-arg=math.exp" | FileCheck %s --check-prefix=STRUCTURE
// STRUCTURE: func.func @main(
// STRUCTURE-NOT: scf.if
// STRUCTURE-NOT: cf.assert
// STRUCTURE-NOT: graph.group
// STRUCTURE: math.exp
// STRUCTURE-NEXT: return

// Kernels and host programs.
// RUN: raddle-compile %t/graph.mlir --compile-to=tile -o %t/kernel.mlir
// RUN: raddle-reduce %t/kernel.mlir --reduce-dataflow="test=%{script} test-arg=tile.reduce" | FileCheck %s --check-prefix=KERNEL
// KERNEL-NOT: tile.load
// KERNEL: tile.reduce
// KERNEL-NOT: tile.reduce
// RUN: raddle-reduce %t/kernel.mlir --reduce-dataflow="test=%{script} test-arg=plan.launch" | FileCheck %s --check-prefix=HOST
// HOST-NOT: tile.load
// HOST: plan.launch
// HOST-NOT: plan.launch

// Limits and errors.
// RUN: raddle-reduce %t/graph.mlir --reduce-dataflow="test=%{script} test-arg=graph.softmax max-tests=1" | FileCheck %s --check-prefix=LIMIT
// LIMIT: graph.softmax
// RUN: not raddle-reduce %t/graph.mlir --reduce-dataflow="test=%{script} test-arg=graph.sort" 2>&1 | FileCheck %s --check-prefix=BORING
// BORING: error: expected a program for which '{{.*}}contains.sh' returns another exit code than 0, found 0
// RUN: not raddle-reduce %t/graph.mlir --reduce-dataflow 2>&1 | FileCheck %s --check-prefix=SCRIPT
// SCRIPT: error: expected a script, found an empty 'test'

//--- graph.mlir
module attributes {graph.version = 1 : i64} {
  func.func @main(%a: tensor<?x384xf32> {graph.name = "a", graph.shape = ["n", 384], graph.type = "f32"})
      -> (tensor<?x384xf32> {graph.name = "b", graph.shape = ["n", 384], graph.type = "f32"})
      attributes {graph.dims = [{min = 1 : i64, max = 64 : i64, name = "n"}]} {
    %w = graph.weight "weights"::"w" : tensor<384x384xf32>
    %0 = graph.contract %a, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
        : tensor<?x384xf32>, tensor<384x384xf32> to tensor<?x384xf32>
    %1 = math.exp %0 : tensor<?x384xf32>
    %2 = graph.softmax %1 axis = 1 : tensor<?x384xf32> to tensor<?x384xf32>
    %3 = arith.addf %2, %a : tensor<?x384xf32>
    %4 = math.tanh %3 : tensor<?x384xf32>
    return %4 : tensor<?x384xf32>
  }
}

//--- structure.mlir
module attributes {graph.version = 1 : i64} {
  func.func @main(%a: tensor<8xf32> {graph.name = "a", graph.shape = [8], graph.type = "f32"},
                  %c: tensor<i1> {graph.name = "c", graph.shape = [], graph.type = "i1"})
      -> (tensor<8xf32> {graph.name = "b", graph.shape = [8], graph.type = "f32"},
          tensor<8xf32> {graph.name = "d", graph.shape = [8], graph.type = "f32"}) {
    %which = tensor.extract %c[] : tensor<i1>
    cf.assert %which, "expected true"
    %0 = scf.if %which -> tensor<8xf32> {
      %2 = graph.group (%a : tensor<8xf32>) scalars () attributes {skeleton = "pointwise", reason = "test"} {
      ^bb0(%x: tensor<8xf32>):
        %3 = math.exp %x : tensor<8xf32>
        graph.yield %3 : tensor<8xf32>
      } : tensor<8xf32>
      scf.yield %2 : tensor<8xf32>
    } else {
      scf.yield %a : tensor<8xf32>
    }
    %1 = math.tanh %0 : tensor<8xf32>
    return %0, %1 : tensor<8xf32>, tensor<8xf32>
  }
}
