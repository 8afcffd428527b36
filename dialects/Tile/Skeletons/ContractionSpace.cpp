//===- ContractionSpace.cpp - The parameters of products ------------------===//

#include "dialects/Tile/Skeletons/ContractionSpace.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

ContractionSpace::ContractionSpace(graph::GroupOp group, bool holdsRows)
    : group(group), domain(group.getRootOp()), holdsRows(holdsRows),
      m(domain.getStaticExtent(domain.m)), n(domain.getStaticExtent(domain.n)),
      k(domain.getStaticExtent(domain.k)) {}

ArrayRef<ParameterInfo> ContractionSpace::getParameterInfo() {
  static constexpr ParameterInfo info[] = {
      {"bm", "elements", "rows of the result that a block computes"},
      {"bn", "elements", "columns of the result that a block computes"},
      {"bk", "elements", "length of one step along the sum"},
      {"warps_m", "warps", "warps side by side along the rows"},
      {"warps_n", "warps", "warps side by side along the columns"},
      {"stages", "steps", "buffers of the ring in shared memory"},
      {"warps", "warps", "warps of a block (without tensor cores)"},
      {"vector", "elements", "results of a thread (without tensor cores)"},
      {"full", "flag", "1: tiles are whole, so edges need no masks"},
      {kMinBlocks, "blocks",
       "blocks that a multiprocessor must hold; limits registers"}};
  return info;
}

GroupDim ContractionSpace::getDim(StringRef name,
                                  const ContractionDomain::Axes &axes) const {
  GroupDim dim;
  dim.name = name;
  for (const ContractionDomain::Axis &axis : axes) {
    if (axis.constant)
      dim.factor *= axis.constant;
    else
      dim.extents.push_back({axis.tensor, axis.dim});
    dim.divisor *= axis.divisor;
  }
  return dim;
}

SmallVector<GroupDim> ContractionSpace::getDims() const {
  return {getDim("m", domain.m), getDim("n", domain.n), getDim("k", domain.k),
          getDim("batch", domain.batch)};
}

std::string ContractionSpace::getClass() const {
  std::string name = isa<graph::ConvOp>(group.getRootOp()) ? "conv-" : "";
  if (!domain.usesTensorCores())
    return name + "sequential";
  // An operand that is exact in tf32 saves a product, not memory: what suits
  // three products suits two.
  return name + stringifyDotKind(domain.splitsOperands() ? DotKind::tf32x3
                                                         : domain.getDotKind())
                    .str();
}

void ContractionSpace::enumerateTiles(
    function_ref<void(Parameters)> add) const {
  unsigned bits = domain.getOperandType(0).getIntOrFloatBitWidth();
  int64_t step = domain.getDotStep();
  int64_t columns =
      std::max<int64_t>(64, ceilPowerOf2(std::max<int64_t>(n, 1)));
  // A tile that is twice as long as its side computes nothing.
  auto tooLong = [](int64_t tile, int64_t side, int64_t least) {
    return side > 0 && tile > std::max(ceilPowerOf2(side), least);
  };
  SmallVector<int64_t> bns{32, 64, 128, 256}, bks{16, 32, 64, 128};
  if (holdsRows)
    bns = {columns};
  for (int64_t bm : {16, 32, 64, 128, 256})
    for (int64_t bn : bns)
      for (int64_t bk : bks)
        for (int64_t wm : {1, 2, 4})
          for (int64_t wn : {1, 2, 4, 8})
            for (int64_t stages : {2, 3, 4, 5})
              for (int64_t blocks : {1, 2, 3}) {
                int64_t threads = 32 * wm * wn;
                if (threads < 64 || threads > 256 || bm < 16 * wm ||
                    bn < 16 * wn || bk < step || bk * bits > 1024 ||
                    bk * bits < 256)
                  continue;
                if (!holdsRows && (tooLong(bm, m, 16) || tooLong(bn, n, 32)))
                  continue;
                if (k > 0 && bk > std::max(ceilPowerOf2(k), step))
                  continue;
                // Fragments of a warp: between 16 x 16 and 64 x 64; wider
                // for whole rows.
                if (bm / wm > 64 || (!holdsRows && bn / wn > 64))
                  continue;
                // A thread brings at least one access of 16 bytes of both.
                if (std::min(bm, bn) * bk * bits / 8 < threads * 16)
                  continue;
                add({{"bm", bm},
                     {"bn", bn},
                     {"bk", bk},
                     {"warps_m", wm},
                     {"warps_n", wn},
                     {"stages", stages},
                     {kMinBlocks, blocks}});
              }
}

