//===- PlanOps.cpp - Verifiers of the plan dialect ------------------------===//

#include "dialects/Plan/IR/PlanDialect.h"
#include "mlir/IR/Matchers.h"
#include "raddle/Support/DataType.h"

using namespace mlir;
using namespace raddle::plan;

LogicalResult SymbolOp::verify() {
  if (getName().empty())
    return emitOpError("expected the name of a dim, found an empty one");
  return success();
}

LogicalResult WeightOp::verify() {
  if (getEntry().empty())
    return emitOpError("expected the name of an entry, found an empty one");
  if (int64_t(getBytes()) < 0)
    return emitOpError("expected at least 0 bytes, found ")
           << int64_t(getBytes());
  if (!getParts() && !getRuns())
    return success();
  size_t parts = getParts() ? getParts()->size() : 0;
  size_t runs = getRuns() ? getRuns()->size() : 0;
  if (parts == 0 || parts != runs)
    return emitOpError(
               "expected as many 'runs' as 'parts', at least one, found ")
           << runs << " and " << parts;
  int64_t row = 0;
  for (int64_t run : getRunsAttr().asArrayRef()) {
    if (run < 1)
      return emitOpError("expected runs of at least 1 byte, found ") << run;
    row += run;
  }
  if (int64_t(getBytes()) % row)
    return emitOpError("expected a multiple of the ")
           << row << " bytes of a row, found " << int64_t(getBytes());
  return success();
}

LogicalResult ConstantOp::verify() {
  if (getName().empty())
    return emitOpError("expected the name of an entry, found an empty one");
  Type element = getValue().getElementType();
  if (!element.isIntOrIndexOrFloat())
    return emitOpError("expected integer, index or float elements, found ")
           << element;
  return success();
}

LogicalResult AllocOp::verify() {
  APInt bytes;
  if (matchPattern(getBytes(), m_ConstantInt(&bytes)) && bytes.isNegative())
    return emitOpError("expected at least 0 bytes, found ")
           << bytes.getSExtValue();
  if (getPool() && getOffset())
    return emitOpError("expected a place in the arena or memory of the pool, "
                       "found both");
  return success();
}

LogicalResult FreeOp::verify() {
  auto alloc = getBuffer().getDefiningOp<AllocOp>();
  if (!alloc || !alloc.getPool())
    return emitOpError("expected the buffer of a 'plan.alloc ... pool'");
  return success();
}

LogicalResult LaunchOp::verify() {
  if (getKernel().getNestedReferences().size() != 1)
    return emitOpError("expected a kernel '@module::@function', found ")
           << getKernel();
  int64_t last = -1;
  for (int64_t position : getWritten()) {
    if (position <= last || position >= int64_t(getArgs().size()))
      return emitOpError("expected 'writes' to be rising positions below ")
             << getArgs().size() << ", found " << position;
    last = position;
    if (!isa<BufferType>(getArgs()[position].getType()))
      return emitOpError("expected 'writes' to list buffers, found ")
             << getArgs()[position].getType() << " as argument " << position;
  }
  int64_t nodes = getNodes() ? getNodes()->size() : 0;
  if (getOriginsAttr())
    for (int32_t origin : getOriginsAttr().asArrayRef())
      if (origin < -1 || origin >= nodes)
        return emitOpError("expected 'origins' to be -1 or below the ")
               << nodes << " nodes, found " << origin;
  return success();
}

LogicalResult ReadOp::verify() {
  unsigned width = getType().getIntOrFloatBitWidth();
  if (!llvm::is_contained({1u, 8u, 16u, 32u, 64u}, width))
    return emitOpError("expected an integer of 1, 8, 16, 32 or 64 bits, found ")
           << getType();
  return success();
}

LogicalResult CopyOp::verify() {
  if (getFrom() == getTo())
    return emitOpError("expected two buffers, found one twice");
  return success();
}

LogicalResult OutputOp::verify() {
  if (!raddle::parseDataType(getType()))
    return emitOpError("expected the name of an interchange type, found '")
           << getType() << "'";
  return success();
}
