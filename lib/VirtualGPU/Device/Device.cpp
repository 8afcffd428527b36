//===- Device.cpp - A virtual GPU -----------------------------------------===//

#include "Device/Device.h"

#include "Exec/Counters.h"
#include "Ptx/Parser.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>

using namespace raddle::vgpu;

static constexpr uint32_t kMaxParamBytes = 32768;

bool Settings::parseChecks(const std::string &text, Checks &checks,
                           std::string &error) {
  checks = Checks();
  size_t at = 0;
  while (at <= text.size()) {
    size_t end = std::min(text.find(',', at), text.size());
    std::string word = text.substr(at, end - at);
    at = end + 1;
    if (word == "all")
      checks.init = checks.race = checks.sync = true;
    else if (word == "init")
      checks.init = true;
    else if (word == "race")
      checks.race = true;
    else if (word == "sync")
      checks.sync = true;
    else if (word != "none" && word != "mem" && !word.empty()) {
      error = "unknown check '" + word +
              "', expected 'none', 'all' or a list of 'mem', 'init', 'race', "
              "'sync'";
      return false;
    }
  }
  return true;
}

bool Settings::parseMma(const std::string &text, MmaMode &mode,
                        std::string &error) {
  if (text == "hw")
    mode = MmaMode::Hw;
  else if (text == "exact")
    mode = MmaMode::Exact;
  else if (text == "fast")
    mode = MmaMode::Fast;
  else {
    error = "unknown mma mode '" + text + "', expected 'hw', 'exact' or 'fast'";
    return false;
  }
  return true;
}

bool Settings::fromEnvironment(Settings &s, std::string &error) {
  auto number = [&](const char *name, double &value) {
    const char *text = std::getenv(name);
    if (!text || !*text)
      return true;
    char *end = nullptr;
    value = std::strtod(text, &end);
    if (*end || value < 0) {
      error = std::string("malformed number '") + text + "' in " + name;
      return false;
    }
    return true;
  };
  if (const char *text = std::getenv("RADDLE_VGPU_CHECKS");
      text && !parseChecks(text, s.checks, error))
    return false;
  if (const char *text = std::getenv("RADDLE_VGPU_MMA");
      text && *text && !parseMma(text, s.mma, error))
    return false;
  double seed = 0, threads = 0, count = 0;
  if (!number("RADDLE_VGPU_SEED", seed) ||
      !number("RADDLE_VGPU_THREADS", threads) ||
      !number("RADDLE_VGPU_COUNTERS", count) ||
      !number("RADDLE_VGPU_TIMEOUT", s.timeoutSeconds))
    return false;
  s.seed = static_cast<uint64_t>(seed);
  s.threads = static_cast<unsigned>(threads);
  s.count = count != 0;
  return true;
}

Device::Device(Machine machine, Settings settings)
    : machine(std::move(machine)), settings(settings),
      memory(this->machine.memoryBytes) {
  paramBuffer = memory.allocate(kMaxParamBytes, "kernel parameters");
  memory.trackStates(settings.checks.init);
}

Device::~Device() = default;

void Device::resetCounters() { counters.clear(); }

