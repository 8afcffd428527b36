//===- SelectedOperations.h - What the back end selects --------*- C++ -*-===//
//
// LLVM's NVPTX back end ends the process on what it cannot select. This is the
// list of operations, intrinsics and PTX texts, with their types, that our
// lowering may make; tile-verify-nvvm refuses everything else with a
// diagnostic. dialects/Tile/test/selection.test sends every row through the
// back end and the assembler for every target: extend the list, and the test
// says whether the back end knows it.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_SELECTEDOPERATIONS_H
#define RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_SELECTEDOPERATIONS_H

#include "mlir/IR/Operation.h"

namespace raddle::tile {

/// A row stands for one signature per type in `types`.
struct SelectedOperation {
  /// An operation of the LLVM or NVVM dialect; an LLVM intrinsic (`llvm.` of
  /// llvm.call_intrinsic), in which `$T` is the type; or the text of an
  /// llvm.inline_asm without the offset of its address.
  llvm::StringLiteral name;
  /// Operands, `>`, results: words that are types (`i32`, `4xf32` a vector,
  /// `p1` a pointer to global, `p3` to shared memory, `{f32,f32}` a struct,
  /// `T` a type of `types`); `=n` behind a type asks for a constant.
  llvm::StringLiteral signature;
  /// What `T` may be.
  llvm::StringLiteral types = "";
  /// What the operation needs besides, as a dictionary.
  llvm::StringLiteral properties = "";
  /// The least target, as the number in `sm_80`.
  unsigned minSm = 80;
};

llvm::ArrayRef<SelectedOperation> getSelectedOperations();

/// The name by which the list knows an operation; empty for those that become
/// no instruction of their own (constants, control flow, address arithmetic,
/// parts of vectors and structs).
std::string getSelectedName(mlir::Operation *op);

/// The signature of an operation in the words of the list.
std::string getSignature(mlir::Operation *op);

/// The type of a word, null when it is none.
mlir::Type parseTypeWord(llvm::StringRef word, mlir::MLIRContext *context);

/// `name` and `signature` of a row for one of its types (`type` is empty where
/// it has none).
std::pair<std::string, std::string> instantiate(const SelectedOperation &row,
                                                llvm::StringRef type);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_SELECTEDOPERATIONS_H
