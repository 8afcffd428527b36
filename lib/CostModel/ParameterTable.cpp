//===- ParameterTable.cpp - Modelled costs of a few configurations --------===//

#include "raddle/CostModel/ParameterTable.h"
#include "EmbeddedData.h"
#include "raddle/CostModel/ModelledTime.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

using namespace raddle;
using namespace raddle::cost;

/// 16 log2(value), rounded down; in integers, so that every machine agrees.
static int64_t log2Times16(int64_t value) {
  uint64_t mantissa = value < 1 ? 1 : uint64_t(value);
  int64_t result = 16 * (63 - __builtin_clzll(mantissa));
  // The mantissa in [1, 2) as a fraction of 2^31, squared for every bit.
  int64_t exponent = result / 16;
  mantissa =
      exponent > 31 ? mantissa >> (exponent - 31) : mantissa << (31 - exponent);
  for (int64_t bit = 8; bit > 0; bit /= 2) {
    mantissa = mantissa * mantissa >> 31;
    if (mantissa >> 32) {
      mantissa >>= 1;
      result += bit;
    }
  }
  return result;
}

std::vector<int64_t> TableSection::getLadder(size_t dim) const {
  std::set<int64_t> values;
  for (const Point &point : points)
    values.insert(point.sizes[dim]);
  return {values.begin(), values.end()};
}

const TableSection::Point *
TableSection::getNearest(const std::vector<int64_t> &sizes) const {
  const Point *nearest = nullptr;
  int64_t least = 0;
  for (const Point &point : points) {
    int64_t distance = 0;
    for (size_t d = 0; d < sizes.size(); ++d)
      if (sizes[d] >= 0)
        distance +=
            std::abs(log2Times16(sizes[d]) - log2Times16(point.sizes[d]));
    if (!nearest || distance < least) {
      nearest = &point;
      least = distance;
    }
  }
  return nearest;
}

Expected<ParameterTable> ParameterTable::parse(std::string_view text) {
  using nlohmann::json;
  json root;
  try {
    root = json::parse(text);
  } catch (const json::parse_error &error) {
    return Error(std::string("malformed JSON: ") + error.what());
  }
  std::string problems;
  auto problem = [&](const std::string &at, const std::string &what) {
    problems += (problems.empty() ? "" : "\n") + at + ": " + what;
  };
  ParameterTable table;
  auto is = [&](const char *key, int expected) {
    if (!root.contains(key) || root[key] != expected)
      problem(key, "expected " + std::to_string(expected) + ", found " +
                       (root.contains(key) ? root[key].dump() : "nothing"));
  };
  if (!root.is_object())
    return Error("expected an object");
  is("schema", 1);
  is("model", kModelVersion);
  if (root.contains("gpu") && root["gpu"].is_string())
    table.gpu = root["gpu"];
  else
    problem("gpu", "expected the name of a machine");
  if (!root.contains("sections") || !root["sections"].is_array())
    problem("sections", "expected an array");
  else
    for (size_t i = 0; i < root["sections"].size(); ++i) {
      const json &from = root["sections"][i];
      std::string at = "sections[" + std::to_string(i) + "]";
      try {
        TableSection section;
        section.dims = from.at("dims").get<std::vector<std::string>>();
        for (const json &configuration : from.at("configurations")) {
          NamedValues values;
          for (auto &[name, value] : configuration.items())
            values.push_back({name, value.get<int64_t>()});
          section.configurations.push_back(std::move(values));
        }
        for (const json &point : from.at("points")) {
          TableSection::Point to;
          to.sizes = point.at("sizes").get<std::vector<int64_t>>();
          for (const json &cost : point.at("microseconds"))
            to.microseconds.push_back(cost.is_null() ? -1 : cost.get<double>());
          if (to.sizes.size() != section.dims.size())
            problem(at, "expected a size per dim");
          else if (to.microseconds.size() != section.configurations.size())
            problem(at, "expected a cost or null per configuration");
          else
            section.points.push_back(std::move(to));
        }
        auto key = std::make_pair(from.at("skeleton").get<std::string>(),
                                  from.at("class").get<std::string>());
        if (!table.sections.emplace(key, std::move(section)).second)
          problem(at, "'" + key.first + "', '" + key.second +
                          "' has a section already");
      } catch (const json::exception &error) {
        problem(at, error.what());
      }
    }
  if (!problems.empty())
    return Error(problems);
  return table;
}

const ParameterTable &ParameterTable::getDefault() {
  static const ParameterTable table = [] {
    Expected<ParameterTable> parsed = parse(kParameterTable);
    // A test parses the file; a table that does not is no table.
    return parsed ? *std::move(parsed) : ParameterTable();
  }();
  return table;
}

const TableSection *ParameterTable::find(std::string_view skeleton,
                                         std::string_view kind) const {
  auto found =
      sections.find(std::make_pair(std::string(skeleton), std::string(kind)));
  return found == sections.end() ? nullptr : &found->second;
}
