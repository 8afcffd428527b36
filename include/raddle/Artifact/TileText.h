//===- TileText.h - the source text of a kernel ----------------*- C++ -*-===//
//
// An artifact keeps the tile-dialect text of every kernel module; the `.loc`
// lines of its PTX point into that text. Comments at its end say what the lines
// are there for:
//
//   // roles: lines, operation of the group, what
//   // 12-14 3 graph.norm
//   // 15 0 graph.gather: load of input 1
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_ARTIFACT_TILETEXT_H
#define RADDLE_ARTIFACT_TILETEXT_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace raddle {

/// What consecutive lines of a kernel are there for.
struct LineRole {
  /// Counted from 1, both included.
  uint64_t firstLine = 0, lastLine = 0;
  /// The number of the operation in the kernel's group, as in
  /// host::Launch::origins.
  int64_t operation = -1;
  /// The operation's name, e.g. `graph.norm`.
  std::string name;
  /// The part within the operation, e.g. `load of input 1`; may be empty.
  std::string part;

  /// The comment line without its end.
  std::string str() const;
};

/// The first line of the roles.
inline constexpr std::string_view kRolesTitle =
    "// roles: lines, operation of the group, what";

/// Line `number`, counted from 1, without leading blanks; empty when there is
/// none.
std::string_view lineOfText(std::string_view text, uint64_t number);

/// The role of a line of a kernel's text; nothing when it has none. Text that
/// is no role is skipped.
std::optional<LineRole> roleOfLine(std::string_view text, uint64_t line);

} // namespace raddle

#endif // RADDLE_ARTIFACT_TILETEXT_H
