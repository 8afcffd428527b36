//===- Resize.cpp - Interpolation -----------------------------------------===//
#include "Interpolate.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

/// `floor(size * scale)` on the host; a scale that is not known to be a
/// quotient of small whole numbers needs a size that is.
std::optional<Scalar> scaledSize(HostBuilder &h, Scalar size, double scale) {
  if (size.isConstant())
    return toInteger(
        std::floor(static_cast<double>(size.integer) * scale + 1e-9));
  for (int64_t denominator = 1; denominator <= 64; ++denominator) {
    double numerator = scale * static_cast<double>(denominator);
    if (std::abs(numerator - std::round(numerator)) < 1e-6)
      return h.floorDiv(h.mul(size, toInteger(std::round(numerator))),
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
    spec.sizes[axis] = toInteger(std::floor(
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

/// What `graph.resize` does not express: scales that are known at run time,
/// integers, cropping. Every dim is resized by gathers.
void resizeByGathers(NodeContext &c, ArrayRef<int64_t> axes,
                     graph::ResizeMode mode, const std::string &coordinates,
                     graph::NearestMode nearest, unsigned scaleInput = 2) {
  GraphBuilder &g = c.g;
  if (mode != graph::ResizeMode::nearest && !isFloat(c.type(0)))
    return c.error("the input has elements of " + elemName(c.type(0)),
                   "a float type, or mode nearest");
  int64_t count = axes.size();
  Type f32 = c.b.getF32Type();
  bool byScales = c.has(scaleInput) && c.rank(scaleInput) == 1 &&
                  c.sizes(scaleInput)[0].isInteger(count);
  if (!byScales &&
      !(c.has(3) && c.rank(3) == 1 && c.sizes(3)[0].isInteger(count)))
    return c.error("expected " + std::to_string(count) + " scales or sizes");
  bool crops = coordinates == "tf_crop_and_resize";
  if (crops &&
      !(c.has(1) && c.rank(1) == 1 && c.sizes(1)[0].isInteger(2 * count)))
    return c.error("the region has the wrong shape");
  auto element = [&](unsigned n, int64_t i) {
    Value v = g.reshape(g.slice(c.tensor(n), 0, i, 1), {});
    return g.cast(v, c.type(n), ElemType::Float);
  };
  std::optional<SmallVector<Scalar>> sizes;
  if (!byScales) {
    sizes = c.scalars(3);
    if (!sizes)
      return;
  }
  Value x = c.tensor(0);
  // With an aspect ratio to keep, all dims have the smallest or largest scale.
  std::string policy = c.string("keep_aspect_ratio_policy", "stretch");
  Value common;
  if (!byScales && policy != "stretch") {
    if (policy != "not_larger" && policy != "not_smaller")
      return c.error("the attribute 'keep_aspect_ratio_policy' is '" + policy +
                         "'",
                     "stretch, not_larger, not_smaller");
    for (auto [n, axis] : llvm::enumerate(axes)) {
      Value scale =
          g.div(g.splat((*sizes)[n], f32), g.splat(g.sizeOf(x, axis), f32));
      common = !common                   ? scale
               : policy == "not_smaller" ? g.max(common, scale)
                                         : g.min(common, scale);
    }
  }
  SmallVector<AxisResize> specs;
  for (auto [n, axis] : llvm::enumerate(axes)) {
    AxisResize spec;
    spec.axis = axis;
    Value in = g.splat(g.sizeOf(x, axis), f32);
    if (byScales) {
      spec.scale = element(scaleInput, n);
      Value size = g.map<math::FloorOp>({g.mul(in, spec.scale)});
      spec.size = g.read(g.cast(size, ElemType::Float, ElemType::Int64), {});
    } else if (common) {
      spec.scale = common;
      Value size = g.map<math::FloorOp>({g.add(g.mul(in, common), 0.5)});
      spec.size = g.read(g.cast(size, ElemType::Float, ElemType::Int64), {});
    } else {
      spec.size = (*sizes)[n];
      spec.scale = g.div(g.splat(spec.size, f32), in);
    }
    c.h.refine(spec.size, {0, INT32_MAX});
    if (crops) {
      spec.start = element(1, n);
      spec.end = element(1, count + n);
    }
    spec.mode = mode;
    spec.coordinates = coordinates;
    spec.nearest = nearest;
    spec.cubic = c.real("cubic_coeff_a", -0.75);
    spec.excludeOutside = c.integer("exclude_outside", 0);
    spec.antialias = c.integer("antialias", 0);
    specs.push_back(spec);
  }
  std::optional<double> extrapolation;
  if (crops)
    extrapolation = c.real("extrapolation_value", 0);
  c.set(0, interpolate(c, x, specs, extrapolation));
}

/// Upsample, and Resize of operator set 10: scales only, asymmetric.
void importScaled(NodeContext &c) {
  auto mode = resizeMode(c);
  if (!mode)
    return;
  SmallVector<double> scales = c.floats("scales");
  ResizeSpec spec = identitySpec(c);
  SmallVector<int64_t> axes;
  llvm::append_range(axes, llvm::seq<int64_t>(0, spec.sizes.size()));
  if (c.has(1)) {
    const HostTensor *known = c.host(1);
    if (!known || !known->isConstant() || !isFloat(c.type(0)))
      return resizeByGathers(c, axes, *mode, "asymmetric",
                             graph::NearestMode::floor, 1);
    scales = *c.reals(1);
  }
  if (!isFloat(c.type(0)))
    return c.error("the input has elements of " + elemName(c.type(0)),
                   "a float type, or scales as an input");
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
  if (!coordinates && name != "tf_crop_and_resize")
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
  bool hasScales = c.has(2) && !(c.rank(2) == 1 && c.sizes(2)[0].isInteger(0));
  auto known = [&](unsigned n) {
    const HostTensor *host = c.host(n);
    return host && (host->isConstant() || n == 3);
  };
  if (!coordinates || !isFloat(c.type(0)) ||
      (hasScales ? !known(2) : c.has(3) && !known(3)))
    return resizeByGathers(c, axes, *mode, name, *nearest);
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
      {"Resize", "n x? f? l?", 1,
       "antialias=i axes=is coordinate_transformation_mode=s cubic_coeff_a=f "
       "exclude_outside=i extrapolation_value=f keep_aspect_ratio_policy=s "
       "mode=s nearest_mode=s",
       importResize, nullptr, "integer inputs, unless the mode is nearest"},
      {"Upsample", "n f?", 1, "mode=s scales=fs", importScaled, nullptr,
       "integer inputs, unless the mode is nearest"},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
