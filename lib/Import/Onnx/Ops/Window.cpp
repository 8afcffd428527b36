//===- Window.cpp - What convolutions and pooling share -------------------===//
#include "Window.h"

using namespace mlir;
using namespace raddle::onnx;

bool Window::hasStaticPads() const {
  return llvm::all_of(low, [](const Scalar &s) { return s.isConstant(); }) &&
         llvm::all_of(high, [](const Scalar &s) { return s.isConstant(); });
}
static SmallVector<int64_t> integersOf(const Sizes &sizes) {
  return llvm::map_to_vector(sizes, [](const Scalar &s) { return s.integer; });
}
SmallVector<int64_t> Window::staticLow() const { return integersOf(low); }
SmallVector<int64_t> Window::staticHigh() const { return integersOf(high); }

bool raddle::onnx::readSteps(NodeContext &c, Window &window) {
  size_t rank = window.kernel.size();
  auto read = [&](const char *name, SmallVector<int64_t> &out) {
    out = c.ints(name);
    if (!c.hasAttr(name))
      out.assign(rank, 1);
    bool good = out.size() == rank && llvm::all_of(out, [](int64_t v) {
                  return v >= 1 && v <= INT32_MAX;
                });
    if (!good)
      c.error("the attribute '" + std::string(name) + "' must hold " +
              std::to_string(rank) + " positive numbers");
    return good;
  };
  for (int64_t k : window.kernel)
    if (k < 1 || k > INT32_MAX) {
      c.error("the kernel has the size " + std::to_string(k));
      return false;
    }
  return read("strides", window.strides) && read("dilations", window.dilations);
}

std::optional<Window> raddle::onnx::readWindow(NodeContext &c,
                                               ArrayRef<int64_t> kernel) {
  Window w;
  w.kernel.assign(kernel.begin(), kernel.end());
  if (!readSteps(c, w))
    return std::nullopt;
  int64_t rank = w.rank();
  Sizes in = c.sizes(0);
  if (static_cast<int64_t>(in.size()) != rank + 2) {
    c.error("the input has rank " + std::to_string(in.size()) +
            ", the kernel " + std::to_string(rank) + " spatial dims");
    return std::nullopt;
  }
  std::string mode = c.string("auto_pad", "NOTSET");
  SmallVector<int64_t> pads = c.ints("pads");
  if (mode == "VALID" || pads.empty())
    pads.assign(2 * rank, 0);
  if (static_cast<int64_t>(pads.size()) != 2 * rank) {
    c.error("the attribute 'pads' has " + std::to_string(pads.size()) +
            " numbers, expected " + std::to_string(2 * rank));
    return std::nullopt;
  }
  bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if (!same && mode != "NOTSET" && mode != "VALID") {
    c.error("the attribute 'auto_pad' is '" + mode + "'",
            "NOTSET, VALID, SAME_UPPER, SAME_LOWER");
    return std::nullopt;
  }
  bool ceil = c.integer("ceil_mode", 0);
  for (int64_t n = 0; n < rank; ++n) {
    Scalar size = in[n + 2], extent = w.extent(n);
    int64_t stride = w.strides[n];
    if (same) {
      Scalar out = c.h.ceilDiv(size, stride);
      Scalar total =
          stride == 1
              ? Scalar(w.extent(n) - 1)
              : c.h.max(
                    c.h.sub(c.h.add(c.h.mul(c.h.sub(out, 1), stride), extent),
                            size),
                    0);
      Scalar half = c.h.floorDiv(total, 2), rest = c.h.sub(total, half);
      w.low.push_back(mode == "SAME_UPPER" ? half : rest);
      w.high.push_back(mode == "SAME_UPPER" ? rest : half);
      w.out.push_back(out);
      continue;
    }
    for (int64_t pad : {pads[n], pads[n + rank]}) {
      if (pad >= 0 && pad <= INT32_MAX)
        continue;
      c.error("the attribute 'pads' holds " + std::to_string(pad),
              "0 to 2147483647; a Pad crops");
      return std::nullopt;
    }
    w.low.push_back(pads[n]);
    w.high.push_back(pads[n + rank]);
    Scalar span = c.h.sub(c.h.add(size, pads[n] + pads[n + rank]), extent);
    if (span.isConstant() && span.integer < 0) {
      c.error("the window of " + std::to_string(w.extent(n)) +
              " elements is larger than the padded dim " +
              std::to_string(n + 2));
      return std::nullopt;
    }
    Scalar out = c.h.add(
        ceil ? c.h.ceilDiv(span, stride) : c.h.floorDiv(span, stride), 1);
    if (ceil) {
      // The last window starts inside the input or its low pad.
      Scalar start = c.h.mul(c.h.sub(out, 1), stride);
      Scalar outside =
          c.h.compare(arith::CmpIPredicate::sge, start, c.h.add(size, pads[n]));
      out = c.h.sub(out, c.h.fromCondition(outside));
    }
    c.h.refine(out, {0, INT32_MAX});
    w.out.push_back(out);
  }
  return w;
}
