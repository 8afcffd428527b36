//===- ParameterTable.h - Modelled costs of a few configurations *- C++ -*-===//
//
// lib/CostModel/parameters.json: for every kind of kernel (skeleton and class)
// a short list of configurations and, at recorded sizes, the modelled time of
// each. `dev bench fit` makes it; docs/CostModel.md has the schema.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_COSTMODEL_PARAMETERTABLE_H
#define RADDLE_COSTMODEL_PARAMETERTABLE_H

#include "raddle/Support/Error.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace raddle::cost {

using NamedValues = std::vector<std::pair<std::string, int64_t>>;

/// Costs of one kind of kernel.
struct TableSection {
  struct Point {
    std::vector<int64_t> sizes; // as `dims`
    /// Per configuration; negative where it was not recorded.
    std::vector<double> microseconds;
  };
  std::vector<std::string> dims;
  std::vector<NamedValues> configurations;
  std::vector<Point> points;

  /// The recorded values of dim `dim`, ascending.
  std::vector<int64_t> getLadder(size_t dim) const;
  /// The point whose sizes are nearest as ratios; a size of -1 matches any.
  /// Null without points.
  const Point *getNearest(const std::vector<int64_t> &sizes) const;
};

class ParameterTable {
public:
  /// All that is wrong with the text, one line per problem.
  static Expected<ParameterTable> parse(std::string_view text);
  /// The one of this library.
  static const ParameterTable &getDefault();

  const TableSection *find(std::string_view skeleton,
                           std::string_view kind) const;
  /// Name of the GPU whose costs were modelled.
  const std::string &getGpu() const { return gpu; }

private:
  std::map<std::pair<std::string, std::string>, TableSection, std::less<>>
      sections;
  std::string gpu;
};

} // namespace raddle::cost

#endif // RADDLE_COSTMODEL_PARAMETERTABLE_H
