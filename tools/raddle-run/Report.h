//===- Report.h - what raddle-run prints -----------------------*- C++ -*-===//

#ifndef RADDLE_TOOLS_RADDLE_RUN_REPORT_H
#define RADDLE_TOOLS_RADDLE_RUN_REPORT_H

#include "raddle/Runtime/Session.h"

#include <string>

namespace raddle {

/// `--info`: names, types, shapes, dims, memory and kernels of a model.
std::string modelInfo(const Artifact &artifact);

/// `--list-launches`: one line per launch.
std::string launchLine(uint64_t number, const LaunchInfo &launch);

/// `--stats`: one line of JSON, for the fastest of `seconds`.
std::string statsLine(const RunStats &stats, const Model &model,
                      const std::vector<double> &seconds);

/// `--profile`: a JSON array with a row per line and node, most instructions
/// first.
std::string profileText(const std::vector<ProfileRow> &rows);

/// One line about an output: type, shape, range and first values.
std::string outputLine(const std::string &name, const Tensor &tensor);

} // namespace raddle

#endif // RADDLE_TOOLS_RADDLE_RUN_REPORT_H
