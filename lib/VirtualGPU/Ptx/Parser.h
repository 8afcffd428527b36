//===- Parser.h - PTX text to a Module --------------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_PTX_PARSER_H
#define RADDLE_LIB_VIRTUALGPU_PTX_PARSER_H

#include "Ptx/Ast.h"

namespace raddle::vgpu {

/// Parses `text` (kept in the module). On failure returns false and gives one
/// message, "line N: ...".
bool parseModule(std::string text, Module &module, std::string &error);

} // namespace raddle::vgpu

#endif
