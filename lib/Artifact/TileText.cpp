//===- TileText.cpp - the source text of a kernel -------------------------===//

#include "raddle/Artifact/TileText.h"

#include <charconv>

using namespace raddle;

std::string LineRole::str() const {
  std::string text = "// " + std::to_string(firstLine);
  if (lastLine != firstLine)
    text += "-" + std::to_string(lastLine);
  text += " " + std::to_string(operation) + " " + name;
  return part.empty() ? text : text + ": " + part;
}

std::string_view raddle::lineOfText(std::string_view text, uint64_t number) {
  for (; number > 1; --number) {
    size_t end = text.find('\n');
    if (end == std::string_view::npos)
      return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  size_t start = text.find_first_not_of(" \t");
  return number == 0 || start == std::string_view::npos ? std::string_view()
                                                        : text.substr(start);
}

/// Takes `prefix` from the front of `text`, if it is there.
static bool consume(std::string_view &text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

template <typename Int>
static bool consumeNumber(std::string_view &text, Int &n) {
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc())
    return false;
  text.remove_prefix(end - text.data());
  return true;
}

static std::optional<LineRole> parseRole(std::string_view text) {
  LineRole role;
  if (!consume(text, "// ") || !consumeNumber(text, role.firstLine))
    return std::nullopt;
  role.lastLine = role.firstLine;
  if ((consume(text, "-") && !consumeNumber(text, role.lastLine)) ||
      !consume(text, " ") || !consumeNumber(text, role.operation) ||
      !consume(text, " "))
    return std::nullopt;
  size_t colon = text.find(": ");
  role.name = text.substr(0, colon);
  if (colon != std::string_view::npos)
    role.part = text.substr(colon + 2);
  return role;
}

std::optional<LineRole> raddle::roleOfLine(std::string_view text,
                                           uint64_t line) {
  size_t at = text.rfind(kRolesTitle);
  if (at == std::string_view::npos)
    return std::nullopt;
  text.remove_prefix(at);
  while (!text.empty()) {
    size_t end = text.find('\n');
    auto role = parseRole(text.substr(0, end));
    if (role && role->firstLine <= line && line <= role->lastLine)
      return role;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return std::nullopt;
}
