// RUN: raddle-opt %s -verify-diagnostics -split-input-file

func.func @weight_name() {
  // expected-error @below {{expected the names of an archive and an entry, found #graph.external<"weights"::"">}}
  %0 = graph.weight "weights"::"" : tensor<2xf32>
  return
}

// -----

func.func @weight_shape() {
  // expected-error @below {{expected a static shape, found 'tensor<?xf32>'}}
  %0 = graph.weight "weights"::"w" : tensor<?xf32>
  return
}

// -----

func.func @weight_components() {
  // expected-error @below {{expected the name of an entry for component 'codes', found 1 : i64}}
  %0 = graph.weight "weights"::"w" {components = {codes = 1 : i64}} : tensor<2xf32>
  return
}

// -----

module attributes {graph.archives = {weights = {path = "m.onnx", format = "onnx"}}} {
  func.func @weight_archive() {
    // expected-error @below {{unknown archive 'others': the module lists}}
    %0 = graph.weight "others"::"w" : tensor<2xf32>
    return
  }
}

// -----

// expected-error @below {{expected archive 'weights' to have the strings 'path' and 'format', found {path = "m.onnx"}}}
module attributes {graph.archives = {weights = {path = "m.onnx"}}} {}

// -----

// expected-error @below {{expected 'graph.archives' to be a dictionary, found []}}
module attributes {graph.archives = []} {}

// -----

// expected-error @below {{expected 'graph.version' in [1, 1], found 9}}
module attributes {graph.version = 9 : i64} {}

// -----

// expected-error @below {{expected 'graph.version' to be an i64, found "1"}}
module attributes {graph.version = "1"} {}

// -----

// expected-error @below {{expected 'graph.version' on a module only}}
func.func private @f() attributes {graph.version = 1 : i64}

// -----

// expected-error @below {{expected 'graph.dims' on a function only}}
module attributes {graph.dims = []} {}

// -----

// expected-error @below {{expected 'graph.dims' to be an array, found 1 : i64}}
func.func private @f() attributes {graph.dims = 1 : i64}

// -----

// expected-error @below {{expected each of 'graph.dims' to have a 'name', found {min = 1 : i64}}}
func.func private @f() attributes {graph.dims = [{min = 1 : i64}]}

// -----

// expected-error @below {{expected different names in 'graph.dims', found "n" twice}}
func.func private @f() attributes {graph.dims = [{name = "n"}, {name = "n"}]}

// -----

// expected-error @below {{expected 'name', 'min', 'max' or 'divisor' in dim "n", found 'most'}}
func.func private @f() attributes {graph.dims = [{name = "n", most = 1 : i64}]}

// -----

// expected-error @below {{expected 'divisor' of dim "n" to be an i64 of at least 1, found 0 : i64}}
func.func private @f() attributes {graph.dims = [{name = "n", divisor = 0 : i64}]}

// -----

// expected-error @below {{expected 'min' to be at most 'max' in dim "n", found 5 and 4}}
func.func private @f() attributes {graph.dims = [{name = "n", min = 5 : i64, max = 4 : i64}]}

// -----

// expected-error @below {{expected 'graph.name' of argument 0 to be a string, found 1 : i64}}
func.func private @f(tensor<2xf32> {graph.name = 1 : i64})

// -----

// expected-error @below {{unknown interchange type "float" of argument 0}}
func.func private @f(tensor<2xf32> {graph.type = "float"})

// -----

// expected-error @below {{expected element type 'i8' for interchange type "u8" of argument 0, found 'tensor<2xf32>'}}
func.func private @f(tensor<2xf32> {graph.type = "u8"})

// -----

// expected-error @below {{expected 'graph.shape' of result 0 to be an array with one entry per dim of 'tensor<2xf32>', found [2, 3]}}
func.func private @f() -> (tensor<2xf32> {graph.shape = [2, 3]})

// -----

// expected-error @below {{expected the size 2 in 'graph.shape' of argument 0, found the name "n"}}
func.func private @f(tensor<2xf32> {graph.shape = ["n"]})

// -----

// expected-error @below {{unknown dim "m" in 'graph.shape' of argument 0: 'graph.dims' does not list it}}
func.func private @f(tensor<?xf32> {graph.shape = ["m"]}) attributes {graph.dims = [{name = "n"}]}

// -----

// expected-error @below {{expected the i64 size or a name for each dim of 'tensor<2xf32>' in 'graph.shape' of argument 0, found 3 : i64}}
func.func private @f(tensor<2xf32> {graph.shape = [3]})

// -----

func.func @group_skeleton(%x: tensor<2xf32>) {
  // expected-error @below {{expected the name of a skeleton, found none}}
  %0 = graph.group (%x : tensor<2xf32>) scalars () attributes {skeleton = ""} {
  ^bb0(%y: tensor<2xf32>):
    graph.yield %y : tensor<2xf32>
  } : tensor<2xf32>
  return
}

// -----

func.func @group_arguments(%x: tensor<2xf32>) {
  // expected-error @below {{expected 1 block arguments, found 0}}
  graph.group (%x : tensor<2xf32>) scalars () attributes {skeleton = "pointwise"} {
    graph.yield
  }
  return
}

// -----

func.func @group_argument_type(%x: tensor<2xf32>) {
  // expected-error @below {{expected block argument 0 of type 'tensor<2xf32>', found 'tensor<3xf32>'}}
  graph.group (%x : tensor<2xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%y: tensor<3xf32>):
    graph.yield
  }
  return
}

