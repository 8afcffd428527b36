// RUN: rm -rf %t && split-file %s %t
// RUN: not raddle-opt %t/f.mlir --graph-fuse=plan=%t/missing.json 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not raddle-opt %t/f.mlir --graph-fuse=plan=%t/other.json 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not raddle-opt %t/f.mlir --graph-fuse=plan=%t/name.json 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not raddle-opt %t/f.mlir --graph-fuse=plan=%t/hole.json 2>&1 | FileCheck %s --check-prefix=HOLE
// RUN: raddle-opt %t/f.mlir --graph-fuse=plan=%t/good.json --graph-verify-groups | FileCheck %s --check-prefix=GOOD

// MISSING: cannot read fusion plan
// OTHER: has no entry for 'f'
// NAME: group 0: operation 1 is 'math.exp', the plan says 'math.tanh'
// HOLE: 'math.tanh' op is yielded by two groups of the fusion plan
// GOOD-COUNT-2: graph.group

//--- f.mlir
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.exp %x : tensor<4xf32>
  %1 = math.tanh %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
//--- other.json
{"g": {"version": 1, "groups": []}}
//--- name.json
{"f": {"version": 1, "groups": [{"skeleton": "pointwise", "ops": ["1:math.tanh"], "yields": ["1#0"]}]}}
//--- hole.json
{"f": {"version": 1, "groups": [
  {"skeleton": "pointwise", "ops": ["2:math.tanh"], "yields": ["2#0"]},
  {"skeleton": "pointwise", "ops": ["1:math.exp", "2:math.tanh"], "yields": ["2#0"]}]}}
//--- good.json
{"f": {"version": 1, "groups": [
  {"skeleton": "pointwise", "ops": ["1:math.exp"], "yields": ["1#0"]},
  {"skeleton": "pointwise", "ops": ["2:math.tanh"], "yields": ["2#0"]}]}}
