//===- Hover.h - What editors show of storage encodings --------*- C++ -*-===//
#ifndef RADDLE_TOOLS_LSP_HOVER_H
#define RADDLE_TOOLS_LSP_HOVER_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"

#include <string>

namespace raddle {

/// A place in a document as the language server protocol counts: lines from 0,
/// characters of a line from 0 in UTF-16 units.
struct Position {
  size_t line = 0, character = 0;
};

/// Explains types and attributes of our dialects in Markdown.
class HoverExplainer {
public:
  explicit HoverExplainer(const mlir::DialectRegistry &registry)
      : context(registry, mlir::MLIRContext::Threading::DISABLED) {
    context.allowUnregisteredDialects();
  }

  /// How the tensor is stored whose type is at a place of a document, or the
  /// encoding that is there, also by its alias. Where neither is, the types in
  /// `shown`, which is what the server says of the place (an operation, a
  /// value). Empty when there is nothing to explain.
  std::string explain(llvm::StringRef document, Position position,
                      llvm::StringRef shown);

private:
  mlir::MLIRContext context;
};

} // namespace raddle

#endif // RADDLE_TOOLS_LSP_HOVER_H
