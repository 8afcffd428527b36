//===- Code.h - Decoded functions and kernels -------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_CODE_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_CODE_H

#include "Exec/Op.h"
#include "Isa/Table.h"
#include "Ptx/Ast.h"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace raddle::vgpu {

/// Memory that vector loads of 64 bytes may touch.
struct AlignedDelete {
  void operator()(uint8_t *p) const {
    ::operator delete[](p, std::align_val_t(256));
  }
};
using AlignedBytes = std::unique_ptr<uint8_t[], AlignedDelete>;
inline AlignedBytes allocateAligned(size_t bytes) {
  return AlignedBytes(static_cast<uint8_t *>(
      ::operator new[](bytes ? bytes : 1, std::align_val_t(256))));
}

/// A register that an instruction reads or writes, for the definedness check.
struct Use {
  Slot slot;
  uint8_t bytes; // per lane; 0: predicate
  bool isDst;
  uint8_t role = 0; // of a source: 1 = address, decides control flow or lanes
};

struct OpInfo {
  const Row *row = nullptr;
  Form form;
  uint32_t line = 0;
  int32_t location = -1;
  uint32_t firstUse = 0, numUses = 0;
};

/// Where a parameter lies: in the kernel's parameter buffer, or per lane in
/// the frame.
struct ParamPlace {
  uint32_t offset, bytes;
};

struct CallSite {
  int32_t callee = -1; // index into Kernel::functions, -1: indirect
  Slot target = 0;     // register with the function's address
  std::vector<ParamPlace> args, results;
};

/// One function, decoded for one kernel.
struct Code {
  const Function *source = nullptr;
  std::string name;
  std::vector<Op> ops;
  std::vector<OpInfo> infos;
  std::vector<Use> uses;
  AlignedBytes consts;
  size_t constBytes = 0;
  uint32_t frameBytes = 0;
  uint32_t localBytes = 0;
  /// Per-lane parameter memory of the frame.
  uint32_t paramAreaOffset = 0, paramAreaStride = 0;
  std::vector<ParamPlace> params, results;
  std::vector<CallSite> calls;
  std::vector<std::vector<int32_t>> branchTables;
  std::deque<std::vector<Slot>> lists;
};

/// A kernel with everything that it may call.
struct Kernel {
  std::string name;
  const Module *module = nullptr;
  std::vector<std::unique_ptr<Code>> functions; // [0] is the entry
  std::vector<ParamPlace> params;
  uint32_t paramBytes = 0;
  uint32_t staticShared = 0;
  uint32_t dynamicAlign = 16;
  uint32_t constBytes = 0;
  uint32_t maxThreads = 1024;
  bool hasRequiredThreads = false;
};

/// Addresses of the variables of a module, known once they are allocated.
using SymbolAddress = std::function<bool(std::string_view, uint64_t &)>;

/// Decodes one entry function. `sm` is the virtual GPU's compute capability.
/// On failure returns null and one message, "line N: ...".
std::unique_ptr<Kernel> decodeKernel(const Module &module,
                                     const Function &entry,
                                     const SymbolAddress &address,
                                     std::string &error);

/// Function addresses in the machine: above every memory window.
constexpr uint64_t kFunctionWindow = uint64_t(0x10003) << 32;

} // namespace raddle::vgpu

#endif
