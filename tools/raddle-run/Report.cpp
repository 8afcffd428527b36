//===- Report.cpp - what raddle-run prints --------------------------------===//

#include "Report.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

using namespace raddle;

namespace {

std::string shapeText(const std::vector<host::Expr> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + shape[i].str();
  return text + "]";
}

std::string join(const std::vector<std::string> &parts, const char *between) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : between) + parts[i];
  return text;
}

void countLaunches(const host::Block &block, std::vector<unsigned> &counts) {
  for (const host::Statement &statement : block) {
    if (const auto *op = std::get_if<host::Launch>(&statement.op)) {
      ++counts[op->kernel];
    } else if (const auto *op = std::get_if<host::If>(&statement.op)) {
      countLaunches(op->thenBlock, counts);
      countLaunches(op->elseBlock, counts);
    } else if (const auto *op = std::get_if<host::Loop>(&statement.op)) {
      countLaunches(op->body, counts);
    } else if (const auto *op = std::get_if<host::While>(&statement.op)) {
      countLaunches(op->before, counts);
      countLaunches(op->body, counts);
    }
  }
}

std::string extents(const std::array<int64_t, 3> &values) {
  return std::to_string(values[0]) + "x" + std::to_string(values[1]) + "x" +
         std::to_string(values[2]);
}

} // namespace

std::string raddle::modelInfo(const Artifact &artifact) {
  const host::Program &program = artifact.program();
  std::ostringstream os;
  os << "model: " << program.name << "\n";
  os << "targets: " << join(artifact.targets(), ", ") << "\n";
  os << "dims:\n";
  for (const host::Symbol &symbol : program.symbols) {
    os << "  " << symbol.name << ": " << symbol.min << " to ";
    if (symbol.max == INT64_MAX)
      os << "any";
    else
      os << symbol.max;
    if (symbol.divisor != 1)
      os << ", multiple of " << symbol.divisor;
    os << "\n";
  }
  for (auto [title, ports] : {std::pair("inputs", &program.inputs),
                              std::pair("outputs", &program.outputs)}) {
    os << title << ":\n";
    for (const host::Port &port : *ports)
      os << "  " << port.name << ": " << name(port.type)
         << shapeText(port.shape) << "\n";
  }
  uint64_t weights = 0, kernelsText = 0;
  std::set<std::string> entries;
  for (const host::Buffer &buffer : program.buffers)
    if (buffer.kind == host::BufferKind::Weight &&
        entries.insert(buffer.entry).second)
      weights += artifact.file().find(buffer.entry)->size;
  for (const SafetensorsEntry &entry : artifact.file().entries())
    if (entry.name.starts_with("ptx/"))
      kernelsText += entry.size;
  os << "memory:\n";
  os << "  weights: " << weights << " bytes in " << entries.size()
     << " entries\n";
  os << "  workspace: " << program.arenaBytes.str() << " bytes\n";
  for (const host::Buffer &buffer : program.buffers)
    if (buffer.kind == host::BufferKind::State)
      os << "  state '" << buffer.name << "': " << buffer.bytes.str()
         << " bytes\n";
  os << "  PTX: " << kernelsText << " bytes\n";

  std::vector<unsigned> counts(program.kernels.size());
  countLaunches(program.body, counts);
  os << "kernels: " << program.kernels.size() << "\n";
  for (size_t i = 0; i < program.kernels.size(); ++i) {
    const host::Kernel &kernel = program.kernels[i];
    os << "  " << kernel.name << ": block " << extents(kernel.block)
       << ", shared " << kernel.shared << " bytes, " << counts[i]
       << (counts[i] == 1 ? " launch site" : " launch sites");
    if (!kernel.variant.empty())
      os << ", " << kernel.variant;
    for (const auto &[target, over] : kernel.targets) {
      os << ", " << target << ":";
      if (over.block)
        os << " block " << extents(*over.block);
      if (over.shared)
        os << " shared " << *over.shared << " bytes";
    }
    os << "\n";
  }
  return os.str();
}

std::string raddle::launchLine(uint64_t number, const LaunchInfo &launch) {
  std::string line = std::to_string(number) + " " + launch.kernel->name +
                     " grid " + extents(launch.grid) + " block " +
                     extents(launch.block) + " shared " +
                     std::to_string(launch.shared);
  if (!launch.kernel->variant.empty())
    line += " [" + launch.kernel->variant + "]";
  const std::vector<std::string> &nodes = launch.launch->nodes.empty()
                                              ? launch.kernel->nodes
                                              : launch.launch->nodes;
  if (!nodes.empty())
    line += "  " + join(nodes, ", ");
  return line;
}

std::string raddle::statsLine(const RunStats &stats, const Model &model,
                              const std::vector<double> &seconds) {
  nlohmann::ordered_json json;
  json["launches"] = stats.launches;
  json["kernels"] = stats.kernels;
  json["seconds"] = *std::min_element(seconds.begin(), seconds.end());
  json["device"] = model.device()->name();
  json["virtual"] = model.device()->isVirtual();
  json["target"] = model.target();
  json["workspace_bytes"] = stats.arenaBytes;
  json["pool_bytes"] = stats.poolBytes;
  if (seconds.size() > 1)
    json["all_seconds"] = seconds;
  return json.dump(-1, ' ', false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

std::string raddle::profileText(const std::vector<ProfileRow> &rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ProfileRow &row : rows)
    list.push_back({{"kernel", row.kernel},
                    {"line", row.line},
                    {"text", row.text},
                    {"operation", row.operation},
                    {"part", row.part},
                    {"node", row.node},
                    {"warp_instructions", row.instructions},
                    {"predicated_off", row.predicatedOff},
                    {"global_sectors", row.globalSectors},
                    {"global_bytes", row.globalBytes},
                    {"shared_wavefronts", row.sharedWavefronts},
                    {"shared_bank_conflicts", row.sharedConflicts}});
  return list.dump(1) + "\n";
}

std::string raddle::outputLine(const std::string &name, const Tensor &tensor) {
  std::ostringstream os;
  os << name << ": " << describe(tensor.type, tensor.shape);
  size_t count = tensor.bytes.size() / byteSize(tensor.type);
  if (count == 0)
    return os.str();
  double low = INFINITY, high = -INFINITY;
  uint64_t nans = 0;
  for (size_t i = 0; i < count; ++i) {
    double value = elementAsDouble(tensor, i);
    nans += std::isnan(value);
    low = std::fmin(low, value);
    high = std::fmax(high, value);
  }
  os << ", from " << low << " to " << high;
  if (nans)
    os << ", " << nans << " NaN";
  os << ":";
  constexpr size_t kShown = 6;
  for (size_t i = 0; i < std::min(count, kShown); ++i)
    os << " " << elementAsDouble(tensor, i);
  if (count > kShown)
    os << " ...";
  return os.str();
}
