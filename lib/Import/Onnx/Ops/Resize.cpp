//===- Resize.cpp - Interpolation -----------------------------------------===//
#include "../Importer.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

/// `floor(size * scale)` on the host; a scale that is not known to be a
/// quotient of small whole numbers needs a size that is.
std::optional<Scalar> scaledSize(HostBuilder &h, Scalar size, double scale) {
  if (size.isConstant())
    return static_cast<int64_t>(
        std::floor(static_cast<double>(size.integer) * scale + 1e-9));
  for (int64_t denominator = 1; denominator <= 64; ++denominator) {
    double numerator = scale * static_cast<double>(denominator);
    if (std::abs(numerator - std::round(numerator)) < 1e-6)
      return h.floorDiv(
          h.mul(size, static_cast<int64_t>(std::round(numerator))),
          denominator);
  }
  return std::nullopt;
}

struct ResizeSpec {
  Sizes sizes;
  SmallVector<double> scales;
};

/// From the scales of the dims in `axes`.
bool fromScales(NodeContext &c, ArrayRef<double> scales, ArrayRef<int64_t> axes,
                ResizeSpec &spec) {
  if (scales.size() != axes.size()) {
    c.error("has " + std::to_string(scales.size()) + " scales for " +
            std::to_string(axes.size()) + " dims");
    return false;
  }
  for (auto [axis, scale] : llvm::zip(axes, scales)) {
    if (!(scale > 0) || scale > 1e6) {
      c.error("a scale is " + std::to_string(scale));
      return false;
    }
    auto size = scaledSize(c.h, spec.sizes[axis], scale);
    if (!size) {
      c.error("dim " + std::to_string(axis) +
                  " is not static and its scale is not a simple fraction",
              "scales like 2 or 1.5");
      return false;
    }
    spec.sizes[axis] = *size;
    spec.scales[axis] = scale;
  }
  return true;
}

/// From the wanted sizes of the dims in `axes`.
bool fromSizes(NodeContext &c, ArrayRef<Scalar> wanted, ArrayRef<int64_t> axes,
               ResizeSpec &spec) {
  if (wanted.size() != axes.size()) {
    c.error("has " + std::to_string(wanted.size()) + " sizes for " +
            std::to_string(axes.size()) + " dims");
    return false;
  }
  std::string policy = c.string("keep_aspect_ratio_policy", "stretch");
  double common = 0;
  SmallVector<double> each;
  for (auto [axis, want] : llvm::zip(axes, wanted)) {
    Scalar had = spec.sizes[axis];
    if (c.h.provablyEqual(had, want)) {
      each.push_back(1);
    } else if (had.isConstant() && want.isConstant() && had.integer > 0) {
      each.push_back(static_cast<double>(want.integer) /
                     static_cast<double>(had.integer));
    } else if (Scalar ratio = c.h.exactQuotient({want}, {had});
               ratio.isConstant()) {
      each.push_back(static_cast<double>(ratio.integer));
    } else {
      c.error("the scale of dim " + std::to_string(axis) +
                  " is not known at import",
              "static sizes, or multiples of the dims");
      return false;
    }
    bool first = each.size() == 1;
    common = first                     ? each.back()
             : policy == "not_smaller" ? std::max(common, each.back())
                                       : std::min(common, each.back());
  }
  if (policy != "stretch" && policy != "not_larger" &&
      policy != "not_smaller") {
    c.error("the attribute 'keep_aspect_ratio_policy' is '" + policy + "'",
            "stretch, not_larger, not_smaller");
    return false;
  }
  for (auto [axis, want, scale] : llvm::zip(axes, wanted, each)) {
    if (policy == "stretch") {
      spec.sizes[axis] = want;
      spec.scales[axis] = scale;
      continue;
    }
    if (!spec.sizes[axis].isConstant()) {
      c.error("dim " + std::to_string(axis) + " is not static", "stretch");
      return false;
    }
    spec.sizes[axis] = static_cast<int64_t>(std::floor(
        static_cast<double>(spec.sizes[axis].integer) * common + 0.5));
    spec.scales[axis] = common;
  }
  return true;
}

