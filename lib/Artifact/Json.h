//===- Json.h - strict parsing of JSON -------------------------*- C++ -*-===//

#ifndef RADDLE_LIB_ARTIFACT_JSON_H
#define RADDLE_LIB_ARTIFACT_JSON_H

#include "raddle/Support/Error.h"

#include <nlohmann/json.hpp>

#include <string_view>

namespace raddle {

using Json = nlohmann::json;

/// Nesting that no honest file reaches; keeps recursion over a value bounded.
inline constexpr unsigned kMaxJsonDepth = 512;

/// Parses a whole text. Beyond the grammar, it rejects keys given twice and
/// nesting deeper than kMaxJsonDepth. Never throws.
Expected<Json> parseJson(std::string_view text);

/// As JSON without spaces; bytes that are not UTF-8 are replaced.
std::string dumpJson(const Json &json);

} // namespace raddle

#endif // RADDLE_LIB_ARTIFACT_JSON_H
