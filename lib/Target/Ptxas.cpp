//===- Ptxas.cpp - NVIDIA's assembler, where it is installed --------------===//

#include "raddle/Target/Ptxas.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace raddle;

std::optional<std::string> target::findPtxas() {
  if (const char *given = std::getenv("RADDLE_PTXAS"); given && *given)
    return std::string(given);
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  return std::nullopt;
}

/// The number in front of `what`, 0 when it does not occur.
static unsigned numberBefore(llvm::StringRef text, llvm::StringRef what) {
  size_t at = text.find(what);
  if (at == llvm::StringRef::npos)
    return 0;
  llvm::StringRef before = text.take_front(at).rtrim();
  unsigned number = 0;
  before.take_back(before.size() - before.find_last_not_of("0123456789") - 1)
      .getAsInteger(10, number);
  return number;
}

std::optional<target::AssembledKernel>
target::assemblePtx(llvm::StringRef ptxas, llvm::StringRef ptx,
                    llvm::StringRef target, std::string &error) {
  llvm::SmallString<128> in, out, log;
  llvm::scope_exit cleanup([&] {
    for (auto *path : {&in, &out, &log})
      if (!path->empty())
        llvm::sys::fs::remove(*path);
  });
  for (auto [path, suffix] : {std::pair(&in, "ptx"), std::pair(&out, "cubin"),
                              std::pair(&log, "log")})
    if (auto code =
            llvm::sys::fs::createTemporaryFile("raddle", suffix, *path)) {
      error = "cannot create a temporary file: " + code.message();
      return std::nullopt;
    }
  {
    std::error_code code;
    llvm::raw_fd_ostream os(in, code);
    os << ptx;
    os.close();
    // An error that is not cleared ends the process (a full disk).
    if (os.has_error()) {
      error = ("cannot write '" + in + "': " + os.error().message()).str();
      os.clear_error();
      return std::nullopt;
    }
  }
  std::string arch = ("-arch=" + target).str();
  llvm::StringRef args[] = {ptxas, "-v", arch, in, "-o", out};
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(), log.str(),
                                                log.str()};
  int rc = llvm::sys::ExecuteAndWait(ptxas, args, std::nullopt, redirects, 0, 0,
                                     &error);
  auto words = llvm::MemoryBuffer::getFile(log);
  llvm::StringRef text = words ? (*words)->getBuffer() : llvm::StringRef();
  if (rc != 0) {
    if (error.empty())
      error = text.str();
    return std::nullopt;
  }
  AssembledKernel result;
  result.registers = numberBefore(text, " registers");
  // "Used N registers" has the number in front; spills are stores and loads.
  result.spillBytes = numberBefore(text, " bytes spill stores") +
                      numberBefore(text, " bytes spill loads");
  if (auto cubin = llvm::MemoryBuffer::getFile(out))
    result.cubin = (*cubin)->getBuffer().str();
  return result;
}
