//===- DataSet.cpp - Rows of recorded kernels -----------------------------===//

#include "raddle/CostModel/DataSet.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>

using namespace raddle;
using namespace raddle::cost;
using Json = nlohmann::ordered_json;

namespace {
struct CounterField {
  const char *name;
  int64_t Counters::*member;
};
constexpr CounterField counterFields[] = {
    {"blocks", &Counters::blocks},
    {"warp_instructions", &Counters::instructions},
    {"int32", &Counters::int32},
    {"fp32", &Counters::fp32},
    {"fp16", &Counters::fp16},
    {"fp64", &Counters::fp64},
    {"special", &Counters::special},
    {"convert", &Counters::convert},
    {"warp", &Counters::warp},
    {"move", &Counters::move},
    {"mma", &Counters::mma},
    {"barriers", &Counters::barriers},
    {"atomics", &Counters::atomics},
    {"global_sectors", &Counters::globalSectors},
    {"shared_wavefronts", &Counters::sharedWavefronts},
    {"shared_bank_conflicts", &Counters::sharedBankConflicts}};

Json toObject(const NamedValues &values) {
  Json object = Json::object();
  for (const auto &[name, value] : values)
    object[name] = value;
  return object;
}

/// Reads fields and collects what is wrong.
class Reader {
public:
  explicit Reader(std::string &problems) : problems(problems) {}

  void problem(const std::string &at, const std::string &what) {
    problems += (problems.empty() ? "" : "\n") + at + ": " + what;
  }
  const Json *get(const Json &from, const std::string &at, const char *key,
                  bool (Json::*is)() const noexcept, const char *kind) {
    auto found = from.find(key);
    if (found != from.end() && ((*found).*is)())
      return &*found;
    problem(at + key, std::string("expected ") + kind + ", found " +
                          (found == from.end() ? "nothing" : found->dump()));
    return nullptr;
  }
  void read(const Json &from, const std::string &at, const char *key,
            std::string &value) {
    if (auto *found = get(from, at, key, &Json::is_string, "a string"))
      value = *found;
  }
  void read(const Json &from, const std::string &at, const char *key,
            int64_t &value) {
    if (auto *found =
            get(from, at, key, &Json::is_number_integer, "an integer"))
      value = *found;
  }
  void read(const Json &from, const std::string &at, const char *key,
            NamedValues &values) {
    auto *found = get(from, at, key, &Json::is_object, "an object");
    if (!found)
      return;
    for (auto &[name, value] : found->items()) {
      if (!value.is_number_integer())
        problem(at + key + "." + name,
                "expected an integer, found " + value.dump());
      else
        values.push_back({name, value.get<int64_t>()});
    }
  }
  void onlyKeys(const Json &from, const std::string &at,
                std::initializer_list<const char *> keys) {
    for (auto &[name, value] : from.items())
      if (std::find_if(keys.begin(), keys.end(), [&](const char *key) {
            return name == key;
          }) == keys.end())
        problem(at + name, "unknown key");
  }

private:
  std::string &problems;
};
} // namespace

std::string raddle::cost::toJson(const Row &row) {
  Json j;
  j["schema"] = kRowSchema;
  j["kernel"] = row.hash;
  j["skeleton"] = row.skeleton;
  j["class"] = row.kind;
  j["target"] = row.target;
  j["gpu"] = row.gpu;
  j["sizes"] = toObject(row.sizes);
  j["features_version"] = row.featuresVersion;
  j["features"] = toObject(row.features);
  j["parameters"] = toObject(row.parameters);
  j["default"] = row.isDefault;
  j["launches"] = Json::array();
  for (const RecordedLaunch &launch : row.launches) {
    Json to;
    to["name"] = launch.kernel;
    to["threads"] = launch.threads;
    to["shared_bytes"] = launch.sharedBytes;
    to["ptxas"] = nullptr;
    if (launch.ptxas)
      to["ptxas"] = {{"registers", launch.ptxas->registers},
                     {"spill_bytes", launch.ptxas->spillBytes}};
    to["counters"] = nullptr;
    if (launch.counters) {
      Json counters;
      for (const CounterField &field : counterFields)
        counters[field.name] = (*launch.counters).*field.member;
      to["counters"] = counters;
    }
    j["launches"].push_back(to);
  }
  j["modelled"] = nullptr;
  if (row.modelledMicroseconds)
    j["modelled"] = {{"version", kModelVersion},
                     {"microseconds", *row.modelledMicroseconds},
                     {"limiter", row.limiter}};
  return j.dump();
}

