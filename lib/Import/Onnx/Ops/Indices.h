//===- Indices.h - Results whose size depends on the data ------*- C++ -*-===//
#ifndef RADDLE_LIB_IMPORT_ONNX_OPS_INDICES_H
#define RADDLE_LIB_IMPORT_ONNX_OPS_INDICES_H

#include "../Importer.h"

namespace raddle::onnx {

/// The positions (i64) at which the vector `mask` (bool) holds, in order; their
/// number is read from the device.
mlir::Value positionsOf(NodeContext &c, mlir::Value mask);

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_OPS_INDICES_H
