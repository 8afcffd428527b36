//===- WgmmaRows.cpp - Products of warpgroups -----------------------------===//

#include "Isa/Rows.h"

using namespace raddle::vgpu;

void raddle::vgpu::addWgmmaRows(std::vector<Row> &rows) {
  // The shape m64nNkK appears as m64kK: N is a number.
  static constexpr Row kRows[] = {
      {"wgmma", "mma_async sync aligned m64k16", "f32 f16;f16;f16", nullptr,
       Sem::Wgmma, Pipe::Tensor, 80, 90, true},
      {"wgmma", "mma_async sync aligned m64k16", "f32;bf16;bf16", nullptr,
       Sem::Wgmma, Pipe::Tensor, 80, 90, true},
      {"wgmma", "mma_async sync aligned m64k8", "f32;tf32;tf32", nullptr,
       Sem::Wgmma, Pipe::Tensor, 80, 90, true},
      {"wgmma", "mma_async sync aligned m64k32", "f32 f16;e4m3 e5m2;e4m3 e5m2",
       nullptr, Sem::Wgmma, Pipe::Tensor, 80, 90, true},
      {"wgmma", "mma_async sync aligned m64k32 satfinite?", "s32;s8 u8;s8 u8",
       nullptr, Sem::Wgmma, Pipe::Tensor, 80, 90, true},
      {"wgmma", "mma_async sync aligned m64k256 and popc", "s32;b1;b1", nullptr,
       Sem::Wgmma, Pipe::Tensor, 80, 90, true},
      {"wgmma", "fence sync aligned", "", "", Sem::WgmmaFence, Pipe::Tensor, 80,
       90, true},
      {"wgmma", "commit_group sync aligned", "", "", Sem::WgmmaCommit,
       Pipe::Tensor, 80, 90, true},
      {"wgmma", "wait_group sync aligned", "", "imm", Sem::WgmmaWait,
       Pipe::Tensor, 80, 90, true},
  };
  rows.insert(rows.end(), std::begin(kRows), std::end(kRows));
}