Expected<Row> raddle::cost::parseRow(std::string_view line) {
  Json j = Json::parse(line, nullptr, false);
  if (j.is_discarded() || !j.is_object())
    return Error("expected a JSON object");
  std::string problems;
  Reader reader(problems);
  Row row;
  int64_t schema = 0, features = 0;
  reader.onlyKeys(j, "",
                  {"schema", "kernel", "skeleton", "class", "target", "gpu",
                   "sizes", "features_version", "features", "parameters",
                   "default", "launches", "modelled"});
  reader.read(j, "", "schema", schema);
  if (schema != kRowSchema)
    reader.problem("schema", "expected " + std::to_string(kRowSchema) +
                                 ", found " + std::to_string(schema));
  reader.read(j, "", "kernel", row.hash);
  reader.read(j, "", "skeleton", row.skeleton);
  reader.read(j, "", "class", row.kind);
  reader.read(j, "", "target", row.target);
  reader.read(j, "", "gpu", row.gpu);
  reader.read(j, "", "sizes", row.sizes);
  reader.read(j, "", "features_version", features);
  row.featuresVersion = int(features);
  reader.read(j, "", "features", row.features);
  reader.read(j, "", "parameters", row.parameters);
  if (auto *value = reader.get(j, "", "default", &Json::is_boolean, "a bool"))
    row.isDefault = *value;
  if (auto *list = reader.get(j, "", "launches", &Json::is_array, "an array")) {
    for (size_t i = 0; i < list->size(); ++i) {
      std::string at = "launches[" + std::to_string(i) + "].";
      const Json &from = (*list)[i];
      if (!from.is_object()) {
        reader.problem(at, "expected an object");
        continue;
      }
      RecordedLaunch launch;
      reader.onlyKeys(from, at,
                      {"name", "threads", "shared_bytes", "ptxas", "counters"});
      reader.read(from, at, "name", launch.kernel);
      reader.read(from, at, "threads", launch.threads);
      reader.read(from, at, "shared_bytes", launch.sharedBytes);
      if (from.value("ptxas", Json()).is_object()) {
        launch.ptxas.emplace();
        reader.read(from["ptxas"], at + "ptxas.", "registers",
                    launch.ptxas->registers);
        reader.read(from["ptxas"], at + "ptxas.", "spill_bytes",
                    launch.ptxas->spillBytes);
      } else if (!from.contains("ptxas") || !from["ptxas"].is_null()) {
        reader.problem(at + "ptxas", "expected an object or null");
      }
      if (from.value("counters", Json()).is_object()) {
        launch.counters.emplace();
        for (const CounterField &field : counterFields)
          reader.read(from["counters"], at + "counters.", field.name,
                      (*launch.counters).*field.member);
      } else if (!from.contains("counters") || !from["counters"].is_null()) {
        reader.problem(at + "counters", "expected an object or null");
      }
      row.launches.push_back(std::move(launch));
    }
  }
  if (j.value("modelled", Json()).is_object()) {
    const Json &modelled = j["modelled"];
    int64_t version = 0;
    reader.read(modelled, "modelled.", "version", version);
    if (auto *value = reader.get(modelled, "modelled.", "microseconds",
                                 &Json::is_number, "a number"))
      row.modelledMicroseconds = value->get<double>();
    reader.read(modelled, "modelled.", "limiter", row.limiter);
    // Of another model: the counters give a new one.
    if (version != kModelVersion)
      row.modelledMicroseconds.reset();
  } else if (!j.contains("modelled") || !j["modelled"].is_null()) {
    reader.problem("modelled", "expected an object or null");
  }
  if (!problems.empty())
    return Error(problems);
  return row;
}

