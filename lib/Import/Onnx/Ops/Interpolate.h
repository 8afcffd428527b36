//===- Interpolate.h - Resizing by gathers, dim by dim ---------*- C++ -*-===//
//
// `graph.resize` takes scales that are known at import. What it cannot express
// is composed of gathers and weights here.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_LIB_IMPORT_ONNX_OPS_INTERPOLATE_H
#define RADDLE_LIB_IMPORT_ONNX_OPS_INTERPOLATE_H

#include "../Importer.h"

namespace raddle::onnx {

/// One dim to resize.
struct AxisResize {
  int64_t axis = 0;
  Scalar size;
  /// Rank-0 f32 tensors: the scale, and the region of tf_crop_and_resize.
  mlir::Value scale, start, end;
  graph::ResizeMode mode = graph::ResizeMode::nearest;
  /// ONNX's name of the coordinate transformation.
  std::string coordinates;
  graph::NearestMode nearest = graph::NearestMode::round_prefer_floor;
  double cubic = -0.75;
  bool excludeOutside = false;
  /// Widens the weights by the factor of a reduction.
  bool antialias = false;
};

/// Resizes the given dims; with `extrapolation`, elements whose coordinates lie
/// outside of the input get that value.
mlir::Value interpolate(NodeContext &c, mlir::Value x,
                        llvm::ArrayRef<AxisResize> axes,
                        std::optional<double> extrapolation);

/// The weights of the four neighbours at distance `t` after the second.
llvm::SmallVector<mlir::Value> cubicWeights(GraphBuilder &g, mlir::Value t,
                                            double a);

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_OPS_INTERPOLATE_H
