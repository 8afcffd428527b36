//===- StorageEncoding.h - How a tensor is stored --------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_ENCODINGS_STORAGEENCODING_H
#define RADDLE_DIALECTS_GRAPH_ENCODINGS_STORAGEENCODING_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TensorEncoding.h"
#include "llvm/Support/LogicalResult.h"

#include <string>
#include <vector>

namespace raddle::graph {

/// A tensor that is part of an encoded one.
struct EncodingComponent {
  std::string name;
  mlir::RankedTensorType type;
};

/// Row-major, little-endian elements on the host.
using HostBytes = std::vector<char>;
using EmitErrorFn = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// The bytes of components, or nothing when a dim is not static.
std::optional<int64_t>
getComponentBytes(llvm::ArrayRef<EncodingComponent> components);

} // namespace raddle::graph

#include "dialects/Graph/Encodings/StorageEncoding.h.inc"

namespace raddle::graph {

/// The storage encoding of a type; null when it has none.
StorageEncoding getStorageEncoding(mlir::Type type);

/// `type` without an encoding.
mlir::RankedTensorType getLogicalType(mlir::RankedTensorType type);

/// The bytes of one element on the host.
int64_t getElementBytes(mlir::Type element);

/// The bytes of a host tensor of static shape.
int64_t getHostBytes(mlir::RankedTensorType type);

/// Checks the sizes of host tensors against the components of `type`.
llvm::LogicalResult
verifyHostComponents(mlir::RankedTensorType type,
                     llvm::ArrayRef<llvm::ArrayRef<char>> components,
                     EmitErrorFn emitError);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_ENCODINGS_STORAGEENCODING_H