// -----

func.func @group_scalars(%x: tensor<2xf32>) {
  // expected-error @below {{expected host scalars, found 'tensor<2xf32>'}}
  graph.group () scalars (%x : tensor<2xf32>) attributes {skeleton = "pointwise"} {
  ^bb0(%y: tensor<2xf32>):
    graph.yield
  }
  return
}

// -----

func.func @group_results(%x: tensor<2xf32>) {
  %0 = graph.group (%x : tensor<2xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%y: tensor<2xf32>):
    // expected-error @below {{expected 1 operands, found 0}}
    graph.yield
  } : tensor<2xf32>
  return
}

// -----

func.func @group_result_type(%x: tensor<2xf32>) {
  %0 = graph.group (%x : tensor<2xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%y: tensor<2xf32>):
    // expected-error @below {{expected operand 0 of type 'tensor<3xf32>', found 'tensor<2xf32>'}}
    graph.yield %y : tensor<2xf32>
  } : tensor<3xf32>
  return
}

// -----

func.func @group_effects(%x: tensor<2xf32>, %p: i1) {
  // expected-error @below {{expected operations without effects in the body, found 'cf.assert'}}
  %0 = graph.group (%x : tensor<2xf32>) scalars (%p : i1) attributes {skeleton = "pointwise"} {
  ^bb0(%y: tensor<2xf32>, %q: i1):
    cf.assert %q, "no"
    graph.yield %y : tensor<2xf32>
  } : tensor<2xf32>
  return
}

// -----

func.func @group_yield(%x: tensor<2xf32>) {
  // expected-error @below {{expected 'graph.yield' at the end of the body}}
  "graph.group"(%x) <{operandSegmentSizes = array<i32: 1, 0>, skeleton = "pointwise"}> ({
  ^bb0(%y: tensor<2xf32>):
    %0 = math.exp %y : tensor<2xf32>
  }) : (tensor<2xf32>) -> ()
  return
}

// -----

func.func @precompute_shape() {
  // expected-error @below {{expected a static shape and elements of whole bytes, found 'tensor<2xi4>'}}
  %0 = graph.precompute {
    %1 = arith.constant dense<1> : tensor<2xi4>
    graph.yield %1 : tensor<2xi4>
  } : tensor<2xi4>
  return
}

// -----

func.func @precompute_arguments() {
  // expected-error @below {{expected a body without arguments, found 1}}
  %0 = "graph.precompute"() ({
  ^bb0(%x: tensor<2xf32>):
    graph.yield %x : tensor<2xf32>
  }) : () -> tensor<2xf32>
  return
}

// -----

func.func @precompute_no_yield() {
  // expected-error @below {{expected 'graph.yield' at the end of the body}}
  %0 = "graph.precompute"() ({
    %1 = arith.constant dense<1.0> : tensor<2xf32>
  }) : () -> tensor<2xf32>
  return
}

// -----

func.func @precompute_yield() {
  %0 = graph.precompute {
    %1 = arith.constant dense<1.0> : tensor<3xf32>
    // expected-error @below {{expected one operand of type 'tensor<2xf32>', found 'tensor<3xf32>'}}
    graph.yield %1 : tensor<3xf32>
  } : tensor<2xf32>
  return
}

// -----

func.func @precompute_effects() {
  // expected-error @below {{expected operations without effects in the body, found 'cf.assert'}}
  %0 = graph.precompute {
    %true = arith.constant true
    cf.assert %true, "no"
    %1 = arith.constant dense<1.0> : tensor<2xf32>
    graph.yield %1 : tensor<2xf32>
  } : tensor<2xf32>
  return
}

// -----

func.func @parts_together() {
  // expected-error @below {{expected 'parts', 'part_sizes' and 'axis' together}}
  %0 = graph.weight "weights"::"ab" {parts = ["a", "b"]} : tensor<4x6xf32>
  return
}

// -----

func.func @part_count() {
  // expected-error @below {{expected one of 'part_sizes' per part, found 1 for 2}}
  %0 = graph.weight "weights"::"ab" {axis = 1 : i64, part_sizes = array<i64: 6>, parts = ["a", "b"]} : tensor<4x6xf32>
  return
}

// -----

func.func @part_axis() {
  // expected-error @below {{expected 'axis' of a dim, found 2}}
  %0 = graph.weight "weights"::"ab" {axis = 2 : i64, part_sizes = array<i64: 2, 4>, parts = ["a", "b"]} : tensor<4x6xf32>
  return
}

// -----

func.func @part_size() {
  // expected-error @below {{expected part sizes, found -2}}
  %0 = graph.weight "weights"::"ab" {axis = 1 : i64, part_sizes = array<i64: -2, 8>, parts = ["a", "b"]} : tensor<4x6xf32>
  return
}

// -----

func.func @part_sum() {
  // expected-error @below {{expected parts of 6 in dim 1, found 5}}
  %0 = graph.weight "weights"::"ab" {axis = 1 : i64, part_sizes = array<i64: 2, 3>, parts = ["a", "b"]} : tensor<4x6xf32>
  return
}

// -----

func.func @part_encoding() {
  // expected-error @below {{expected parts of a tensor without encoding}}
  %0 = graph.weight "weights"::"ab" {axis = 1 : i64, part_sizes = array<i64: 2, 4>, parts = ["a", "b"]} : tensor<4x6xf32, #graph.int<bits = 8, scale = f32>>
  return
}