SmallVector<Parameters> ContractionSpace::enumerate() const {
  SmallVector<Parameters> result;
  if (!domain.usesTensorCores()) {
    for (int64_t warps : {4, 8, 2, 1})
      for (int64_t vector : {1, 2, 4})
        result.push_back({{"warps", warps}, {"vector", vector}});
    return result;
  }
  // The default: large tiles when both sides are long, narrow ones when a side
  // is short (static sizes only).
  bool wide = !domain.splitsOperands();
  int64_t bk = domain.getOperandType(0).getIntOrFloatBitWidth() == 8 ? 64 : 32;
  auto tile = [](int64_t bm, int64_t bn, int64_t bk, int64_t wm, int64_t wn,
                 int64_t stages) {
    return Parameters{{"bm", bm},
                      {"bn", bn},
                      {"bk", bk},
                      {"warps_m", wm},
                      {"warps_n", wn},
                      {"stages", stages},
                      {kMinBlocks, wm * wn > 4 ? 1 : 2}};
  };
  bool shortN = n > 0 && n <= 32, shortM = m > 0 && m <= 32;
  if (holdsRows) // shared memory holds two stages of all columns
    result.push_back(
        tile(16, std::max<int64_t>(64, ceilPowerOf2(std::max<int64_t>(n, 1))),
             16, 1, 4, 2));
  else if (shortN && !shortM)
    result.push_back(tile(128, 32, bk, 4, 1, 3));
  else if (shortM && !shortN)
    result.push_back(tile(32, 64, bk, 1, 4, 3));
  else if (wide && m >= 512 && n >= 512)
    result.push_back(tile(128, 128, bk, 2, 2, 3));
  else
    result.push_back(tile(64, 64, bk, 2, 2, 3));
  // Whole tiles are something to choose where it is not known.
  bool dynamic = m < 0 || n < 0 || k < 0;
  enumerateTiles([&](Parameters parameters) {
    if (parameters != result.front())
      result.push_back(std::move(parameters));
  });
  if (dynamic)
    for (size_t i = 0, e = result.size(); i < e; ++i) {
      Parameters whole = result[i];
      whole.push_back({"full", 1});
      result.push_back(whole);
    }
  return result;
}

Footprint ContractionSpace::getFootprint(const Parameters &parameters) const {
  Footprint result;
  if (!domain.usesTensorCores()) {
    result.threads = 32 * getParameter(parameters, "warps", 4);
    result.registers = 40 + 8 * getParameter(parameters, "vector", 1);
    return result;
  }
  int64_t bm = getParameter(parameters, "bm", 64);
  int64_t bn = getParameter(parameters, "bn", 64);
  int64_t bk = getParameter(parameters, "bk", 32);
  int64_t wm = getParameter(parameters, "warps_m", 2);
  int64_t wn = getParameter(parameters, "warps_n", 2);
  int64_t stages = getParameter(parameters, "stages", 3);
  int64_t bytes = domain.getOperandType(0).getIntOrFloatBitWidth() / 8;
  result.threads = 32 * wm * wn;
  int64_t ring = 0;
  for (int64_t size : {bm * bk * bytes, bk * bn * bytes})
    ring += llvm::alignTo(stages * size, 128);
  // The ring is free when the result changes its layout.
  int64_t accumulator = bm * bn * 4;
  result.sharedBytes = std::max(ring, accumulator);
  bool triple = domain.splitsOperands();
  int64_t sums = bm * bn / result.threads;
  int64_t fragments =
      (bm / wm + bn / wn) * domain.getDotStep() * bytes / 4 / 32;
  int64_t copies = (bm + bn) * bk * bytes / 16 / result.threads;
  // Sums of three products are added in registers of their own, operands are
  // split in two.
  result.registers =
      sums + (triple ? 8 + 2 * fragments : fragments) + 2 * copies + 36;
  // Elements of a window have addresses and clamped indices of their own; the
  // assembler then has no room to spread sums of three products out.
  if (isa<graph::ConvOp>(group.getRootOp()))
    result.registers += 3 * bm * bk / result.threads + (triple ? 2 * sums : 0);
  return result;
}

DimGuard ContractionSpace::getRequirement(const Parameters &parameters) const {
  DimGuard guard;
  if (!getParameter(parameters, "full", 0))
    return guard;
  auto whole = [&](StringRef dim, int64_t size, StringRef tile) {
    if (size < 0)
      guard.push_back(
          {dim, DimPredicate::noMax, getParameter(parameters, tile, 1)});
  };
  whole("m", m, "bm");
  whole("n", n, "bn");
  whole("k", k, "bk");
  return guard;
}
