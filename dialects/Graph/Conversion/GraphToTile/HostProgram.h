//===- HostProgram.h - Building the host program ---------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_CONVERSION_GRAPHTOTILE_HOSTPROGRAM_H
#define RADDLE_DIALECTS_GRAPH_CONVERSION_GRAPHTOTILE_HOSTPROGRAM_H

#include "dialects/Graph/Conversion/GraphToTile/KernelList.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Plan/IR/PlanDialect.h"
#include "dialects/Tile/Skeletons/ParameterPolicy.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/StringSet.h"

namespace raddle::graph {

/// Kernels that compute a group when `guard` holds.
struct KernelVariant {
  tile::DimGuard guard;
  tile::GroupKernels kernels;
};

/// Kernels by the structure of their groups.
class KernelTable {
public:
  /// `kernels` are those of the module before it is changed.
  KernelTable(mlir::ModuleOp module, llvm::ArrayRef<ListedKernel> kernels,
              tile::ParameterPolicy &policy,
              llvm::ArrayRef<std::string> targets);
  /// The variants of `group`'s kernels in the order of their guards, the last
  /// of which is empty; built at most once per structure.
  mlir::FailureOr<llvm::ArrayRef<KernelVariant>> get(GroupOp group);
  /// Removes the host halves of all kernels.
  void eraseHostFunctions();

private:
  mlir::LogicalResult build(GroupOp group, const tile::KernelSkeleton &skeleton,
                            const tile::Parameters &parameters,
                            llvm::StringRef reason, llvm::StringRef name,
                            KernelVariant &variant);

  mlir::ModuleOp module;
  tile::ParameterPolicy &policy;
  llvm::ArrayRef<std::string> targets;
  llvm::ArrayRef<ListedKernel> kernels;
  /// By kernel; empty until it is built.
  std::vector<llvm::SmallVector<KernelVariant, 1>> variants;
  llvm::DenseMap<mlir::Operation *, unsigned> numbers;
};

/// Rewrites an entry function of groups and host scalars as a program over
/// buffers.
class HostProgramBuilder {
public:
  HostProgramBuilder(mlir::func::FuncOp entry, KernelTable &kernels);
  mlir::LogicalResult run();

private:
  mlir::LogicalResult lowerBlock(mlir::Block &block);
  mlir::LogicalResult lowerOp(mlir::Operation *op);
  mlir::LogicalResult lower(GroupOp op);
  mlir::LogicalResult launch(GroupOp op, const tile::GroupKernels &kernels,
                             mlir::DenseI32ArrayAttr origins);
  /// The condition of a guard over the named dims of `op`.
  mlir::Value getCondition(GroupOp op, const tile::DimGuard &guard);
  mlir::LogicalResult lower(mlir::scf::IfOp op);
  mlir::LogicalResult lower(mlir::scf::ForOp op);
  mlir::LogicalResult lower(mlir::scf::WhileOp op);
  mlir::LogicalResult lowerReturn(mlir::func::ReturnOp op);

  /// The extent of a tensor of the function or of a group's region.
  mlir::Value getExtent(mlir::Value tensor, unsigned dim);
  mlir::Value getScalar(mlir::Value scalar);
  /// Bytes of a tensor's buffer.
  mlir::Value getBytes(mlir::Value tensor);
  mlir::Value allocate(mlir::Value tensor);
  mlir::Value product(mlir::ValueRange factors);
  mlir::Value constant(int64_t value);
  /// Values of the graph as control flow of the host program hands them on: a
  /// tensor as its buffer and its dynamic extents.
  void appendCarriedTypes(mlir::TypeRange types,
                          llvm::SmallVectorImpl<mlir::Type> &carried);
  mlir::LogicalResult
  appendCarried(mlir::Operation *op, mlir::ValueRange values,
                llvm::SmallVectorImpl<mlir::Value> &carried);
  /// The other way: `values` stand for `carried` from now on.
  void bindCarried(mlir::ValueRange values, mlir::ValueRange carried);
  /// Lowers a block into the end of `to`; what becomes known inside is
  /// forgotten behind it. `finish` makes the terminator.
  mlir::LogicalResult
  lowerRegion(mlir::Block &from, mlir::Block &to,
              llvm::function_ref<mlir::LogicalResult()> finish);

  /// "<prefix>.<number>", the name of no archive entry.
  std::string getFreshEntry(llvm::StringRef prefix);

  mlir::func::FuncOp entry;
  KernelTable &kernels;
  mlir::OpBuilder b;
  mlir::Location loc;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
  llvm::DenseMap<mlir::Value, mlir::Value> scalars;
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, mlir::Value> extents;
  mlir::LogicalResult checkSize(GroupOp op, mlir::Value tensor);

  /// Tensors whose number of elements is checked at launch.
  llvm::DenseSet<mlir::Value> checked;
  /// Names of archive entries, which what the compiler makes must not take.
  llvm::StringSet<> entries;
  llvm::StringMap<unsigned> numEntries;
  bool hadError = false;
};

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_CONVERSION_GRAPHTOTILE_HOSTPROGRAM_H
