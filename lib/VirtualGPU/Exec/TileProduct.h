//===- TileProduct.h - A product of 16 rows and 8 columns -------*- C++ -*-===//
//
// Included by the semantics files: plain data only.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_TILEPRODUCT_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_TILEPRODUCT_H

#include "Exec/Warp.h"

namespace raddle::vgpu {

/// D = A * B + C with the numerics of the warp's tensor core; what wgmma does
/// for one warp and eight columns. Elements of A and B as floats, exact.
struct TileProduct {
  Type type; // of A's elements: f16, bf16, tf32, or an 8-bit float
  unsigned k;
  bool halfResult;
  const float *a; // [16][k]
  const float *b; // [8][k]: columns
  float *c;       // [4][32]: registers of the accumulator fragment, in and out
};
using TileProductFn = void (*)(Warp &, const TileProduct &);

/// For this host's instruction set.
void tileProduct(Warp &w, const TileProduct &product);

} // namespace raddle::vgpu

#endif
