//===- Wgmma.h - Products of a warpgroup in flight --------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_WGMMA_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_WGMMA_H

#include "Exec/Op.h"

#include <cstdint>
#include <vector>

namespace raddle::vgpu {

struct Form;

/// Op::flags of wgmma.mma_async.
enum WgmmaFlag : uint16_t {
  kWgmmaRegisters = 1, // A lies in registers
  kWgmmaTransA = 2,
  kWgmmaTransB = 4,
  kWgmmaNegateA = 8,
  kWgmmaNegateB = 16,
  kWgmmaNotPredicate = 32, // scale-d is a negated predicate
};

/// The products that a warp has issued and not waited for.
struct WgmmaState {
  struct Product {
    const Op *op = nullptr;
    const Form *form = nullptr;
    uint64_t a = 0, b = 0; // descriptors
    uint32_t accumulate = 0;
    uint64_t group = 0;
  };
  /// Values of accumulator registers while products change them.
  struct Accumulators {
    uint8_t *regs = nullptr;
    std::vector<Slot> slots;
    std::vector<uint32_t> values; // [slot][32]
  };
  std::vector<Product> products;
  std::vector<Accumulators> accumulators;
  uint64_t group = 0;

  Accumulators *find(const Op &op);
  /// Whether a register is an accumulator of a product in flight.
  bool inFlight(Slot slot) const;
};

} // namespace raddle::vgpu

#endif
