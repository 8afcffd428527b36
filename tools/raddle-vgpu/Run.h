//===- Run.h - raddle-vgpu run, raddle-vgpu exec ----------------*- C++ -*-===//

#ifndef RADDLE_TOOLS_RADDLE_VGPU_RUN_H
#define RADDLE_TOOLS_RADDLE_VGPU_RUN_H

#include <cstdint>
#include <string>
#include <vector>

namespace raddle::vgpu {

struct RunOptions {
  std::string file, entry;
  std::vector<uint32_t> grid = {1}, block = {1};
  uint32_t shared = 0;
  std::string gpu = "a100-sxm4-80", checks = "mem", mma = "hw", schedule;
  std::vector<std::string> arguments, globals;
  std::string faults, profile;
  unsigned threads = 0;
  double timeout = 0;
};

/// Both return the exit code.
int runKernel(const RunOptions &options);

struct ExecOptions {
  std::string gpu, checks, mma, faults, profile;
  std::vector<std::string> command;
  std::string self; // path of this program
};
int runProgram(const ExecOptions &options);

} // namespace raddle::vgpu

#endif