Expected<std::vector<Row>> raddle::cost::readRows(const std::string &path) {
  std::ifstream in(path);
  if (!in)
    return Error("cannot open '" + path + "': " + std::strerror(errno));
  std::vector<Row> rows;
  std::string line, problems;
  for (size_t number = 1; std::getline(in, line); ++number) {
    Expected<Row> row = parseRow(line);
    if (row)
      rows.push_back(*std::move(row));
    else
      problems += (problems.empty() ? "" : "\n") + path + ":" +
                  std::to_string(number) + ": " + row.error().message();
  }
  if (!problems.empty())
    return Error(problems);
  return rows;
}

Error raddle::cost::appendRows(const std::string &path,
                               const std::vector<Row> &rows) {
  std::string text;
  for (const Row &row : rows)
    text += toJson(row) + "\n";
  auto failed = [&](const char *what) {
    return Error(std::string("cannot ") + what + " '" + path +
                 "': " + std::strerror(errno));
  };
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    return failed("open");
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); } // gives up the lock
  } closer{fd};
  if (::flock(fd, LOCK_EX) != 0)
    return failed("lock");
  off_t end = ::lseek(fd, 0, SEEK_END);
  if (end < 0)
    return failed("write to");
  // What is there must be rows: the last one shows it.
  if (end > 0) {
    std::string last;
    off_t at = end;
    while (at > 0 && std::count(last.begin(), last.end(), '\n') < 2) {
      char part[4096];
      off_t size = std::min<off_t>(at, sizeof(part));
      at -= size;
      if (::pread(fd, part, size, at) != size)
        return failed("read");
      last.insert(0, part, size);
    }
    bool complete = last.back() == '\n';
    if (complete)
      last.pop_back();
    last = last.substr(last.rfind('\n') + 1);
    Expected<Row> row = parseRow(last);
    if (!complete || !row)
      return Error("cannot append to '" + path + "': its last line is " +
                   (complete ? "no row: " + row.error().message()
                             : std::string("incomplete")) +
                   "; choose another file");
  }
  for (size_t written = 0; written < text.size();) {
    ssize_t size = ::write(fd, text.data() + written, text.size() - written);
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0) {
      Error error = failed("write to");
      if (::ftruncate(fd, end) != 0)
        return failed("take back a part of a row in");
      return error;
    }
    written += size_t(size);
  }
  return Error::success();
}

void raddle::cost::modelRow(Row &row, const Machine &machine, int64_t stages,
                            int64_t footprintBytes) {
  double sum = 0, longest = -1;
  for (const RecordedLaunch &launch : row.launches) {
    if (!launch.counters)
      return;
    LaunchShape shape;
    shape.threads = launch.threads;
    shape.sharedBytes = launch.sharedBytes;
    // Without ptxas the compiler's estimate stands in.
    int64_t estimate = 64;
    for (const auto &[name, value] : row.features)
      if (name == "registers_estimate")
        estimate = value;
    shape.registers = launch.ptxas ? launch.ptxas->registers : estimate;
    shape.stages = stages;
    shape.footprintBytes = footprintBytes;
    ModelledTime time = modelTime(machine, shape, *launch.counters);
    // A spilled byte is stored and loaded by every thread.
    double microseconds = time.microseconds;
    if (launch.ptxas && launch.ptxas->spillBytes > 0)
      microseconds *= 1 + double(launch.ptxas->spillBytes) / 256;
    sum += microseconds;
    if (microseconds > longest) {
      longest = microseconds;
      row.limiter = time.limiter;
    }
  }
  row.modelledMicroseconds = sum;
}
