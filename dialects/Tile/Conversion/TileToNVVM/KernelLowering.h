//===- KernelLowering.h - A tile kernel as scalar code ---------*- C++ -*-===//
//
// Rewrites one tile kernel as the code of one thread: every tile becomes one
// scalar per register, every tile operation becomes arith/scf on scalars and
// LLVM pointers, loads and intrinsics. Upstream conversions do the rest.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_KERNELLOWERING_H
#define RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_KERNELLOWERING_H

#include "dialects/Tile/Conversion/TileToNVVM/ScalarEmitter.h"
#include "dialects/Tile/IR/TileDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace raddle::tile {

/// One scalar per register of the layout (one for uniform scalars).
using Registers = llvm::SmallVector<Scalar>;

class KernelLowering {
public:
  KernelLowering(mlir::func::FuncOp kernel, mlir::OpBuilder &builder);

  /// Emits the thread's function at the builder's insertion point. Sets the
  /// dynamic shared memory it needs, in bytes, as `raddle.shared`.
  mlir::FailureOr<mlir::LLVM::LLVMFuncOp> run();

private:
  mlir::LogicalResult lowerBlock(mlir::Block &block);
  mlir::LogicalResult lowerOp(mlir::Operation *op);

  // Structure.
  mlir::LogicalResult lower(mlir::scf::ForOp op);
  mlir::LogicalResult lower(mlir::scf::IfOp op);
  mlir::LogicalResult lower(mlir::scf::WhileOp op);
  mlir::LogicalResult lowerElementwise(mlir::Operation *op);
  mlir::LogicalResult lowerIndexArithmetic(mlir::Operation *op, bool &done);
  mlir::LogicalResult lower(IndexOp op);
  mlir::LogicalResult lower(BroadcastOp op);
  mlir::LogicalResult lower(ReshapeOp op);
  mlir::LogicalResult lower(BlockIdOp op);

  // Memory.
  mlir::LogicalResult lower(LoadOp op);
  mlir::LogicalResult lower(StoreOp op);
  mlir::LogicalResult lower(AtomicOp op);
  mlir::LogicalResult lower(CopyOp op);
  mlir::LogicalResult lower(LocalLoadOp op);
  mlir::LogicalResult lower(LocalStoreOp op);
  mlir::LogicalResult placeShared();
  mlir::LogicalResult lowerWrite(CopyOp op);
  mlir::LogicalResult lowerWrite(LocalStoreOp op);
  /// Whether this thread is the first of those that hold the same elements;
  /// null when no two do. Without a layout all threads hold the same scalar.
  mlir::Value getOwner(LayoutAttr layout);
  /// Emits a write to memory for the first of the threads that would make it.
  mlir::LogicalResult
  onlyOwner(LayoutAttr layout,
            mlir::function_ref<mlir::LogicalResult()> lowerWrite);

  // Exchange and arithmetic.
  mlir::LogicalResult lower(ConvertOp op);
  mlir::LogicalResult lower(ReduceOp op);
  mlir::LogicalResult lower(DotOp op);

  // Values.
  Registers &get(mlir::Value value) { return values[value]; }
  /// Registers of a tile that are not copies of others.
  static llvm::SmallVector<unsigned> getDistinct(mlir::Type type);
  /// The scalars of `tiles`, copies left out.
  llvm::SmallVector<mlir::Value> flatten(mlir::ValueRange tiles);
  /// Types of the scalars of `tiles`.
  llvm::SmallVector<mlir::Type> flattenTypes(mlir::TypeRange tiles);
  /// Takes the scalars of `tile` from the front of `scalars`.
  void unflatten(mlir::Value tile, mlir::ValueRange &scalars);
  static unsigned getNumScalars(mlir::Type type);
  /// Register `reg` of a tile of which `have` are stored.
  static Scalar at(const Registers &registers, unsigned reg) {
    return registers.size() == 1 ? registers.front() : registers[reg];
  }

  // Threads.
  mlir::Value laneId();
  mlir::Value warpId();
  /// XOR over the set bits of lane and warp of their contribution `basis` to an
  /// offset; `possible` collects the bits that may be set.
  mlir::Value threadOffset(mlir::function_ref<uint32_t(const Basis &)> offset,
                           const LinearLayout &layout, uint32_t &possible);
  Scalar xorConstant(mlir::Value base, uint32_t possible, uint32_t bits);

  // Memory helpers.
  mlir::Value globalAddress(mlir::Value base, Scalar offset,
                            mlir::Type element);
  mlir::Value sharedAddress(Scalar byteOffset);
  mlir::Value stageOffset(SharedType type, mlir::Value buffer,
                          mlir::Value stage);
  void barrier();
  mlir::Value callIntrinsic(llvm::StringRef name, mlir::Type result,
                            mlir::ValueRange operands);
  mlir::Value shuffleXor(mlir::Value value, unsigned mask);
  mlir::Value bitcast(mlir::Value value, mlir::Type type);
  /// The vector of `elements`, or the only element.
  mlir::Value pack(llvm::ArrayRef<mlir::Value> elements);
  mlir::Value extract(mlir::Value vector, unsigned index);
  llvm::SmallVector<mlir::Value> maskedLoad(mlir::Value base, Scalar offset,
                                            unsigned n, mlir::Type memory,
                                            mlir::Value mask, bool invariant);
  void maskedStore(mlir::Value base, Scalar offset,
                   llvm::ArrayRef<mlir::Value> parts, mlir::Value mask);
  void storeShared(Scalar byteOffset, llvm::ArrayRef<mlir::Value> elements,
                   mlir::Type element);
  llvm::SmallVector<mlir::Value> loadShared(Scalar byteOffset, unsigned count,
                                            mlir::Type element);
  /// Byte offset in scratch memory for exchanges; reserves `bytes`.
  int64_t reserveScratch(mlir::Operation *user, int64_t bytes);
  /// Bytes that an exchange of `user` should keep to: those of buffers that
  /// are no longer used, or 16 KiB.
  int64_t getScratchBudget(mlir::Operation *user);
  /// Whether `user` comes after the last use of all buffers.
  bool isAfterBuffers(mlir::Operation *user);

  mlir::func::FuncOp kernel;
  mlir::OpBuilder &builder;
  ScalarEmitter emit;
  unsigned numWarps;
  llvm::DenseMap<mlir::Value, Registers> values;
  llvm::DenseMap<mlir::Value, int64_t> sharedOffsets;
  int64_t allocBytes = 0, sharedBytes = 0;
  mlir::Operation *lastSharedUse = nullptr;
  mlir::Value tid, sharedBase;
};

/// A run of registers that are one access: consecutive offsets, one mask.
struct AccessGroup {
  llvm::SmallVector<unsigned> registers;
};

/// Groups distinct accesses into vectors of at most `maxElements` (a power of
/// two); `shared`, when given, must be consecutive as well.
llvm::SmallVector<AccessGroup>
groupAccesses(ScalarEmitter &emit, llvm::ArrayRef<unsigned> registers,
              llvm::function_ref<Scalar(unsigned)> offset,
              llvm::function_ref<mlir::Value(unsigned)> mask,
              unsigned maxElements);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_KERNELLOWERING_H
