// RUN: raddle-opt %s -allow-unregistered-dialect -pass-pipeline='builtin.module(func.func(test-graph-symbolic-shapes))' -verify-diagnostics -split-input-file

#x = affine_map<(b, m, n, k) -> (b, m, k)>
#w = affine_map<(b, m, n, k) -> (k, n)>
#y = affine_map<(b, m, n, k) -> (b, m, n)>
func.func @names(%ids: tensor<?x?xi64> {graph.shape = ["batch", "length"]}, %mask: tensor<?x?xi64> {graph.shape = ["batch", "length"]},
                 %table: tensor<30522x384xf32>, %w: tensor<384x96xf32>)
    attributes {graph.dims = [{name = "batch", min = 1, max = 64}, {name = "length", min = 8, max = 512, divisor = 8}]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c384 = arith.constant 384 : index
  // expected-remark @below {{shape [batch, length], elements batch*length}}
  "test.show"(%ids) : (tensor<?x?xi64>) -> ()
  // expected-remark @below {{yes}}
  "test.equal"(%ids, %mask) : (tensor<?x?xi64>, tensor<?x?xi64>) -> ()
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %l = tensor.dim %ids, %c1 : tensor<?x?xi64>
  // expected-remark @below {{batch in [1, 64]}}
  // expected-remark @below {{length in [8, 512] divisible by 2, 4, 8}}
  "test.show"(%b, %l) : (index, index) -> ()

  %0 = graph.gather %table[%ids] axis = 0 : tensor<30522x384xf32>, tensor<?x?xi64> to tensor<?x?x384xf32>
  %1 = graph.contract %0, %w maps [#x, #w, #y] : tensor<?x?x384xf32>, tensor<384x96xf32> to tensor<?x?x96xf32>
  %2 = math.exp %1 : tensor<?x?x96xf32>
  // expected-remark @below {{shape [batch, length, 96], elements 96*batch*length}}
  "test.show"(%2) : (tensor<?x?x96xf32>) -> ()

  // A size that the importer computed from the number of elements.
  %bl = arith.muli %b, %l : index
  %total = arith.muli %bl, %c384 : index
  %rest = arith.divsi %total, %bl : index
  %rows = arith.divsi %total, %c384 : index
  // expected-remark @below {{384 in [384, 384] divisible by 2, 3, 4, 8, 16, 64}}
  // expected-remark @below {{batch*length in [8, 32768] divisible by 2, 4, 8}}
  "test.show"(%rest, %rows) : (index, index) -> ()
  // expected-remark @below {{yes}}
  "test.equal"(%rows, %bl) : (index, index) -> ()
  // expected-remark @below {{not known}}
  "test.equal"(%rows, %b) : (index, index) -> ()

  // Division by the known divisor is exact, otherwise it is opaque.
  %blocks = arith.ceildivsi %l, %c8 : index
  %back = arith.muli %blocks, %c8 : index
  %blocks16 = arith.ceildivsi %l, %c16 : index
  %rest16 = arith.remsi %l, %c16 : index
  // expected-remark @below {{yes}}
  "test.equal"(%back, %l) : (index, index) -> ()
  // expected-remark @below {{floordiv((length/8) + 1, 2) in [1, 32]}}
  // expected-remark @below {{length - 16*floordiv((length/8), 2) in [0, 15] divisible by 2, 4, 8}}
  "test.show"(%blocks16, %rest16) : (index, index) -> ()

  %concat = graph.concat axis = 1 (%ids, %mask) : (tensor<?x?xi64>, tensor<?x?xi64>) to tensor<?x?xi64>
  %t = graph.transpose %concat [1, 0] : tensor<?x?xi64> to tensor<?x?xi64>
  %r = graph.reduce add %t dims = [1] keep_dims : tensor<?x?xi64> to tensor<?x1xi64>
  // expected-remark @below {{shape [2*length, batch], elements 2*batch*length}}
  // expected-remark @below {{shape [2*length, 1], elements 2*length}}
  "test.show"(%t, %r) : (tensor<?x?xi64>, tensor<?x1xi64>) -> ()
  // expected-remark @below {{yes}}
  "test.at_most"(%b, %bl) : (index, index) -> ()
  return
}

// -----

func.func @convolutions(%x: tensor<1x3x?x?xf32> {graph.shape = [1, 3, "height", "width"]}, %w: tensor<8x3x3x3xf32>, %v: tensor<8x8x3x3xf32>)
    attributes {graph.dims = [{name = "height", min = 32, max = 1024, divisor = 32}, {name = "width", min = 1}]} {
  %0 = graph.conv %x, %w strides = [2, 2] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1 : tensor<1x3x?x?xf32>, tensor<8x3x3x3xf32> to tensor<1x8x?x?xf32>
  %1 = graph.conv %0, %v strides = [2, 2] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1 : tensor<1x8x?x?xf32>, tensor<8x8x3x3xf32> to tensor<1x8x?x?xf32>
  // expected-remark @below {{shape [1, 8, 16*(height/32), floordiv(width + 1, 2)]}}
  // expected-remark @below {{shape [1, 8, 8*(height/32), floordiv(width + 3, 4)]}}
  "test.show"(%0, %1) : (tensor<1x8x?x?xf32>, tensor<1x8x?x?xf32>) -> ()
  return
}

// -----

// Equalities that the launch checks.
func.func @assumptions(%x: tensor<?xf32> {graph.shape = ["n"]}, %y: tensor<?xf32> {graph.shape = ["m"]}, %z: tensor<?xf32>)
    attributes {graph.dims = [{name = "n", min = 1}, {name = "m", min = 1}]} {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %m = tensor.dim %y, %c0 : tensor<?xf32>
  %k = tensor.dim %z, %c0 : tensor<?xf32>
  %n2 = arith.muli %n, %c2 : index
  %same = arith.cmpi eq, %n2, %m : index
  cf.assert %same, "m is twice n"
  %also = arith.cmpi eq, %m, %k : index
  cf.assert %also, "z is as long as y"
  // expected-remark @below {{shape [2*n], elements 2*n}}
  "test.show"(%y) : (tensor<?xf32>) -> ()
  // expected-remark @below {{shape [2*n], elements 2*n}}
  "test.show"(%z) : (tensor<?xf32>) -> ()
  // expected-remark @below {{yes}}
  "test.equal"(%y, %z) : (tensor<?xf32>, tensor<?xf32>) -> ()
  return
}

// -----

// As a slice of a table of 512 positions is added to `length` rows: the sizes
// have to be equal, so that `length` is at most 512.
func.func @assumed_bounds(%x: tensor<?xf32> {graph.shape = ["length"]}, %y: tensor<?xf32> {graph.shape = ["rows"]})
    attributes {graph.dims = [{name = "length", min = 1}, {name = "rows", min = 1, divisor = 8}]} {
  %c0 = arith.constant 0 : index
  %c100 = arith.constant 100 : index
  %c512 = arith.constant 512 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %m = tensor.dim %y, %c0 : tensor<?xf32>
  %most = arith.minsi %n, %c512 : index
  %same = arith.cmpi eq, %n, %most : index
  cf.assert %same, "at most 512"
  %few = arith.cmpi slt, %m, %c100 : index
  cf.assert %few, "less than 100"
  %product = arith.muli %n, %m : index
  // expected-remark @below {{length in [1, 512]}}
  // expected-remark @below {{rows in [8, 96] divisible by 2, 4, 8}}
  // expected-remark @below {{length*rows in [8, 49152] divisible by 2, 4, 8}}
  "test.show"(%most, %m, %product) : (index, index, index) -> ()
  return
}

// -----

func.func @bounds(%x: tensor<?xf32> {graph.shape = ["n"]}, %s: index, %p: i1)
    attributes {graph.dims = [{name = "n", min = 4, max = 100}]} {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %c200 = arith.constant 200 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %0 = arith.minsi %n, %c200 : index
  %1 = arith.minsi %n, %c8 : index
  %2 = arith.maxsi %c8, %n : index
  %3 = arith.divsi %n, %c3 : index
  %4 = arith.subi %n, %c3 : index
  %5 = arith.select %p, %n, %c3 : index
  // expected-remark @below {{n in [4, 100]}}
  // expected-remark @below {{min(n, 8) in [4, 8]}}
  // expected-remark @below {{max(n, 8) in [8, 100]}}
  // expected-remark @below {{floordiv(n, 3) in [1, 33]}}
  // expected-remark @below {{n - 3 in [1, 97]}}
  // expected-remark-re @below {{s{{[0-9]+}} in [3, 100]}}
  // expected-remark-re @below {{s{{[0-9]+}} in [, ]}}
  "test.show"(%0, %1, %2, %3, %4, %5, %s) : (index, index, index, index, index, index, index) -> ()
  %less = arith.cmpi slt, %n, %c8 : index
  %6 = arith.select %less, %n, %c8 : index
  // expected-remark @below {{yes}}
  "test.equal"(%6, %1) : (index, index) -> ()
  // Unsigned arithmetic on what may be negative is not known.
  %7 = arith.divui %s, %c3 : index
  // expected-remark-re @below {{s{{[0-9]+}} in [, ]}}
  "test.show"(%7) : (index) -> ()
  return
}

// -----

func.func @control_flow(%x: tensor<?x4xf32> {graph.shape = ["n", 4]}, %p: i1, %count: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %0 = scf.if %p -> tensor<?x4xf32> {
    %1 = math.exp %x : tensor<?x4xf32>
    scf.yield %1 : tensor<?x4xf32>
  } else {
    scf.yield %x : tensor<?x4xf32>
  }
  %2 = scf.for %i = %c1 to %c9 step %c1 iter_args(%carried = %0) -> tensor<?x4xf32> {
    // expected-remark-re @below {{i{{[0-9]+}} in [1, 8]}}
    "test.show"(%i) : (index) -> ()
    %3 = math.exp %carried : tensor<?x4xf32>
    scf.yield %3 : tensor<?x4xf32>
  }
  // The size grows.
  %4 = scf.for %i = %c0 to %count step %c1 iter_args(%carried = %x) -> tensor<?x4xf32> {
    %5 = graph.concat axis = 0 (%carried, %x) : (tensor<?x4xf32>, tensor<?x4xf32>) to tensor<?x4xf32>
    scf.yield %5 : tensor<?x4xf32>
  }
  // expected-remark @below {{shape [n, 4], elements 4*n}}
  // expected-remark-re @below {{shape [d{{[0-9]+}}, 4], elements 4*}}
  "test.show"(%2, %4) : (tensor<?x4xf32>, tensor<?x4xf32>) -> ()
  %6 = graph.group (%x : tensor<?x4xf32>) scalars (%count : index) attributes {skeleton = "pointwise"} {
  ^bb0(%x0: tensor<?x4xf32>, %n0: index):
    %7 = graph.transpose %x0 [1, 0] : tensor<?x4xf32> to tensor<4x?xf32>
    graph.yield %7 : tensor<4x?xf32>
  } : tensor<4x?xf32>
  // expected-remark @below {{shape [4, n], elements 4*n}}
  "test.show"(%6) : (tensor<4x?xf32>) -> ()
  // A size inside of a group is the scalar that the group takes.
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %8 = graph.group (%x : tensor<?x4xf32>) scalars (%n : index) attributes {skeleton = "pointwise"} {
  ^bb0(%x0: tensor<?x4xf32>, %n0: index):
    %9 = graph.reshape %x0 sizes [%n0, 2, 2] : tensor<?x4xf32> to tensor<?x2x2xf32>
    graph.yield %9 : tensor<?x2x2xf32>
  } : tensor<?x2x2xf32>
  // expected-remark @below {{shape [n, 2, 2], elements 4*n}}
  "test.show"(%8) : (tensor<?x2x2xf32>) -> ()
  return
}

// -----

// Numbers that do not fit are unknown, never wrong.
func.func @overflow(%n: index) {
  %big = arith.constant 9223372036854775807 : index
  %0 = arith.addi %big, %big : index
  %1 = arith.muli %n, %big : index
  %2 = arith.muli %1, %big : index
  // expected-remark-re @below {{s{{[0-9]+}} in [, ]}}
  "test.show"(%0) : (index) -> ()
  // expected-remark-re @below {{s{{[0-9]+}} in [, ]}}
  "test.show"(%2) : (index) -> ()
  return
}
