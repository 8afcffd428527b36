//===- Profile.h - events per line and node --------------------*- C++ -*-===//

#ifndef RADDLE_LIB_RUNTIME_PROFILE_H
#define RADDLE_LIB_RUNTIME_PROFILE_H

#include "raddle/Runtime/Session.h"

#include <map>
#include <tuple>

namespace raddle {

/// Collects the virtual GPU's counters of launches by line of the kernel's tile
/// text and node of the graph.
class Profile {
public:
  /// `report` is what raddleVgpuGetCounters gives for one launch of `module`.
  void add(std::string_view report, const Artifact &artifact,
           const std::string &target, const std::string &module,
           const host::Launch &launch);
  std::vector<ProfileRow> rows() const;
  void clear() { byLine.clear(); }

private:
  /// For every line of a module's PTX the line of the tile text, 0 for none.
  const std::vector<uint64_t> &getTileLines(std::string_view ptx,
                                            const std::string &module);

  std::map<std::string, std::vector<uint64_t>> tileLines;
  std::map<std::tuple<std::string, uint64_t, std::string>, ProfileRow> byLine;
};

} // namespace raddle

#endif // RADDLE_LIB_RUNTIME_PROFILE_H