std::unique_ptr<LoadedModule> Device::load(std::string text,
                                           std::string &error) {
  auto module = std::make_unique<LoadedModule>();
  if (!parseModule(std::move(text), module->ast, error))
    return nullptr;
  const Module &ast = module->ast;
  if (ast.targetSm > machine.sm() ||
      (ast.targetArchSpecific && ast.targetSm != machine.sm())) {
    error = "module needs " + std::string(ast.target) + ", '" + machine.name +
            "' is sm_" + std::to_string(machine.sm());
    return nullptr;
  }
  auto failed = [&] {
    unload(*module);
    return nullptr;
  };
  for (const Function &f : ast.functions)
    for (const Variable &v : f.locals)
      if (v.space == Space::Global || v.space == Space::Const) {
        error = "line " + std::to_string(v.line) + ": variable '" +
                std::string(v.name) + "' in ." + spaceName(v.space) +
                " inside a function is not supported";
        return failed();
      }
  for (const Variable &v : ast.variables) {
    if (v.space == Space::Shared || v.isExtern)
      continue;
    uint64_t address = memory.allocate(v.bytes, std::string(v.name));
    if (!address) {
      error = "line " + std::to_string(v.line) +
              ": not enough device memory for variable '" +
              std::string(v.name) + "'";
      return failed();
    }
    module->globals[std::string(v.name)] = {address, v.bytes};
    if (!v.init.empty())
      std::memcpy(reinterpret_cast<void *>(address), v.init.data(),
                  v.init.size());
    memory.setState(address, v.bytes, kDefined);
  }
  SymbolAddress lookup = [&](std::string_view name, uint64_t &address) {
    auto it = module->globals.find(name);
    if (it == module->globals.end())
      return false;
    address = it->second.address;
    return true;
  };
  for (const Variable &v : ast.variables)
    for (const Relocation &r : v.relocations) {
      uint64_t target;
      if (!lookup(r.symbol, target)) {
        error = "line " + std::to_string(v.line) + ": unknown symbol '" +
                std::string(r.symbol) + "' in the initial value of '" +
                std::string(v.name) + "'";
        return failed();
      }
      target += static_cast<uint64_t>(r.addend);
      std::memcpy(reinterpret_cast<uint8_t *>(
                      module->globals.find(v.name)->second.address) +
                      r.offset,
                  &target, std::min<size_t>(r.bytes, 8));
    }
  for (const Function &f : ast.functions) {
    if (!f.isEntry || f.isDeclaration)
      continue;
    std::unique_ptr<Kernel> kernel = decodeKernel(ast, f, lookup, error);
    if (!kernel)
      return failed();
    if (kernel->paramBytes > kMaxParamBytes) {
      error = "kernel '" + kernel->name + "' has too many parameters";
      return failed();
    }
    module->kernels[kernel->name] = std::move(kernel);
  }
  return module;
}

void Device::unload(LoadedModule &module) {
  for (auto &[name, global] : module.globals)
    memory.free(global.address);
  module.globals.clear();
}

unsigned Device::estimatedRegisters(const Kernel &kernel) const {
  unsigned registers = 0;
  for (const Register &r : kernel.functions[0]->source->registers)
    if (r.type != Type::Pred)
      registers += std::max(1u, typeBytes(r.type) / 4);
  return std::clamp(registers, 16u, 255u);
}

uint64_t Device::residentBlocks(const Kernel &kernel, uint64_t threads,
                                uint64_t sharedBytes) const {
  const uint64_t warps = (threads + 31) / 32;
  // Registers go to warps in units of 256, shared memory in units of 128.
  const uint64_t perWarp =
      (uint64_t(estimatedRegisters(kernel)) * 32 + 255) / 256 * 256;
  const uint64_t shared =
      (sharedBytes + machine.reservedSharedPerBlock + 127) / 128 * 128;
  uint64_t n =
      std::min<uint64_t>(machine.blocksPerMultiprocessor,
                         machine.threadsPerMultiprocessor / (warps * 32));
  n = std::min(n, machine.registersPerMultiprocessor / (perWarp * warps));
  n = std::min(n, machine.sharedPerMultiprocessor / shared);
  return n * machine.multiprocessors;
}

