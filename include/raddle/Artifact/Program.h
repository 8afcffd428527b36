//===- Program.h - the host program as data --------------------*- C++ -*-===//
//
// The host program of a model: named dims, buffers with sizes and offsets as
// integer expressions, control flow on host scalars, launches of kernels. The
// compiler's plan dialect fills these structs and prints them with `toJson`;
// the runtime reads them with `fromJson` and interprets them. The schema is
// docs/rfcs/20261124-host-program.md.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_ARTIFACT_PROGRAM_H
#define RADDLE_ARTIFACT_PROGRAM_H

#include "raddle/Artifact/Expr.h"
#include "raddle/Support/DataType.h"
#include "raddle/Support/Error.h"

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace raddle::host {

/// The schema's version that this library reads and writes.
inline constexpr int64_t kProgramVersion = 1;
/// Limits of the numbers of streams and events.
inline constexpr uint32_t kMaxStreams = 64, kMaxEvents = 65536;

/// A named dim of the entry, bound by the first input dim that names it.
struct Symbol {
  std::string name;
  /// Inclusive range.
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
  /// The value is a multiple of it.
  int64_t divisor = 1;
};

/// An input or output of the model.
struct Port {
  std::string name;
  DataType type = DataType::F32;
  /// Inputs: literals and symbols. Outputs: any expression over the entry dims
  /// and the variables visible at the end of the body.
  std::vector<Expr> shape;
  /// Index into Program::buffers, of a buffer of kind Input, or of kind Output
  /// or Pool.
  uint32_t buffer = 0;
};

/// A condition on the entry dims that the compiler had to assume.
struct Check {
  Expr condition;
  std::string message;
};

enum class BufferKind : uint8_t {
  Input,
  Output,
  Weight,
  Workspace,
  State,
  /// A variable that names memory: gets it by `alloc` or `bind` while the body
  /// runs, since its size is not known before.
  Pool,
};

std::string_view name(BufferKind kind);

struct Buffer {
  std::string name;
  BufferKind kind = BufferKind::Workspace;
  /// Size in bytes, over the entry dims; a literal for weights. Not of Pool.
  Expr bytes;
  /// Workspace: byte offset in the arena. Weight: byte offset in `entry`.
  Expr offset;
  /// Weight: the artifact entry that holds the bytes.
  std::string entry;
};

/// How a kernel takes an argument.
enum class ParamKind : uint8_t { Ptr, I32, I64, F32 };

std::string_view name(ParamKind kind);

/// What a kernel has differently on one target.
struct KernelOverride {
  std::optional<int64_t> shared;
  std::optional<std::array<int64_t, 3>> block;
  std::optional<std::vector<ParamKind>> params;
};

struct Kernel {
  /// The entry function in the PTX module.
  std::string name;
  /// PTX lies at `ptx/<target>/<module>`.
  std::string module;
  /// Dynamic shared memory in bytes.
  int64_t shared = 0;
  std::array<int64_t, 3> block = {1, 1, 1};
  std::vector<ParamKind> params;
  /// Positions of the pointers that it writes through; without them all.
  std::optional<std::vector<uint32_t>> writes;
  /// The graph nodes it was made from (a launch names its own).
  std::vector<std::string> nodes;
  /// A readable name of the chosen parameters.
  std::string variant;
  /// By target, e.g. `sm_80`.
  std::map<std::string, KernelOverride> targets;
};

/// One argument of a launch; `kind` says which of the others counts.
struct Argument {
  ParamKind kind = ParamKind::I32;
  /// Ptr: index into Program::buffers and a byte offset into that buffer.
  uint32_t buffer = 0;
  /// Ptr: the byte offset; I32 and I64: the value.
  Expr value;
  float f32 = 0;

  static Argument ptr(uint32_t buffer, Expr offset = 0) {
    return {ParamKind::Ptr, buffer, std::move(offset), 0};
  }
  static Argument i32(Expr value) {
    return {ParamKind::I32, 0, std::move(value), 0};
  }
  static Argument i64(Expr value) {
    return {ParamKind::I64, 0, std::move(value), 0};
  }
  static Argument scalar(float value) {
    return {ParamKind::F32, 0, Expr(0), value};
  }
};

struct Statement;
using Block = std::vector<Statement>;

/// Launches a kernel; a grid with a zero is no launch.
struct Launch {
  uint32_t kernel = 0;
  std::array<Expr, 3> grid = {Expr(1), Expr(1), Expr(1)};
  std::vector<Argument> args;
  /// Graph nodes that this launch computes.
  std::vector<std::string> nodes;
  /// For every operation of the kernel's group the number of its node in
  /// `nodes`, -1 for none; may be empty. The roles of the kernel's lines
  /// (raddle/Artifact/TileText.h) count in these operations.
  std::vector<int32_t> origins;
  /// A source location for people; may be empty.
  std::string loc;
  /// Which of the program's streams; what is on one runs in its order.
  uint32_t stream = 0;
};

/// Binds a host scalar, or gives a visible one (not a dim, not a loop's
/// counter) its next value.
struct Let {
  std::string name;
  Expr value;
};

/// Waits for the stream and reads one integer from a buffer.
struct Read {
  std::string name;
  uint32_t buffer = 0;
  /// In bytes.
  Expr offset;
  DataType type = DataType::I64;
};

struct If {
  Expr condition;
  Block thenBlock;
  Block elseBlock;
};

/// `for (counter = from; counter < to; counter += step)`; counts down while
/// `counter > to` when the step is negative. A zero step is an error.
struct Loop {
  std::string counter;
  Expr from;
  Expr to;
  Expr step = 1;
  Block body;
};

/// Runs `before`; ends when the condition is zero, else runs `body` and starts
/// over.
struct While {
  Block before;
  Expr condition;
  Block body;
};

/// Device to device; the ranges must not overlap. Sizes are in bytes.
struct Copy {
  uint32_t from = 0;
  Expr fromOffset;
  uint32_t to = 0;
  Expr toOffset;
  Expr bytes;
  uint32_t stream = 0;
};

struct Fill {
  uint32_t buffer = 0;
  Expr offset;
  Expr bytes;
  uint8_t byte = 0;
  uint32_t stream = 0;
};

/// Ends the call with `message` when the condition is zero.
struct Assert {
  Expr condition;
  std::string message;
};

/// Gives a buffer of kind Pool new memory of `bytes` bytes, undefined. What it
/// named before stays alive as long as another buffer names it.
struct Alloc {
  uint32_t buffer = 0;
  Expr bytes;
};

/// From here on the buffer `buffer` of kind Pool names the memory of `to`.
struct Bind {
  uint32_t buffer = 0;
  uint32_t to = 0;
};

/// The buffer of kind Pool names no memory any more.
struct Free {
  uint32_t buffer = 0;
};

/// Marks what the stream has been given so far.
struct Record {
  uint32_t event = 0;
  uint32_t stream = 0;
};

/// What the stream is given from here on runs after the event's last mark.
struct Wait {
  uint32_t event = 0;
  uint32_t stream = 0;
};

struct Statement {
  std::variant<Launch, Let, Read, If, Loop, While, Copy, Fill, Assert, Alloc,
               Bind, Free, Record, Wait>
      op;
};

struct Program {
  std::string name;
  std::vector<Symbol> symbols;
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<Check> checks;
  /// Workspaces of one call: size in bytes over the entry dims, alignment.
  Expr arenaBytes;
  int64_t arenaAlign = 256;
  /// Streams that the body uses. Reads are on stream 0.
  uint32_t streams = 1;
  std::vector<Buffer> buffers;
  std::vector<Kernel> kernels;
  /// Runs after the inputs are on the device and before the other buffers are
  /// placed: reads of inputs, `let`, `if` and `assert`. What it binds may occur
  /// in the sizes and offsets of buffers.
  Block prologue;
  Block body;
};

/// All that is wrong with the names, indices, types and scopes of `program`,
/// one line per problem, each with its place as in the JSON text
/// (`body[3].then[0].grid[1]: unknown symbol 'lenght'`).
Error verify(const Program &program);

/// The canonical text: sorted keys, no spaces, equal for equal programs. Does
/// not verify.
std::string toJson(const Program &program);

/// Parses and verifies.
Expected<Program> fromJson(std::string_view text);

} // namespace raddle::host

#endif // RADDLE_ARTIFACT_PROGRAM_H
