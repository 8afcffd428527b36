// The host's encode and decode are the meaning of an encoding; the operations
// that they expand to have to agree with them bit for bit.
//
// RUN: raddle-opt %s --graph-evaluate > %t.host
// RUN: raddle-opt %s --graph-expand-encodings --graph-evaluate > %t.expanded
// RUN: diff %t.host %t.expanded
// RUN: FileCheck %s < %t.host

// CHECK-LABEL: @case0
func.func @case0() -> tensor<3x8xf32> {
  %x = arith.constant dense<[[0.2841241, 3.7500731, -2.7941351, 2.9771318, -0.7774636, -0.7845330, 5.6991758, 0.4726112], [-0.1287728, 2.1884955, 3.3805619, -0.0925298, 1.7639812, -2.9211731, -1.1003714, -1.3143751], [-3.9968495, -4.5255424, -4.8807382, -0.7159586, -0.5172763, -0.9610131, 0.2073829, -4.0067565]]> : tensor<3x8xf32>
  %e = graph.encode %x : tensor<3x8xf32> to tensor<3x8xf32, #graph.int<bits = 8, scale = f32>>
  %y = graph.decode %e : tensor<3x8xf32, #graph.int<bits = 8, scale = f32>> to tensor<3x8xf32>
  // CHECK: return %{{.*}} : tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// CHECK-LABEL: @case1
func.func @case1() -> tensor<3x8xf32> {
  %x = arith.constant dense<[[-0.2383951, 0.7142955, 2.2531272, -2.5386679, -1.1996124, -6.0455330, -1.5109487, -6.5900731], [-4.2581581, 3.3045345, -6.6048869, 2.3956853, 0.9836900, -0.9370173, 1.3780303, 1.5823839], [3.1362639, -0.6911105, -1.7766595, -1.8138460, -2.9593248, -0.1347690, -2.3572756, 3.2057835]]> : tensor<3x8xf32>
  %e = graph.encode %x : tensor<3x8xf32> to tensor<3x8xf32, #graph.int<bits = 8, scale = f32, axis = 0>>
  %y = graph.decode %e : tensor<3x8xf32, #graph.int<bits = 8, scale = f32, axis = 0>> to tensor<3x8xf32>
  // CHECK: return %{{.*}} : tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// CHECK-LABEL: @case2
func.func @case2() -> tensor<3x8xf32> {
  %x = arith.constant dense<[[-5.6082709, -3.2812341, -2.8595230, -6.2785906, 5.7068359, -7.2250176, -0.8498666, -1.5756367], [4.9677597, -5.9562493, 3.2155000, -2.1942423, -0.4656740, -2.0129085, 1.9214257, -3.4129256], [-0.2366955, 1.0602458, 5.5207745, -7.2158356, 4.5753708, 2.8442087, -1.4507644, 0.9147888]]> : tensor<3x8xf32>
  %e = graph.encode %x : tensor<3x8xf32> to tensor<3x8xf32, #graph.int<bits = 8, unsigned, scale = f32, zero = i8, axis = 1>>
  %y = graph.decode %e : tensor<3x8xf32, #graph.int<bits = 8, unsigned, scale = f32, zero = i8, axis = 1>> to tensor<3x8xf32>
  // CHECK: return %{{.*}} : tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// CHECK-LABEL: @case3
func.func @case3() -> tensor<3x8xf32> {
  %x = arith.constant dense<[[-1.3980107, 4.9401855, 0.6287712, -0.6466670, -0.6841858, -0.5996286, -0.5298551, -2.6369493], [6.1750176, -5.7329787, -10.8172576, -0.3685481, -0.4396944, 1.1173032, -0.6135170, -0.4443507], [0.9970367, 2.9052455, -1.3439307, -1.1184564, 5.8215721, 1.5900791, -2.9563487, 6.9718289]]> : tensor<3x8xf32>
  %e = graph.encode %x : tensor<3x8xf32> to tensor<3x8xf32, #graph.int<bits = 8, scale = f16, zero = f32>>
  %y = graph.decode %e : tensor<3x8xf32, #graph.int<bits = 8, scale = f16, zero = f32>> to tensor<3x8xf32>
  // CHECK: return %{{.*}} : tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// CHECK-LABEL: @case4
func.func @case4() -> tensor<2x7xf32> {
  %x = arith.constant dense<[[2.3277219, -1.7669991, -3.5232424, 0.8949553, -2.4966086, -3.1726166, -3.8880029], [-1.5185261, 3.3226467, -1.3005490, -4.3482550, 2.0065095, 0.1970751, 2.5316556]]> : tensor<2x7xf32>
  %e = graph.encode %x : tensor<2x7xf32> to tensor<2x7xf32, #graph.int<bits = 4, scale = f16, axis = 1, group = 4>>
  %y = graph.decode %e : tensor<2x7xf32, #graph.int<bits = 4, scale = f16, axis = 1, group = 4>> to tensor<2x7xf32>
  // CHECK: return %{{.*}} : tensor<2x7xf32>
  return %y : tensor<2x7xf32>
}

// CHECK-LABEL: @case5
func.func @case5() -> tensor<2x7xf32> {
  %x = arith.constant dense<[[3.6052049, -0.5062272, -0.4345157, -0.1364603, -3.4037868, 2.0069267, 4.1166320], [0.5214415, -0.7123196, -0.7796793, -2.3418472, -2.4117763, -1.2025028, -2.5257838]]> : tensor<2x7xf32>
  %e = graph.encode %x : tensor<2x7xf32> to tensor<2x7xf32, #graph.int<bits = 4, unsigned, scale = f32, zero = i8, axis = 0>>
  %y = graph.decode %e : tensor<2x7xf32, #graph.int<bits = 4, unsigned, scale = f32, zero = i8, axis = 0>> to tensor<2x7xf32>
  // CHECK: return %{{.*}} : tensor<2x7xf32>
  return %y : tensor<2x7xf32>
}

// CHECK-LABEL: @case6
func.func @case6() -> tensor<5x6xf32> {
  %x = arith.constant dense<[[-1.3120672, -4.7318315, 1.0502841, 0.1473403, -3.4575575, -6.8947550], [-0.0233538, 3.3118415, -2.2006892, -1.4489871, -1.7051743, 1.9599315], [-2.7478261, 2.9574860, -0.9091618, 2.7741333, 0.0977660, -0.6940214], [-4.4346454, -2.0615880, -0.7837999, 1.9790460, 0.7348773, -2.0902013], [1.2291936, 2.9619726, -0.4457077, -1.3170822, -1.1812884, 2.4319297]]> : tensor<5x6xf32>
  %e = graph.encode %x : tensor<5x6xf32> to tensor<5x6xf32, #graph.int<bits = 2, unsigned, scale = f32, zero = f16, axis = 0, group = 2>>
  %y = graph.decode %e : tensor<5x6xf32, #graph.int<bits = 2, unsigned, scale = f32, zero = f16, axis = 0, group = 2>> to tensor<5x6xf32>
  // CHECK: return %{{.*}} : tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}

// CHECK-LABEL: @case7
func.func @case7() -> tensor<4x9xf32> {
  %x = arith.constant dense<[[1.6149974, -2.7889328, 1.1247114, -1.4399447, -2.2536169, 3.7188659, 2.4634045, -2.1745832, 0.2380012], [1.5043837, -1.9184126, -0.3613070, 2.0005295, -5.3678442, 0.9825870, 2.2164011, 1.5128962, -4.0246729], [0.9558078, -2.5904374, 1.7099985, 1.8138508, 0.6493162, -2.2961196, -1.7733049, 2.5621678, -2.6963790], [1.4873991, 1.5343347, -0.8358359, 7.1836725, 0.2104766, 6.4393689, -6.0486260, -6.7309930, 2.9453399]]> : tensor<4x9xf32>
  %e = graph.encode %x : tensor<4x9xf32> to tensor<4x9xf32, #graph.int<bits = 1, unsigned, scale = f32, zero = f32, axis = 1, group = 3>>
  %y = graph.decode %e : tensor<4x9xf32, #graph.int<bits = 1, unsigned, scale = f32, zero = f32, axis = 1, group = 3>> to tensor<4x9xf32>
  // CHECK: return %{{.*}} : tensor<4x9xf32>
  return %y : tensor<4x9xf32>
}

// CHECK-LABEL: @case8
func.func @case8() -> tensor<3x5xf32> {
  %x = arith.constant dense<[[1.9086409, -0.9368601, -0.1606361, -5.7090317, -1.8870177], [-3.1005982, -0.6654582, 2.6581222, 0.1589554, 1.1151877], [-2.0944045, -1.3048684, 0.3364468, -0.8467835, 3.7941226]]> : tensor<3x5xf32>
  %e = graph.encode %x : tensor<3x5xf32> to tensor<3x5xf32, #graph.int<bits = 16, scale = f32, zero = i16>>
  %y = graph.decode %e : tensor<3x5xf32, #graph.int<bits = 16, scale = f32, zero = i16>> to tensor<3x5xf32>
  // CHECK: return %{{.*}} : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// CHECK-LABEL: @case9
func.func @case9() -> tensor<2x3x4xf16> {
  %x = arith.constant dense<[[[-2.6272396, 5.6729889, -2.9421399, 3.1788204], [-2.3194857, 4.9447326, 0.4093131, 1.1949076], [2.2337115, -1.9047832, -3.1257592, -6.0794700]], [[3.6601153, -2.0884615, -1.7761011, -0.0927829], [5.9663004, -5.1851729, 0.7480171, -1.1877316], [1.5956143, -5.3968501, -1.1934228, 2.5217146]]]> : tensor<2x3x4xf16>
  %e = graph.encode %x : tensor<2x3x4xf16> to tensor<2x3x4xf16, #graph.int<bits = 8, scale = f16, axis = 1>>
  %y = graph.decode %e : tensor<2x3x4xf16, #graph.int<bits = 8, scale = f16, axis = 1>> to tensor<2x3x4xf16>
  // CHECK: return %{{.*}} : tensor<2x3x4xf16>
  return %y : tensor<2x3x4xf16>
}

// CHECK-LABEL: @case10
func.func @case10() -> tensor<2x3x4xbf16> {
  %x = arith.constant dense<[[[4.6772316, 4.7901691, -2.5645984, 0.1640714], [-0.3296589, -4.1293356, -4.3208908, 2.2707873], [0.7367487, -0.4278806, 3.6473180, -3.0052727]], [[1.5795273, 0.0299150, -0.1780176, 1.4708385], [0.5277979, 0.8005140, 0.7967629, 5.8155266], [-0.9326092, 3.0367842, 1.8251229, -1.0490195]]]> : tensor<2x3x4xbf16>
  %e = graph.encode %x : tensor<2x3x4xbf16> to tensor<2x3x4xbf16, #graph.int<bits = 4, scale = bf16>>
  %y = graph.decode %e : tensor<2x3x4xbf16, #graph.int<bits = 4, scale = bf16>> to tensor<2x3x4xbf16>
  // CHECK: return %{{.*}} : tensor<2x3x4xbf16>
  return %y : tensor<2x3x4xbf16>
}

// CHECK-LABEL: @case11
func.func @case11() -> tensor<3x4xf64> {
  %x = arith.constant dense<[[2.3871690, -2.5727142, 3.4813657, -2.4283818], [-1.4695638, 0.9691619, 2.4972937, 2.7224878], [2.6802247, -0.6213729, -2.8680051, 1.6494283]]> : tensor<3x4xf64>
  %e = graph.encode %x : tensor<3x4xf64> to tensor<3x4xf64, #graph.int<bits = 8, scale = f64>>
  %y = graph.decode %e : tensor<3x4xf64, #graph.int<bits = 8, scale = f64>> to tensor<3x4xf64>
  // CHECK: return %{{.*}} : tensor<3x4xf64>
  return %y : tensor<3x4xf64>
}

// CHECK-LABEL: @case12
func.func @case12() -> tensor<2x4xf32> {
  %x = arith.constant dense<[[0x7FC00000, -2.8576198, 2.9202612, 0.5973149], [-2.8732465, 1.3237973, -3.9753281, -2.6324531]]> : tensor<2x4xf32>
  %g0 = arith.constant dense<0.05> : tensor<f32>
  %g1 = arith.constant dense<-120> : tensor<i8>
  %e = graph.encode %x with ["scales", "zeros"](%g0, %g1 : tensor<f32>, tensor<i8>) : tensor<2x4xf32> to tensor<2x4xf32, #graph.int<bits = 8, unsigned, scale = f32, zero = i8>>
  %y = graph.decode %e : tensor<2x4xf32, #graph.int<bits = 8, unsigned, scale = f32, zero = i8>> to tensor<2x4xf32>
  // CHECK: return %{{.*}} : tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// CHECK-LABEL: @case13
func.func @case13() -> tensor<2x4xf32> {
  %x = arith.constant dense<[[0x7FC00000, -4.6725170, 0.1130044, -4.0536033], [2.2114729, -2.1818384, 0.5479440, -4.5075427]]> : tensor<2x4xf32>
  %g0 = arith.constant dense<[0.1, 0.01, 10.0, 1.0]> : tensor<4xf32>
  %e = graph.encode %x with ["scales"](%g0 : tensor<4xf32>) : tensor<2x4xf32> to tensor<2x4xf32, #graph.int<bits = 8, scale = f32, axis = 1>>
  %y = graph.decode %e : tensor<2x4xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<2x4xf32>
  // CHECK: return %{{.*}} : tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// CHECK-LABEL: @case14
func.func @case14() -> tensor<3x5xf32> {
  %x = arith.constant dense<[[-1.0324858, 2.8417326, 1.3718606, -5.5158313, 2.7732309], [2.6765672, -1.1287404, 4.2514732, -3.1773256, -0.2562023], [3.3413097, 3.9309372, 3.8404070, -3.2826508, -5.3409380]]> : tensor<3x5xf32>
  %e = graph.encode %x : tensor<3x5xf32> to tensor<3x5xf32, #graph.dense<order = [1, 0], pad = [4, 8]>>
  %y = graph.decode %e : tensor<3x5xf32, #graph.dense<order = [1, 0], pad = [4, 8]>> to tensor<3x5xf32>
  // CHECK: return %{{.*}} : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// CHECK-LABEL: @case15
func.func @case15() -> tensor<3x5xf32> {
  %x = arith.constant dense<[[1.1740288, -4.2947721, -0.3942614, -3.8444963, 3.1842343], [2.4106618, 1.6691193, 0.0514179, 0.1373955, -0.8927299], [1.1500662, 0.7482207, 1.3779561, -1.2863841, 5.6958848]]> : tensor<3x5xf32>
  %e = graph.encode %x : tensor<3x5xf32> to tensor<3x5xf32, #graph.dense<order = [1, 0], pad = [8, 1], inner = #graph.int<bits = 4, scale = f32, axis = 0>>>
  %y = graph.decode %e : tensor<3x5xf32, #graph.dense<order = [1, 0], pad = [8, 1], inner = #graph.int<bits = 4, scale = f32, axis = 0>>> to tensor<3x5xf32>
  // CHECK: return %{{.*}} : tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// CHECK-LABEL: @zeros
func.func @zeros() -> tensor<2x2xf32> {
  %x = arith.constant dense<0.0> : tensor<2x2xf32>
  %e = graph.encode %x : tensor<2x2xf32> to tensor<2x2xf32, #graph.int<bits = 8, scale = f32>>
  %y = graph.decode %e : tensor<2x2xf32, #graph.int<bits = 8, scale = f32>> to tensor<2x2xf32>
  // CHECK: dense<0.000000e+00> : tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
