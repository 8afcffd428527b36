//===- Table.h - The instruction table --------------------------*- C++ -*-===//
//
// One row per instruction and type family. The parser of opcodes, the listing
// of instructions and the choice of the semantics function all come from it.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_ISA_TABLE_H
#define RADDLE_LIB_VIRTUALGPU_ISA_TABLE_H

#include "Isa/Form.h"

#include <string>
#include <string_view>
#include <vector>

namespace raddle::vgpu {

struct Row {
  const char *name;
  /// Groups of suffixes: alternatives with '|', optional with a final '?'.
  const char *modifiers;
  /// Types, one group per position, positions separated by ';'.
  const char *types;
  /// Operands, separated by spaces: d destination, s source, with the position
  /// of their type (d0, s1); w twice as wide as type 0 (dw, sw); b32 a 32-bit
  /// source; p predicate (dp, sp); a final '?' marks an optional one. Null:
  /// the decoder has a function of its own for the instruction.
  const char *operands;
  Sem sem;
  Pipe pipe;
  uint16_t ptx;                  // version * 10 that introduced it
  uint16_t sm;                   // least compute capability
  bool onlyArchitecture = false; // needs the target with suffix a, as sm_90a
};

/// All rows, grouped by mnemonic.
const std::vector<Row> &allRows();

/// The row and suffixes of "add.sat.s32". On failure returns null and says
/// what is wrong.
const Row *matchOpcode(std::string_view opcode, Form &form, std::string &error);

const char *pipeName(Pipe pipe);

/// The table as text, one line per row, for `--list-instructions`.
std::string listInstructions();

} // namespace raddle::vgpu

#endif
