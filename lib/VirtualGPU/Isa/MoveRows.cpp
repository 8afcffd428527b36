//===- MoveRows.cpp - Moves, address conversion, control flow -------------===//

#include "Isa/Rows.h"

using namespace raddle::vgpu;

void raddle::vgpu::addMoveRows(std::vector<Row> &rows) {
  static constexpr Row kRows[] = {
      {"mov", "",
       "pred b8 b16 b32 b64 b128 u8 u16 u32 u64 s8 s16 s32 s64 f16 bf16 f32 "
       "f64",
       nullptr, Sem::Mov, Pipe::Move, 10, 10},
      {"cvta", "to? global|shared|local|const|param|shared::cluster", "u32 u64",
       nullptr, Sem::CvtaTo, Pipe::Move, 20, 20},
      {"isspacep", "global|shared|local|const|param|shared::cluster", "",
       "dp b64", Sem::Isspacep, Pipe::Int, 20, 20},
      {"bra", "uni?", "", nullptr, Sem::Bra, Pipe::Control, 10, 10},
      {"brx", "idx uni?", "", nullptr, Sem::BrxIdx, Pipe::Control, 60, 30},
      {"call", "uni?", "", nullptr, Sem::Call, Pipe::Control, 10, 20},
      {"ret", "uni?", "", "", Sem::Ret, Pipe::Control, 10, 10},
      {"exit", "", "", "", Sem::Exit, Pipe::Control, 10, 10},
      {"trap", "", "", "", Sem::Trap, Pipe::Control, 10, 10},
      {"brkpt", "", "", "", Sem::Brkpt, Pipe::Control, 10, 11},
      {"nanosleep", "", "u32", "s0", Sem::Nop, Pipe::Control, 63, 70},
      {"pmevent", "", "", "imm", Sem::Nop, Pipe::Control, 14, 10},
      {"setmaxnreg", "inc|dec sync aligned", "u32", "imm", Sem::Nop,
       Pipe::Control, 80, 90},
      {"griddepcontrol", "launch_dependents|wait", "", "", Sem::Nop,
       Pipe::Control, 78, 90},
  };
  rows.insert(rows.end(), std::begin(kRows), std::end(kRows));
}
