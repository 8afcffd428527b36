//===- Code.h - a host program prepared for running ------------*- C++ -*-===//
//
// The statements of a verified program with names resolved to slots. One copy
// serves all sessions of a model.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_RUNTIME_CODE_H
#define RADDLE_LIB_RUNTIME_CODE_H

#include "raddle/Artifact/Program.h"

#include <unordered_map>

namespace raddle::code {

using Slot = uint32_t;
using host::CompiledExpr;

struct Statement;
using Block = std::vector<Statement>;

struct Argument {
  host::ParamKind kind;
  uint32_t buffer;
  CompiledExpr value;
  float f32;
};

struct Launch {
  const host::Launch *source;
  std::array<CompiledExpr, 3> grid;
  std::vector<Argument> args;
};

struct Let {
  Slot slot;
  CompiledExpr value;
};

struct Read {
  Slot slot;
  uint32_t buffer;
  CompiledExpr offset;
  DataType type;
};

struct If {
  CompiledExpr condition;
  Block thenBlock, elseBlock;
};

struct Loop {
  Slot counter;
  CompiledExpr from, to, step;
  Block body;
};

struct While {
  Block before;
  CompiledExpr condition;
  Block body;
};

struct Copy {
  uint32_t from, to;
  CompiledExpr fromOffset, toOffset, bytes;
  uint32_t stream;
};

struct Fill {
  uint32_t buffer;
  CompiledExpr offset, bytes;
  uint8_t byte;
  uint32_t stream;
};

struct Assert {
  CompiledExpr condition;
  /// The two sides of a comparison, to tell what was found.
  std::vector<CompiledExpr> sides;
  const std::string *message;
};

struct Alloc {
  uint32_t buffer;
  CompiledExpr bytes;
};

struct Bind {
  uint32_t buffer, to;
};

struct Free {
  uint32_t buffer;
};

struct Record {
  uint32_t event, stream;
};

struct Wait {
  uint32_t event, stream;
};

struct Statement {
  std::variant<Launch, Let, Read, If, Loop, While, Copy, Fill, Assert, Alloc,
               Bind, Free, Record, Wait>
      op;
};

/// What a buffer's size and place are.
struct Buffer {
  CompiledExpr bytes, offset;
};

struct Program {
  /// Keeps pointers into `source`, which must outlive it and be verified.
  explicit Program(const host::Program &source);

  /// Number of host scalars. The entry dims come first, in their order.
  uint32_t numSlots = 0;
  CompiledExpr arenaBytes;
  std::vector<Buffer> buffers;
  std::vector<Assert> checks;
  /// Per output.
  std::vector<std::vector<CompiledExpr>> outputShapes;
  Block prologue, body;
};

} // namespace raddle::code

#endif // RADDLE_LIB_RUNTIME_CODE_H
