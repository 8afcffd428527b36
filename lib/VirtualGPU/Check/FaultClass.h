//===- FaultClass.h - Kinds of faults ---------------------------*- C++ -*-===//
//
// Included by the semantics files: plain data only.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_CHECK_FAULTCLASS_H
#define RADDLE_LIB_VIRTUALGPU_CHECK_FAULTCLASS_H

#include <cstdint>

namespace raddle::vgpu {

enum class FaultClass : uint8_t {
  None,
  OutOfBounds,
  Misaligned,
  UseAfterFree,
  Uninitialized,
  RaceShared,
  RaceGlobal,
  DivergentBarrier,
  BarrierCount,
  BadMask,
  BadOperand,
  IllegalInstruction,
  Trap,
  Assert,
  Timeout,
  StackOverflow,
  BadMbarrier,
};

} // namespace raddle::vgpu

#endif
