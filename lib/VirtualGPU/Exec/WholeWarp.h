//===- WholeWarp.h - Instructions of all 32 threads -------------*- C++ -*-===//
//
// Included by the semantics files, which are built once per instruction set of
// the host: everything here is inlined.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_WHOLEWARP_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_WHOLEWARP_H

#include "Check/FaultClass.h"
#include "Exec/Warp.h"

namespace raddle::vgpu {

/// Whether all 32 threads are at the instruction; else they are waited for, or
/// there is a fault.
static inline __attribute__((always_inline)) bool wholeWarp(Warp &w,
                                                            const Op &op) {
  if (__builtin_expect(w.exec == ~0u, 1))
    return true;
  if (w.present != ~0u || w.exited) {
    hooks.fault(w, op, static_cast<uint8_t>(FaultClass::BadMask),
                "the instruction needs all 32 threads of the warp");
    return false;
  }
  return hooks.syncLanes(w, op, ~0u);
}

} // namespace raddle::vgpu

#endif
