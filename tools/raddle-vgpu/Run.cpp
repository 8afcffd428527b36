//===- Run.cpp - raddle-vgpu run, raddle-vgpu exec ------------------------===//

#include "Run.h"

#include "Arguments.h"
#include "raddle/Runtime/Npz.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

using namespace raddle;
using namespace raddle::vgpu;

static int fail(const std::string &message) {
  std::fprintf(stderr, "raddle-vgpu: error: %s\n", message.c_str());
  return 1;
}

static bool writeText(const std::string &path, const std::string &text) {
  std::ofstream out(path, std::ios::binary);
  out << text << "\n";
  return static_cast<bool>(out.flush());
}

/// "random:SEED", or nothing.
static bool parseSchedule(const std::string &text, uint64_t &seed) {
  if (text.empty() || text == "order")
    return true;
  if (text.rfind("random:", 0) != 0)
    return false;
  char *end = nullptr;
  seed = std::strtoull(text.c_str() + 7, &end, 10);
  return !*end && seed != 0;
}

int raddle::vgpu::runKernel(const RunOptions &o) {
  std::string error;
  Machine machine;
  Settings settings;
  if (!findMachine(o.gpu, machine, error) ||
      !Settings::parseChecks(o.checks, settings.checks, error) ||
      !Settings::parseMma(o.mma, settings.mma, error))
    return fail(error);
  if (!parseSchedule(o.schedule, settings.seed))
    return fail("malformed schedule '" + o.schedule +
                "', expected 'order' or 'random:SEED' with a positive seed");
  settings.threads = o.threads;
  settings.timeoutSeconds = o.timeout;
  settings.count = !o.profile.empty();
  LaunchDimensions dims;
  auto dimensions = [&](const std::vector<uint32_t> &from, uint32_t (&to)[3]) {
    for (size_t i = 0; i < from.size(); ++i)
      to[i] = from[i];
  };
  if (o.grid.size() > 3 || o.block.size() > 3)
    return fail("grid and block have at most three dimensions");
  dimensions(o.grid, dims.grid);
  dimensions(o.block, dims.block);
  dims.dynamicShared = o.shared;

  std::ifstream in(o.file, std::ios::binary);
  if (!in)
    return fail("cannot open '" + o.file + "'");
  std::stringstream text;
  text << in.rdbuf();
  Device device(machine, settings);
  std::unique_ptr<LoadedModule> module = device.load(text.str(), error);
  if (!module)
    return fail(o.file + ": " + error);
  const Kernel *kernel = nullptr;
  if (o.entry.empty() && module->kernels.size() == 1) {
    kernel = module->kernels.begin()->second.get();
  } else {
    auto it = module->kernels.find(o.entry);
    if (it != module->kernels.end())
      kernel = it->second.get();
  }
  if (!kernel) {
    std::string known;
    for (auto &[name, k] : module->kernels)
      known += (known.empty() ? "'" : ", '") + name + "'";
    return fail(o.file + " has no kernel '" + o.entry + "'; it has " +
                (known.empty() ? "none" : known));
  }
  for (const std::string &global : o.globals) {
    size_t colon = global.find(':');
    auto it = module->globals.find(global.substr(0, colon));
    if (colon == std::string::npos || it == module->globals.end())
      return fail("no global variable for '" + global +
                  "', expected 'NAME:FILE'");
    Expected<Tensor> tensor = readNpy(global.substr(colon + 1));
    if (!tensor)
      return fail(tensor.error().message());
    if (tensor->bytes.size() != it->second.bytes)
      return fail("variable '" + it->first + "' has " +
                  std::to_string(it->second.bytes) + " bytes, the file " +
                  std::to_string(tensor->bytes.size()));
    std::memcpy(reinterpret_cast<void *>(it->second.address),
                tensor->bytes.data(), tensor->bytes.size());
  }
  std::vector<Argument> arguments;
  for (const std::string &a : o.arguments) {
    Expected<Argument> parsed = parseArgument(a);
    if (!parsed)
      return fail(parsed.error().message());
    arguments.push_back(std::move(*parsed));
  }
  std::vector<uint8_t> params;
  if (Error e = bindArguments(arguments, *kernel, device, params))
    return fail(e.message());

  Fault fault;
  switch (device.launch(*kernel, dims, params.data(), params.size(), error,
                        fault)) {
  case Device::LaunchResult::Invalid:
    return fail(error);
  case Device::LaunchResult::Fault:
    std::fprintf(stderr, "fault: %s\n", fault.text().c_str());
    if (!o.faults.empty() && !writeText(o.faults, fault.json()))
      return fail("cannot write '" + o.faults + "'");
    return 1;
  case Device::LaunchResult::Done:
    break;
  }
  if (Error e = writeOutputs(arguments, device)) {
    std::fprintf(stderr, "%s%s\n",
                 e.message().rfind("fault:", 0) == 0 ? ""
                                                     : "raddle-vgpu: error: ",
                 e.message().c_str());
    return 1;
  }
  if (!o.profile.empty()) {
    std::string counters = device.countersJson();
    // One launch: its object, with the launch's own facts in front.
    std::string launch = counters.substr(2, counters.size() - 3);
    std::string head =
        "{\"gpu\":\"" + machine.name +
        "\",\"clock_mhz\":" + std::to_string(machine.clockMhz) +
        ",\"registers\":" + std::to_string(device.estimatedRegisters(*kernel)) +
        ",\"registers_from\":\"estimate\",\"shared_bytes\":" +
        std::to_string(kernel->staticShared + o.shared) + ",";
    if (!writeText(o.profile, head + launch))
      return fail("cannot write '" + o.profile + "'");
  }
  return 0;
}

int raddle::vgpu::runProgram(const ExecOptions &o) {
  namespace fs = std::filesystem;
  std::error_code code;
  fs::path self = fs::read_symlink("/proc/self/exe", code);
  if (code)
    self = o.self;
  // The library lies in lib/vgpu beside bin, in the build and when installed.
  fs::path folder = self.parent_path().parent_path() / "lib" / "vgpu";
  if (!fs::exists(folder / "libcuda.so.1"))
    return fail("the driver library is not in '" + folder.string() + "'");
  const char *before = std::getenv("LD_LIBRARY_PATH");
  std::string path =
      folder.string() + (before && *before ? std::string(":") + before : "");
  setenv("LD_LIBRARY_PATH", path.c_str(), 1);
  if (!o.gpu.empty())
    setenv("RADDLE_VGPU", o.gpu.c_str(), 1);
  if (!o.checks.empty())
    setenv("RADDLE_VGPU_CHECKS", o.checks.c_str(), 1);
  if (!o.mma.empty())
    setenv("RADDLE_VGPU_MMA", o.mma.c_str(), 1);
  setenv("RADDLE_VGPU_FAULTS", o.faults.empty() ? "-" : o.faults.c_str(), 1);
  if (!o.profile.empty())
    setenv("RADDLE_VGPU_PROFILE", o.profile.c_str(), 1);
  std::vector<char *> argv;
  for (const std::string &word : o.command)
    argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  return fail("cannot run '" + o.command[0] + "': " + std::strerror(errno));
}
