//===- Dispatch.h - From forms to handlers ----------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_DISPATCH_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_DISPATCH_H

#include "Exec/Op.h"
#include "Isa/Form.h"

namespace raddle::vgpu {

/// The handler for `form` in the build of the semantics for this host, null if
/// the combination does not exist.
Handler selectHandler(const Form &form);

/// Control flow and barriers, the same for every host.
Handler selectControl(const Form &form);

/// "x86-64-v4" and so on; RADDLE_VGPU_ISA=baseline|avx2|avx512 overrides.
const char *hostIsaName();

} // namespace raddle::vgpu

#endif
