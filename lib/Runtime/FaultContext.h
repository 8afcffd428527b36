//===- FaultContext.h - the source lines of a fault ------------*- C++ -*-===//

#ifndef RADDLE_LIB_RUNTIME_FAULTCONTEXT_H
#define RADDLE_LIB_RUNTIME_FAULTCONTEXT_H

#include "raddle/Artifact/Artifact.h"

namespace raddle {

/// The lines that a fault of the virtual GPU is about: of the PTX, and of the
/// kernel's tile-dialect text, which the PTX's `.loc` lines point into.
/// With the line's role goes the node of the graph that `launch` computes
/// there. `report` is what raddleVgpuLastFaultJson gives. Empty when nothing is
/// known; else each line starts with a line feed.
std::string faultContext(std::string_view report, const Artifact &artifact,
                         const std::string &target, const std::string &module,
                         const host::Launch &launch);

/// The address in device memory that the fault is about, if it is about one.
std::optional<uint64_t> faultAddress(std::string_view report);

} // namespace raddle

#endif // RADDLE_LIB_RUNTIME_FAULTCONTEXT_H
