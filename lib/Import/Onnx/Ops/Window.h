//===- Window.h - What convolutions and pooling share ----------*- C++ -*-===//
#ifndef RADDLE_LIB_IMPORT_ONNX_OPS_WINDOW_H
#define RADDLE_LIB_IMPORT_ONNX_OPS_WINDOW_H

#include "../Importer.h"

namespace raddle::onnx {

/// The geometry of a window that slides over the spatial dims `[N, C, ...]`.
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  Sizes low, high;
  Sizes out;

  int64_t rank() const { return kernel.size(); }
  int64_t extent(unsigned n) const {
    return dilations[n] * (kernel[n] - 1) + 1;
  }
  bool hasStaticPads() const;
  llvm::SmallVector<int64_t> staticLow() const;
  llvm::SmallVector<int64_t> staticHigh() const;
};

/// Reads strides, dilations, pads, auto_pad and ceil_mode of the node and
/// computes the output sizes; reports what does not fit.
std::optional<Window> readWindow(NodeContext &c,
                                 llvm::ArrayRef<int64_t> kernel);

/// Reads strides and dilations into `window`; reports.
bool readSteps(NodeContext &c, Window &window);

/// Where in `x` (i64, flat) the greatest element of each window is.
mlir::Value maxPoolIndices(NodeContext &c, mlir::Value x, const Window &w);

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_OPS_WINDOW_H
