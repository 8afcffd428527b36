//===- HostValues.h - Elements of host tensors as numbers ------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_ENCODINGS_HOSTVALUES_H
#define RADDLE_DIALECTS_GRAPH_ENCODINGS_HOSTVALUES_H

#include "dialects/Graph/Encodings/StorageEncoding.h"

namespace raddle::graph {

/// Element `n` of float type `type`, exactly.
double readFloat(llvm::ArrayRef<char> bytes, mlir::Type type, int64_t n);

/// Stores `value` as element `n`, rounded to nearest even.
void writeFloat(llvm::MutableArrayRef<char> bytes, mlir::Type type, int64_t n,
                double value);

/// Element `n` of an integer type of `width` bits (8, 16, 32 or 64).
int64_t readInteger(llvm::ArrayRef<char> bytes, unsigned width, bool isUnsigned,
                    int64_t n);
void writeInteger(llvm::MutableArrayRef<char> bytes, unsigned width, int64_t n,
                  int64_t value);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_ENCODINGS_HOSTVALUES_H
