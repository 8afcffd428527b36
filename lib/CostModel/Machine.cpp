//===- Machine.cpp - What a GPU has, for costs and limits -----------------===//

#include "raddle/CostModel/Machine.h"
#include "EmbeddedData.h"

#include <map>
#include <nlohmann/json.hpp>

using namespace raddle::cost;

static Machine parse(const char *name, const char *text) {
  nlohmann::json j = nlohmann::json::parse(text);
  const nlohmann::json &rate = j.at("per_clock_per_multiprocessor"),
                       &latency = j.at("latency_cycles");
  Machine m;
  m.name = name;
  m.capability = 10 * j.at("capability").at(0).get<unsigned>() +
                 j.at("capability").at(1).get<unsigned>();
  m.multiprocessors = j.at("multiprocessors");
  m.clockHz = j.at("clock_mhz").get<double>() * 1e6;
  m.sharedPerMultiprocessor = j.at("shared_per_multiprocessor");
  m.sharedPerBlock = j.at("shared_per_block_optin");
  m.reservedSharedPerBlock = j.at("reserved_shared_per_block");
  m.threadsPerMultiprocessor = j.at("threads_per_multiprocessor");
  m.blocksPerMultiprocessor = j.at("blocks_per_multiprocessor");
  m.registersPerMultiprocessor = j.at("registers_per_multiprocessor");
  // The measured rate where someone measured it.
  const nlohmann::json &measured = j["dram_bytes_per_second_measured"];
  m.dramBytesPerSecond = measured.is_number()
                             ? measured.get<double>()
                             : j.at("dram_bytes_per_second").get<double>();
  m.fp32 = rate.at("fma_f32");
  m.fp16 = rate.at("fma_f16x2_lanes");
  m.fp64 = rate.at("fma_f64");
  m.int32 = rate.at("int32");
  m.special = rate.at("special");
  m.shuffle = rate.at("shuffle_lanes");
  m.tensorF16 = rate.at("tensor_fma_f16");
  // Not measured on every GPU: then what its generation has in common.
  m.l1Bytes = rate.value("l1_bytes", 128.0);
  m.l2Bytes = rate.value("l2_bytes", 34.0);
  m.l2LatencyCycles = latency.value("l2", 250.0);
  m.dramLatencyCycles = latency.value("dram", 600.0);
  m.aluLatencyCycles = latency.value("alu", 4.0);
  return m;
}

const Machine *raddle::cost::findMachine(std::string_view target) {
  static const std::map<std::string, Machine, std::less<>> machines = [] {
    std::map<std::string, Machine, std::less<>> result;
    for (const EmbeddedText *file = kMachineFiles; file->name; ++file) {
      Machine machine = parse(file->name, file->text);
      Machine &known = result["sm_" + std::to_string(machine.capability)];
      if (machine.multiprocessors > known.multiprocessors)
        known = machine;
    }
    return result;
  }();
  auto found = machines.find(target);
  return found == machines.end() ? nullptr : &found->second;
}
