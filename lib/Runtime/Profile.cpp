//===- Profile.cpp - events per line and node -----------------------------===//

#include "Profile.h"
#include "lib/Artifact/Json.h"
#include "raddle/Artifact/TileText.h"

#include <algorithm>
#include <charconv>

using namespace raddle;

const std::vector<uint64_t> &Profile::getTileLines(std::string_view ptx,
                                                   const std::string &module) {
  auto [known, inserted] = tileLines.try_emplace(module);
  if (!inserted)
    return known->second;
  std::vector<uint64_t> &lines = known->second;
  lines.push_back(0); // lines are counted from 1
  uint64_t now = 0;
  while (!ptx.empty()) {
    size_t end = ptx.find('\n');
    std::string_view line = ptx.substr(0, end);
    ptx.remove_prefix(end == std::string_view::npos ? ptx.size() : end + 1);
    // `.loc file line column` is about the instructions behind it.
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.starts_with(".loc")) {
      unsigned file;
      const char *at = line.data() + 4, *last = line.data() + line.size();
      while (at != last && (*at == ' ' || *at == '\t'))
        ++at;
      at = std::from_chars(at, last, file).ptr;
      while (at != last && *at == ' ')
        ++at;
      std::from_chars(at, last, now);
    } else if (line.starts_with(".visible") || line.starts_with(".func")) {
      now = 0;
    }
    lines.push_back(now);
  }
  return lines;
}

void Profile::add(std::string_view report, const Artifact &artifact,
                  const std::string &target, const std::string &module,
                  const host::Launch &launch) {
  Expected<Json> counters = parseJson(report);
  std::optional<std::string_view> ptx = artifact.ptx(target, module);
  if (!counters || !counters->is_object() || !ptx)
    return;
  const std::vector<uint64_t> &tile = getTileLines(*ptx, module);
  std::string_view text = artifact.tileText(module).value_or("");
  for (const Json &counted : counters->value("launches", Json::array()))
    for (const Json &line : counted.value("lines", Json::array())) {
      auto get = [&](const char *name) {
        return line.value(name, uint64_t(0));
      };
      uint64_t number = get("ptx_line");
      uint64_t at = number < tile.size() ? tile[number] : 0;
      std::optional<LineRole> role = roleOfLine(text, at);
      std::string node;
      if (role && role->operation >= 0 &&
          role->operation < int64_t(launch.origins.size()))
        if (int32_t origin = launch.origins[role->operation]; origin >= 0)
          node = launch.nodes[origin];
      ProfileRow &row = byLine[{module, at, node}];
      if (row.kernel.empty()) {
        row.kernel = module;
        row.line = at;
        row.text = lineOfText(text, at);
        row.node = node;
        if (role) {
          row.operation = role->name;
          row.part = role->part;
        }
      }
      row.instructions += get("warp_instructions");
      row.predicatedOff += get("predicated_off");
      row.globalSectors += get("global_sectors");
      row.globalBytes += get("global_bytes");
      row.sharedWavefronts += get("shared_wavefronts");
      row.sharedConflicts += get("shared_bank_conflicts");
    }
}

std::vector<ProfileRow> Profile::rows() const {
  std::vector<ProfileRow> rows;
  for (const auto &[key, row] : byLine)
    rows.push_back(row);
  std::sort(rows.begin(), rows.end(),
            [](const ProfileRow &a, const ProfileRow &b) {
              return std::tie(b.instructions, a.kernel, a.line, a.node) <
                     std::tie(a.instructions, b.kernel, b.line, b.node);
            });
  return rows;
}