void emitResize(NodeContext &c, const ResizeSpec &spec, graph::ResizeMode mode,
                graph::CoordinateMode coordinates, graph::NearestMode nearest) {
  Value x = c.tensor(0);
  SmallVector<Value> dynamic;
  SmallVector<int64_t> fixed;
  dispatchIndexOpFoldResults(c.h.fold(spec.sizes), dynamic, fixed);
  MLIRContext *context = c.b.getContext();
  Value y = graph::ResizeOp::create(
      c.b, c.g.typeFor(spec.sizes, c.element(0)), x, dynamic,
      c.b.getDenseI64ArrayAttr(fixed),
      graph::ResizeModeAttr::get(context, mode),
      graph::CoordinateModeAttr::get(context, coordinates),
      c.b.getDenseF64ArrayAttr(spec.scales),
      graph::NearestModeAttr::get(context, nearest),
      c.b.getF64FloatAttr(c.real("cubic_coeff_a", -0.75)),
      c.b.getBoolAttr(c.integer("exclude_outside", 0)),
      c.b.getBoolAttr(c.integer("antialias", 0)));
  c.g.setSizes(y, spec.sizes);
  c.set(0, y);
}

std::optional<graph::ResizeMode> resizeMode(NodeContext &c) {
  std::string name = c.string("mode", "nearest");
  if (name == "nearest")
    return graph::ResizeMode::nearest;
  if (name == "linear" || name == "bilinear")
    return graph::ResizeMode::linear;
  if (name == "cubic")
    return graph::ResizeMode::cubic;
  c.error("the attribute 'mode' is '" + name + "'", "nearest, linear, cubic");
  return std::nullopt;
}

ResizeSpec identitySpec(NodeContext &c) {
  ResizeSpec spec;
  spec.sizes = c.sizes(0);
  spec.scales.assign(spec.sizes.size(), 1.0);
  return spec;
}

/// Upsample, and Resize of operator set 10: scales only, asymmetric.
void importScaled(NodeContext &c) {
  auto mode = resizeMode(c);
  if (!mode)
    return;
  SmallVector<double> scales = c.floats("scales");
  if (c.has(1)) {
    auto given = c.reals(1);
    if (!given)
      return;
    scales = *given;
  }
  ResizeSpec spec = identitySpec(c);
  SmallVector<int64_t> axes;
  llvm::append_range(axes, llvm::seq<int64_t>(0, spec.sizes.size()));
  if (fromScales(c, scales, axes, spec))
    emitResize(c, spec, *mode, graph::CoordinateMode::asymmetric,
               graph::NearestMode::floor);
}

void importResize(NodeContext &c) {
  if (c.opset < 11)
    return importScaled(c);
  auto mode = resizeMode(c);
  if (!mode)
    return;
  std::string name = c.string("coordinate_transformation_mode", "half_pixel");
  auto coordinates = graph::symbolizeCoordinateMode(name);
  if (!coordinates)
    return c.error("the attribute 'coordinate_transformation_mode' is '" +
                       name + "'",
                   "half_pixel, half_pixel_symmetric, pytorch_half_pixel, "
                   "align_corners, asymmetric");
  std::string rounding = c.string("nearest_mode", "round_prefer_floor");
  auto nearest = graph::symbolizeNearestMode(rounding);
  if (!nearest)
    return c.error("the attribute 'nearest_mode' is '" + rounding + "'",
                   "round_prefer_floor, round_prefer_ceil, floor, ceil");
  ResizeSpec spec = identitySpec(c);
  SmallVector<int64_t> axes = c.ints("axes");
  int64_t rank = spec.sizes.size();
  if (!c.hasAttr("axes"))
    llvm::append_range(axes, llvm::seq<int64_t>(0, rank));
  if (!c.axes(axes, rank))
    return;
  // An empty list of scales means that the sizes count.
  const HostTensor *scales = c.host(2);
  bool hasScales = c.has(2) && !(scales && scales->elements.empty());
  if (hasScales) {
    auto given = c.reals(2);
    if (!given || !fromScales(c, *given, axes, spec))
      return;
  } else {
    if (!c.has(3))
      return c.error("neither scales nor sizes are given");
    auto wanted = c.scalars(3);
    if (!wanted || !fromSizes(c, *wanted, axes, spec))
      return;
  }
  emitResize(c, spec, *mode, *coordinates, *nearest);
}

} // namespace

void raddle::onnx::addResizeOps(OpTable &table) {
  OpRow rows[] = {
      {"Resize", "f x? f? l?", 1,
       "antialias=i axes=is coordinate_transformation_mode=s cubic_coeff_a=f "
       "exclude_outside=i extrapolation_value=f keep_aspect_ratio_policy=s "
       "mode=s nearest_mode=s",
       importResize, nullptr,
       "tf_crop_and_resize; integer inputs; scales that are not known at "
       "import"},
      {"Upsample", "f f?", 1, "mode=s scales=fs", importScaled, nullptr,
       "integer inputs; scales that are not known at import"},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
