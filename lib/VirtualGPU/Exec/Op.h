//===- Op.h - Pre-decoded instructions --------------------------*- C++ -*-===//
//
// An instruction of a kernel after decoding: a function pointer and the places
// of its operands. Included by the semantics files, which are compiled once
// per instruction set of the host: keep it free of the standard library's
// templates (see Semantics/Simd.h).
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_OP_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_OP_H

#include "Ptx/Type.h"

#include <cstdint>

namespace raddle::vgpu {

struct Warp;
struct Op;

using Handler = void (*)(Warp &, const Op &);

/// A register of a warp is an array of 32 lanes at a byte offset of the
/// frame; a slot with the lowest bit set is an offset into the constants of
/// the function, where immediates lie already spread over 32 lanes.
using Slot = int32_t;

struct Op {
  Handler fn;
  Slot d = 0, a = 0, b = 0, c = 0;
  Slot e = 0;                 // second result or fourth source
  Slot guard = -1;            // predicate slot, -1: none
  uint32_t guardFlip = 0;     // ~0 for @!p
  uint16_t flags = 0;         // per kind of instruction
  uint8_t space = 0;          // Space of a memory access
  uint8_t count = 1;          // elements of a vector access
  int64_t imm = 0;            // address offset, branch target, ...
  const Slot *list = nullptr; // slots of vector operands
};
static_assert(sizeof(Op) == 56);

} // namespace raddle::vgpu

#endif
