//===- Machine.cpp - Limits of a named GPU --------------------------------===//

#include "Device/Machine.h"

#include <nlohmann/json.hpp>

using namespace raddle::vgpu;

std::vector<std::string> raddle::vgpu::machineNames() {
  std::vector<std::string> names;
  for (const EmbeddedMachine *m = kEmbeddedMachines; m->name; ++m)
    names.push_back(m->name);
  return names;
}

bool raddle::vgpu::findMachine(const std::string &name, Machine &machine,
                               std::string &error) {
  for (const EmbeddedMachine *m = kEmbeddedMachines; m->name; ++m) {
    if (name != m->name)
      continue;
    nlohmann::json j = nlohmann::json::parse(m->json, nullptr, false);
    if (j.is_discarded()) {
      error = "machine file '" + name + "' is malformed";
      return false;
    }
    machine.name = name;
    machine.title = j.value("title", name);
    machine.major = j["capability"][0];
    machine.minor = j["capability"][1];
    machine.multiprocessors = j["multiprocessors"];
    machine.clockMhz = j["clock_mhz"];
    machine.memoryClockMhz = j["memory_clock_mhz"];
    machine.memoryBusBits = j["memory_bus_bits"];
    machine.memoryBytes = j["memory_bytes"];
    machine.l2Bytes = j["l2_bytes"];
    machine.sharedPerMultiprocessor = j["shared_per_multiprocessor"];
    machine.sharedPerBlock = j["shared_per_block"];
    machine.sharedPerBlockOptin = j["shared_per_block_optin"];
    machine.reservedSharedPerBlock = j["reserved_shared_per_block"];
    machine.threadsPerMultiprocessor = j["threads_per_multiprocessor"];
    machine.blocksPerMultiprocessor = j["blocks_per_multiprocessor"];
    machine.registersPerMultiprocessor = j["registers_per_multiprocessor"];
    return true;
  }
  error = "unknown GPU '" + name + "', expected one of";
  for (const std::string &known : machineNames())
    error += " '" + known + "'";
  return false;
}
