//===- MmaModel.h - Numerics of one tensor-core dot product -----*- C++ -*-===//
//
// The hardware's accumulation as published in "Accurate Models of NVIDIA
// Tensor Cores" (arXiv 2512.07004): products are exact, aligned to the largest
// of the products' unnormalised exponents and the exponent of C, cut off below
// 23 fraction bits plus the extra bits, added exactly, and rounded to zero
// (f32) or to nearest even (f16). The terms of one group are added at once,
// groups one after the other.
//
// | architecture | group f16, bf16 | group tf32 | extra bits |
// |--------------|-----------------|------------|------------|
// | sm_80 to 89  | 8               | 4          | 1          |
// | sm_90        | 16              | 8          | 2          |
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_SEMANTICS_MMAMODEL_H
#define RADDLE_LIB_VIRTUALGPU_SEMANTICS_MMAMODEL_H

#include <cstdint>

namespace raddle::vgpu {

struct DotModel {
  int extraBits = 1;
  int minInputExponent = -14; // of A's and B's type
  int minAlignExponent = -1000;
  bool halfResult = false;
};

/// One group, any input: A's and B's values as floats. The reference of the
/// vectorised code and the path for inputs outside its range.
float dotHardware(const float *a, const float *b, unsigned n, float c,
                  const DotModel &model);

/// All products and C added exactly and rounded once, to f32 or f16.
float dotExact(const float *a, const float *b, unsigned n, float c,
               bool halfResult);

} // namespace raddle::vgpu

#endif
