//===- Onnx.h - Reads ONNX models into the graph dialect -------*- C++ -*-===//
#ifndef RADDLE_IMPORT_ONNX_H
#define RADDLE_IMPORT_ONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace raddle {

/// What is known of a named dim of the entry's arguments.
struct DimRange {
  std::string name;
  int64_t min = 1;
  int64_t max = 65535;
  int64_t divisor = 1;
};

struct OnnxImportOptions {
  /// Ranges of named dims; the others get the defaults of `DimRange`.
  std::vector<DimRange> dims;
  /// Constants up to this many bytes become `arith.constant`; larger ones
  /// become `graph.weight`, whose bytes stay in the file.
  size_t inlineBytes = 1024;
  /// The path that the module's `graph.archives` states; empty: the path given.
  std::string archivePath;
};

/// One node that cannot be imported.
struct OnnxProblem {
  std::string node;      ///< its name, or `<operator>_<number>` without one
  std::string op;        ///< with its domain when that is not ONNX's own
  int64_t opset = 0;     ///< the version of the domain that the model imports
  std::string message;   ///< the attribute, type or shape at fault
  std::string supported; ///< the nearest form that is supported; may be empty
};

/// Reads the model at `path`. The module holds one function `main`, the
/// attributes `graph.version` and `graph.archives`; every problem of the file
/// is reported as a diagnostic (not only the first), and null returned. Loads
/// the dialects it needs into `context`.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(const std::string &path,
                                             const OnnxImportOptions &options,
                                             mlir::MLIRContext &context);

/// Reads a model that lies in memory under the name `name`; external data is
/// refused.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(const uint8_t *data, size_t size,
                                             const std::string &name,
                                             const OnnxImportOptions &options,
                                             mlir::MLIRContext &context);

/// Prints which operators the model uses, how often, and every problem.
/// Returns the number of problems.
size_t reportOnnxOps(const std::string &path, const OnnxImportOptions &options,
                     mlir::MLIRContext &context, llvm::raw_ostream &os);

/// Prints the operators that the importer knows, as the Markdown page
/// docs/OnnxOps.md.
void listOnnxOps(llvm::raw_ostream &os);

} // namespace raddle

#endif // RADDLE_IMPORT_ONNX_H
