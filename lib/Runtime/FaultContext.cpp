//===- FaultContext.cpp - the source lines of a fault ---------------------===//

#include "FaultContext.h"
#include "lib/Artifact/Json.h"
#include "raddle/Artifact/TileText.h"

#include <charconv>

using namespace raddle;

namespace {

std::string quote(const char *what, uint64_t number, std::string_view text) {
  std::string_view line = lineOfText(text, number);
  if (line.empty())
    return {};
  return std::string("\n  ") + what + " line " + std::to_string(number) + ": " +
         std::string(line);
}

/// The operation of the graph that a line of a kernel's text belongs to.
std::string origin(std::string_view text, uint64_t line,
                   const host::Launch &launch) {
  std::optional<LineRole> role = roleOfLine(text, line);
  if (!role)
    return {};
  std::string result = "\n  from '" + role->name + "'";
  if (!role->part.empty())
    result += " (" + role->part + ")";
  if (role->operation >= 0 && role->operation < int64_t(launch.origins.size()))
    if (int32_t node = launch.origins[role->operation]; node >= 0)
      result += " of node '" + launch.nodes[node] + "'";
  return result;
}

/// The line in `file:line` or `file:line:column`; 0 when there is none.
uint64_t lineNumber(std::string_view place) {
  uint64_t last = 0;
  // The first of the numbers at the end.
  for (unsigned i = 0; i < 2; ++i) {
    size_t colon = place.rfind(':');
    uint64_t number = 0;
    if (colon == std::string_view::npos ||
        std::from_chars(place.data() + colon + 1, place.data() + place.size(),
                        number)
                .ptr != place.data() + place.size())
      break;
    last = number;
    place = place.substr(0, colon);
  }
  return last;
}

} // namespace

std::string raddle::faultContext(std::string_view report,
                                 const Artifact &artifact,
                                 const std::string &target,
                                 const std::string &module,
                                 const host::Launch &launch) {
  Expected<Json> fault = parseJson(report);
  if (!fault || !fault->is_object())
    return {};
  std::string result;
  auto line = fault->find("ptx_line");
  if (line != fault->end() && line->is_number_unsigned())
    if (std::optional<std::string_view> ptx = artifact.ptx(target, module))
      result += quote("PTX", line->get<uint64_t>(), *ptx);
  auto source = fault->find("source");
  if (source == fault->end() || !source->is_string())
    return result;
  uint64_t number = lineNumber(source->get_ref<const std::string &>());
  if (std::optional<std::string_view> tile = artifact.tileText(module))
    result += quote("tile", number, *tile) + origin(*tile, number, launch);
  return result;
}

std::optional<uint64_t> raddle::faultAddress(std::string_view report) {
  Expected<Json> fault = parseJson(report);
  if (!fault || !fault->is_object())
    return std::nullopt;
  auto address = fault->find("address");
  if (address == fault->end() || !address->is_string())
    return std::nullopt;
  const auto &text = address->get_ref<const std::string &>();
  uint64_t value = 0;
  if (!text.starts_with("0x") ||
      std::from_chars(text.data() + 2, text.data() + text.size(), value, 16)
              .ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}
