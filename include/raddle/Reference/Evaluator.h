//===- Evaluator.h - Runs functions of the graph dialect -------*- C++ -*-===//
//
// The meaning of the graph dialect in plain code: the oracle for the compiler,
// and the folder of constants. Results of f32 operations are computed in f32
// as NumPy does; f16 and bf16 operands are computed in f32 and rounded once per
// operation. Sums of a reduction are kept in f64 and rounded once; contractions
// accumulate in f32 for operands up to 32 bits.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_REFERENCE_EVALUATOR_H
#define RADDLE_REFERENCE_EVALUATOR_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Operation.h"
#include "raddle/Reference/Tensor.h"
#include "llvm/ADT/DenseMap.h"
#include <functional>

namespace raddle::graph {
class WeightOp;
}

namespace raddle::reference {

/// Reads the tensor that a `graph.weight` names; the result has the type of the
/// operation (encoded ones: all components). Emits its own diagnostics.
using WeightReader =
    std::function<mlir::LogicalResult(graph::WeightOp, Tensor &)>;

struct EvaluatorOptions {
  /// Without it a `graph.weight` is an error.
  WeightReader readWeight;
  /// Largest tensor that may be made, in bytes: hostile sizes end in a
  /// diagnostic.
  int64_t maxTensorBytes = int64_t(1) << 34;
  /// Hold and compute every float tensor in f64, whatever its type says: the
  /// result without the roundings of the types (see Bounds.h).
  bool wide = false;
  /// Called with each operation's result as it is made (calibration).
  std::function<void(mlir::Value, const Tensor &)> observe;
};

class Evaluator {
public:
  explicit Evaluator(EvaluatorOptions options = {});

  /// Runs a function. Arguments are checked against its type. Every failure is
  /// a diagnostic on the operation at fault.
  mlir::LogicalResult run(mlir::func::FuncOp function,
                          llvm::ArrayRef<Tensor> arguments,
                          llvm::SmallVectorImpl<Tensor> &results);

  /// Runs one operation without regions or uses of values of other blocks.
  mlir::LogicalResult run(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                          llvm::SmallVectorImpl<Tensor> &results);

  /// Runs a block with `arguments` until its terminator; `yielded` receives the
  /// terminator's operands. Values defined above the block are visible.
  mlir::LogicalResult runBlock(mlir::Block &block,
                               llvm::ArrayRef<Tensor> arguments,
                               llvm::SmallVectorImpl<Tensor> &yielded);

  const EvaluatorOptions &getOptions() const { return options; }
  /// Makes zeros, or a diagnostic on `op` when that is too large.
  mlir::FailureOr<Tensor> allocate(mlir::Operation *op, mlir::Type elementType,
                                   llvm::ArrayRef<int64_t> shape) const;

  /// True when the evaluator knows the operation.
  static bool isKnown(mlir::Operation *op);

private:
  /// Which values are used for the last time by each operation of a block.
  using LastUses =
      llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Value, 2>>;
  const LastUses &getLastUses(mlir::Block &block);
  mlir::LogicalResult checkResult(mlir::Operation *op, unsigned number,
                                  const Tensor &result) const;

  EvaluatorOptions options;
  llvm::DenseMap<mlir::Value, Tensor> values;
  llvm::DenseMap<mlir::Block *, std::unique_ptr<LastUses>> lastUses;
  unsigned depth = 0;
};

} // namespace raddle::reference

#endif // RADDLE_REFERENCE_EVALUATOR_H
