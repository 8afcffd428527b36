//===- Call.h - One evaluation of one operation ----------------*- C++ -*-===//
#ifndef RADDLE_LIB_REFERENCE_CALL_H
#define RADDLE_LIB_REFERENCE_CALL_H

#include "raddle/Reference/Evaluator.h"

namespace raddle::reference {

/// What a handler sees: the operation, its operands as tensors (host scalars as
/// rank-0 tensors), and where the results go.
class Call {
public:
  Call(Evaluator &evaluator, mlir::Operation *op,
       llvm::ArrayRef<Tensor> operands, llvm::SmallVectorImpl<Tensor> &results)
      : evaluator(evaluator), op(op), operands(operands), results(results) {}

  /// The tensor of an operand, given as the value that the operation's accessor
  /// returns; no tensor for an absent optional operand.
  Tensor operator[](mlir::Value value) const;
  /// Integers of operands that are host scalars.
  Shape scalars(mlir::ValueRange values) const;
  /// Sizes or offsets of which some are static.
  Shape mixed(llvm::ArrayRef<int64_t> fixed, mlir::ValueRange dynamic) const;

  mlir::FailureOr<Tensor> allocate(mlir::Type elementType,
                                   llvm::ArrayRef<int64_t> shape) const {
    return evaluator.allocate(op, elementType, shape);
  }
  mlir::LogicalResult finish(Tensor result) {
    results.push_back(std::move(result));
    return mlir::success();
  }
  /// Element type of the result: what its type says, or f64 for every float
  /// type of a wide evaluation.
  mlir::Type resultElement(unsigned n = 0) const {
    mlir::Type type = mlir::getElementTypeOrSelf(op->getResult(n).getType());
    if (evaluator.getOptions().wide && mlir::isa<mlir::FloatType>(type))
      return mlir::Float64Type::get(type.getContext());
    return type;
  }
  mlir::InFlightDiagnostic error() const { return op->emitOpError(); }

  Evaluator &evaluator;
  mlir::Operation *op;
  llvm::ArrayRef<Tensor> operands;
  llvm::SmallVectorImpl<Tensor> &results;
};

/// Evaluates one kind of operation.
using Handler = std::function<mlir::LogicalResult(mlir::Operation *, Call &)>;

/// Operation name to handler.
class HandlerTable {
public:
  void add(llvm::StringRef name, Handler handler) {
    handlers[name] = std::move(handler);
  }
  template <typename OpTy>
  void add(mlir::LogicalResult (*evaluate)(OpTy, Call &)) {
    add(OpTy::getOperationName(), [evaluate](mlir::Operation *op, Call &call) {
      return evaluate(mlir::cast<OpTy>(op), call);
    });
  }
  const Handler *find(llvm::StringRef name) const {
    auto it = handlers.find(name);
    return it == handlers.end() ? nullptr : &it->second;
  }

private:
  llvm::StringMap<Handler> handlers;
};

// One function per file of handlers.
void addFloatHandlers(HandlerTable &table);
void addIntegerHandlers(HandlerTable &table);
void addConversionHandlers(HandlerTable &table);
void addHostHandlers(HandlerTable &table);
void addControlHandlers(HandlerTable &table);
void addRearrangeHandlers(HandlerTable &table);
void addGatherHandlers(HandlerTable &table);
void addScatterHandlers(HandlerTable &table);
void addResizeHandlers(HandlerTable &table);
void addContractHandlers(HandlerTable &table);
void addConvolutionHandlers(HandlerTable &table);
void addAttentionHandlers(HandlerTable &table);
void addReduceHandlers(HandlerTable &table);
void addRowHandlers(HandlerTable &table);
void addPoolHandlers(HandlerTable &table);
void addSortHandlers(HandlerTable &table);
void addRecurrentHandlers(HandlerTable &table);
void addStructureHandlers(HandlerTable &table);
void addEncodingHandlers(HandlerTable &table);

/// The table of everything.
const HandlerTable &getHandlers();

/// The float type that an operation on `type` computes in: f64 for f64, else
/// f32.
mlir::Type getComputeType(mlir::Type type);

/// Calls `body` with a value of the C++ type that `computeType` stands for.
template <typename Body>
mlir::LogicalResult withComputeType(mlir::Type computeType, Body body) {
  return computeType.isF64() ? body(double()) : body(float());
}

/// Copies a box: element `i` of `shape` goes from `source + i * sourceStrides`
/// to `target + i * targetStrides` (both in elements of `width` bytes).
void copyBox(llvm::ArrayRef<int64_t> shape, unsigned width, const char *source,
             llvm::ArrayRef<int64_t> sourceStrides, char *target,
             llvm::ArrayRef<int64_t> targetStrides);

/// The permuted tensor: result dim `i` is dim `permutation[i]`.
mlir::FailureOr<Tensor> transpose(Call &call, const Tensor &input,
                                  llvm::ArrayRef<int64_t> permutation);

/// Whether the `count` (at least one) positions from `first` on, `step` apart,
/// are all in `[0, size)`; safe for any numbers.
bool isInside(int64_t first, int64_t count, int64_t step, int64_t size);

/// A tensor seen as `[outer, axis, inner]`.
struct AxisView {
  AxisView(llvm::ArrayRef<int64_t> shape, int64_t axis);
  int64_t outer = 1, axis = 1, inner = 1;
};

} // namespace raddle::reference

#endif // RADDLE_LIB_REFERENCE_CALL_H
