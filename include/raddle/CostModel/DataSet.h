//===- DataSet.h - Rows of recorded kernels --------------------*- C++ -*-===//
//
// One JSON object per line and candidate: what a kernel is, its parameters,
// what the assembler and the device said. docs/CostModel.md has the schema.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_COSTMODEL_DATASET_H
#define RADDLE_COSTMODEL_DATASET_H

#include "raddle/CostModel/ModelledTime.h"
#include "raddle/CostModel/ParameterTable.h"
#include "raddle/Support/Error.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace raddle::cost {

inline constexpr int kRowSchema = 1;

/// One kernel of a candidate, launched once.
struct RecordedLaunch {
  struct Assembled {
    int64_t registers = 0, spillBytes = 0;
  };
  std::string kernel;
  int64_t threads = 0, sharedBytes = 0;
  /// Nothing where there is no ptxas.
  std::optional<Assembled> ptxas;
  /// Nothing where the device counts no events, or the grid was empty.
  std::optional<Counters> counters;
};

/// One candidate of one kernel at one choice of sizes.
struct Row {
  /// Equal kernels have equal hashes.
  std::string hash;
  std::string skeleton, kind, target, gpu;
  int featuresVersion = 0;
  NamedValues features;
  /// Sizes of the kernel's named dims.
  NamedValues sizes;
  NamedValues parameters;
  /// Whether it is the skeleton's default.
  bool isDefault = false;
  std::vector<RecordedLaunch> launches;
  /// Of all launches together; nothing without counters.
  std::optional<double> modelledMicroseconds;
  std::string limiter;
};

/// One line, without the end of line.
std::string toJson(const Row &row);
/// All that is wrong with a line, one problem per line of the message.
Expected<Row> parseRow(std::string_view line);

/// Appends rows to a file, which is created: all or, after an error, none.
/// Safe when several processes append at once. A file whose last row is
/// incomplete, or that holds anything else, is an error and stays as it is.
Error appendRows(const std::string &path, const std::vector<Row> &rows);
/// All rows of a file; problems are located by line.
Expected<std::vector<Row>> readRows(const std::string &path);

/// Sum over the launches of a row, with the registers of ptxas where known.
void modelRow(Row &row, const Machine &machine, int64_t stages,
              int64_t footprintBytes);

} // namespace raddle::cost

#endif // RADDLE_COSTMODEL_DATASET_H