Device::LaunchResult Device::launch(const Kernel &kernel,
                                    const LaunchDimensions &dims,
                                    const void *params, size_t paramBytes,
                                    std::string &error, Fault &fault) {
  auto invalid = [&](std::string why) {
    error = "launch of kernel '" + kernel.name + "': " + why;
    return LaunchResult::Invalid;
  };
  uint64_t threads = 1;
  for (unsigned i = 0; i < 3; ++i) {
    threads *= dims.block[i];
    if (!dims.grid[i] || !dims.block[i] || dims.block[i] > 1024)
      return invalid("grid and block dimensions must be positive");
  }
  if (dims.block[2] > 64)
    return invalid("block dimension z is " + std::to_string(dims.block[2]) +
                   ", at most 64");
  if (dims.grid[0] > 0x7fffffffu || dims.grid[1] > 65535 ||
      dims.grid[2] > 65535)
    return invalid("grid is too large");
  if (threads > kernel.maxThreads)
    return invalid(std::to_string(threads) + " threads per block, at most " +
                   std::to_string(kernel.maxThreads));
  if (kernel.hasRequiredThreads) {
    const uint32_t *need = kernel.functions[0]->source->requiredThreads;
    for (unsigned i = 0; i < 3; ++i)
      if (dims.block[i] != std::max(need[i], 1u))
        return invalid("block differs from the kernel's .reqntid");
  }
  uint32_t cluster[3];
  const uint32_t *required = kernel.functions[0]->source->clusterBlocks;
  uint64_t clusterSize = 1;
  for (unsigned i = 0; i < 3; ++i) {
    cluster[i] = dims.cluster[i] ? dims.cluster[i]
                 : required[0]   ? std::max(required[i], 1u)
                                 : 1;
    if (required[0] && cluster[i] != std::max(required[i], 1u))
      return invalid("cluster differs from the kernel's .reqnctapercluster");
    if (dims.grid[i] % cluster[i])
      return invalid("grid dimension " + std::to_string(dims.grid[i]) +
                     " is not a multiple of the cluster's " +
                     std::to_string(cluster[i]));
    clusterSize *= cluster[i];
  }
  // Sixteen need the attribute for non-portable sizes on the real device.
  if (clusterSize > 1 && (machine.sm() < 90 || clusterSize > 16))
    return invalid("a cluster of " + std::to_string(clusterSize) +
                   " blocks, '" + machine.name + "' has " +
                   (machine.sm() < 90 ? "no clusters" : "at most 16"));
  uint64_t shared = (uint64_t(kernel.staticShared) + kernel.dynamicAlign - 1) /
                        kernel.dynamicAlign * kernel.dynamicAlign +
                    dims.dynamicShared;
  if (!dims.dynamicShared)
    shared = kernel.staticShared;
  if (shared > machine.sharedPerBlockOptin)
    return invalid(std::to_string(shared) + " bytes of shared memory, '" +
                   machine.name + "' has " +
                   std::to_string(machine.sharedPerBlockOptin));
  // A block's registers and local memory lie in the host's memory.
  constexpr uint64_t kMaxBlockBytes = uint64_t(4) << 30;
  if ((threads + 31) / 32 * kernel.functions[0]->frameBytes > kMaxBlockBytes ||
      threads * kernel.functions[0]->localBytes > kMaxBlockBytes)
    return invalid("registers and local memory of a block need more than 4 "
                   "GiB");
  if (paramBytes < kernel.paramBytes)
    return invalid(std::to_string(paramBytes) + " bytes of parameters, " +
                   std::to_string(kernel.paramBytes) + " expected");
  memory.trackStates(settings.checks.init);
  std::copy_n(static_cast<const uint8_t *>(params), kernel.paramBytes,
              reinterpret_cast<uint8_t *>(paramBuffer));

  LaunchState launch;
  launch.kernel = &kernel;
  launch.memory = &memory;
  std::copy_n(dims.grid, 3, launch.grid);
  std::copy_n(dims.block, 3, launch.block);
  std::copy_n(cluster, 3, launch.cluster);
  launch.sharedBytes = static_cast<uint32_t>(shared);
  launch.dynamicShared = dims.dynamicShared;
  launch.params = paramBuffer;
  launch.launchId = nextLaunch++;
  launch.options.checks = settings.checks;
  launch.options.mma = settings.mma;
  launch.options.seed = settings.seed;
  launch.options.sm = static_cast<uint8_t>(machine.sm());
  launch.options.threads =
      settings.threads ? settings.threads
                       : std::max(1u, std::thread::hardware_concurrency());
  launch.options.timeoutSeconds = settings.timeoutSeconds;
  launch.options.count = settings.count;
  if (settings.count) {
    counters.push_back(std::make_unique<Counters>(kernel));
    launch.counters = counters.back().get();
  }
  launch.maxResident =
      std::max<uint64_t>(1, residentBlocks(kernel, threads, shared) /
                                clusterSize / launch.options.threads);
  runGrid(launch);
  if (launch.fault) {
    fault = launch.fault;
    return LaunchResult::Fault;
  }
  return LaunchResult::Done;
}

std::string Device::countersJson() const {
  std::string text = "[";
  for (const auto &c : counters)
    text += (text.size() > 1 ? "," : "") + c->json();
  return text + "]";
}
