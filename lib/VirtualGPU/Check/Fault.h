//===- Fault.h - What can go wrong in a kernel ------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_CHECK_FAULT_H
#define RADDLE_LIB_VIRTUALGPU_CHECK_FAULT_H

#include "Check/FaultClass.h"

#include <cstdint>
#include <string>

namespace raddle::vgpu {

/// "out-of-bounds" and so on.
const char *faultClassName(FaultClass faultClass);

struct Fault {
  FaultClass faultClass = FaultClass::None;
  std::string message;
  std::string kernel;
  uint32_t ptxLine = 0;
  std::string source; // "file:line", empty if the PTX has none
  uint32_t block[3] = {0, 0, 0};
  uint32_t thread[3] = {0, 0, 0};
  bool hasAddress = false;
  uint64_t address = 0;
  std::string allocation;
  std::string other; // the other access of a race

  explicit operator bool() const { return faultClass != FaultClass::None; }
  /// "fault: CLASS: ..." without the word fault, one line.
  std::string text() const;
  std::string json() const;
};

} // namespace raddle::vgpu

#endif
