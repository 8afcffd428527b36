//===- Dispatch.cpp - The build of the semantics for this host ------------===//

#include "Exec/Dispatch.h"

#include "Exec/TileProduct.h"

#include <cstdlib>
#include <cstring>

namespace raddle::vgpu {
namespace baseline {
Handler select(const Form &form);
void tileProduct(Warp &w, const TileProduct &product);
} // namespace baseline
namespace avx2 {
Handler select(const Form &form);
void tileProduct(Warp &w, const TileProduct &product);
} // namespace avx2
namespace avx512 {
Handler select(const Form &form);
void tileProduct(Warp &w, const TileProduct &product);
} // namespace avx512
} // namespace raddle::vgpu

using namespace raddle::vgpu;

namespace {
struct Host {
  Handler (*select)(const Form &);
  TileProductFn tileProduct;
  const char *name;
};
} // namespace

static Host chooseHost() {
  const Host kBaseline = {baseline::select, baseline::tileProduct, "baseline"};
  const Host kAvx2 = {avx2::select, avx2::tileProduct, "avx2"};
  const Host kAvx512 = {avx512::select, avx512::tileProduct, "avx512"};
  __builtin_cpu_init();
  const bool has2 = __builtin_cpu_supports("x86-64-v3");
  const bool has512 = has2 && __builtin_cpu_supports("x86-64-v4");
  const char *wish = std::getenv("RADDLE_VGPU_ISA");
  if (wish && !std::strcmp(wish, "baseline"))
    return kBaseline;
  if (wish && !std::strcmp(wish, "avx2") && has2)
    return kAvx2;
  return has512 ? kAvx512 : has2 ? kAvx2 : kBaseline;
}

static const Host &host() {
  static const Host kHost = chooseHost();
  return kHost;
}

Handler raddle::vgpu::selectHandler(const Form &form) {
  return host().select(form);
}
void raddle::vgpu::tileProduct(Warp &w, const TileProduct &product) {
  host().tileProduct(w, product);
}
const char *raddle::vgpu::hostIsaName() { return host().name; }
