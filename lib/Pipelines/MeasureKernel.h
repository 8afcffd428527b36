//===- MeasureKernel.h - Compiling and running one candidate ---*- C++ -*-===//
#ifndef RADDLE_LIB_PIPELINES_MEASUREKERNEL_H
#define RADDLE_LIB_PIPELINES_MEASUREKERNEL_H

#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Tile/Skeletons/ParameterPolicy.h"
#include "raddle/CostModel/DataSet.h"
#include "raddle/Runtime/Device.h"
#include <map>

namespace raddle {

/// Values of named dims: `batch=1,length=128`.
using DimBindings = std::map<std::string, int64_t>;
mlir::FailureOr<DimBindings> parseDimBindings(llvm::StringRef text,
                                              mlir::Location loc);

/// Runs kernels of groups by themselves: every operand is a buffer of its own
/// with numbers in [-1, 1] (integers are 0, so that every index is valid), and
/// every size is what the bindings make of it. A named dim without a binding is
/// `defaultSize`, or the nearest size that it can have.
class KernelMeasurer {
public:
  static constexpr int64_t defaultSize = 64;

  /// `root` holds the groups and states the named dims. It must not change.
  KernelMeasurer(mlir::Operation *root, std::string target);

  /// Compiles a candidate once and runs it at every choice of sizes, which
  /// gives one row each. Launches have counters where the device counts. Emits
  /// a diagnostic when the kernel cannot be built, does not assemble, or ends
  /// in a fault.
  mlir::LogicalResult measure(graph::GroupOp group,
                              const tile::KernelSkeleton &skeleton,
                              const tile::Candidate &candidate,
                              llvm::ArrayRef<DimBindings> sizes,
                              std::vector<cost::Row> &rows);

  /// The sizes of the named dims of a group.
  cost::NamedValues getSizes(graph::GroupOp group,
                             const tile::KernelSkeleton &skeleton,
                             const DimBindings &bound);

private:
  int64_t evaluate(graph::SymbolicExpr expr);
  int64_t getDim(mlir::Value tensor, unsigned dim);
  mlir::FailureOr<llvm::SmallVector<int64_t>>
  evaluateHost(const tile::TileKernel &kernel,
               llvm::ArrayRef<int64_t> arguments);
  mlir::LogicalResult run(graph::GroupOp group,
                          const struct BuiltCandidate &built, cost::Row &row);
  Expected<std::shared_ptr<Device>> getDevice();

  graph::SymbolicShapes shapes;
  std::string target;
  DimBindings bindings;
  std::shared_ptr<Device> device;
};

} // namespace raddle

#endif // RADDLE_LIB_PIPELINES_MEASUREKERNEL_H
