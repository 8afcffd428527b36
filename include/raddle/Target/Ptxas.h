//===- Ptxas.h - NVIDIA's assembler, where it is installed -----*- C++ -*-===//
#ifndef RADDLE_TARGET_PTXAS_H
#define RADDLE_TARGET_PTXAS_H

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace raddle::target {

/// What `ptxas -v` says of a module with one kernel.
struct AssembledKernel {
  unsigned registers = 0;
  /// Bytes stored to and loaded from local memory by register spills.
  unsigned spillBytes = 0;
  std::string cubin;
};

/// Path of ptxas: the environment variable RADDLE_PTXAS, else found in PATH.
std::optional<std::string> findPtxas();

/// Assembles PTX text for `target`. Nothing, and the assembler's own words in
/// `error`, when it refuses.
std::optional<AssembledKernel> assemblePtx(llvm::StringRef ptxas,
                                           llvm::StringRef ptx,
                                           llvm::StringRef target,
                                           std::string &error);

} // namespace raddle::target

#endif // RADDLE_TARGET_PTXAS_H
