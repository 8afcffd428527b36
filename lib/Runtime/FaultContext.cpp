//===- FaultContext.cpp - the source lines of a fault ---------------------===//

#include "FaultContext.h"
#include "lib/Artifact/Json.h"

#include <charconv>

using namespace raddle;

namespace {

/// Line `number`, counted from 1, without leading blanks; empty when there is
/// none.
std::string_view lineOf(std::string_view text, uint64_t number) {
  for (; number > 1; --number) {
    size_t end = text.find('\n');
    if (end == std::string_view::npos)
      return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  size_t start = text.find_first_not_of(" \t");
  return start == std::string_view::npos ? std::string_view()
                                         : text.substr(start);
}

std::string quote(const char *what, uint64_t number, std::string_view text) {
  std::string_view line = number ? lineOf(text, number) : std::string_view();
  if (line.empty())
    return {};
  return std::string("\n  ") + what + " line " + std::to_string(number) + ": " +
         std::string(line);
}

} // namespace

std::string raddle::faultContext(std::string_view report,
                                 const Artifact &artifact,
                                 const std::string &target,
                                 const std::string &module) {
  Expected<Json> fault = parseJson(report);
  if (!fault || !fault->is_object())
    return {};
  std::string result;
  auto line = fault->find("ptx_line");
  if (line != fault->end() && line->is_number_unsigned())
    if (std::optional<std::string_view> ptx = artifact.ptx(target, module))
      result += quote("PTX", line->get<uint64_t>(), *ptx);
  // "file:line"
  auto source = fault->find("source");
  if (source == fault->end() || !source->is_string())
    return result;
  std::string place = source->get<std::string>();
  size_t colon = place.rfind(':');
  uint64_t number = 0;
  if (colon != std::string::npos)
    std::from_chars(place.data() + colon + 1, place.data() + place.size(),
                    number);
  if (std::optional<std::string_view> tile = artifact.tileText(module))
    result += quote("tile", number, *tile);
  return result;
}
