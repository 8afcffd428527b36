//===- Select.cpp - Handlers of one host instruction set ------------------===//

#include "Semantics/Ops.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

Handler select(const Form &f);

Handler select(const Form &f) {
  const Sem s = f.sem;
  if (s <= Sem::Max || s == Sem::AddCarry || s == Sem::SubCarry ||
      s == Sem::MadCarry)
    return selectInteger(f);
  if (s < Sem::FAdd)
    return selectBits(f);
  if (s < Sem::Setp)
    return selectFloat(f);
  if (s < Sem::Cvt)
    return selectCompare(f);
  if (s == Sem::Cvt)
    return selectConvert(f);
  if (s == Sem::CvtPack)
    return selectConvertPacked(f);
  if (s < Sem::Ld)
    return selectMove(f);
  if (s < Sem::Shfl)
    return selectMemory(f);
  if (s < Sem::Mma)
    return selectWarp(f);
  return s == Sem::Mma ? selectMma(f) : nullptr;
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
