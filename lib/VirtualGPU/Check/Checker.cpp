//===- Checker.cpp - Definedness and races of a block ---------------------===//

#include "Check/Checker.h"

using namespace raddle::vgpu;

Checker::Checker(BlockRunner &block) : block(block) {}
void Checker::startBlock() {}
bool Checker::access(Warp &, const Op &, Space, const uint64_t *, uint32_t,
                     uint32_t, AccessKind) {
  return true;
}
void Checker::barrierArrived(BlockRunner &, Warp &, const Op &, unsigned) {}
void Checker::barrierReleased(BlockRunner &, unsigned) {}
void Checker::warpSynced(Warp &, uint32_t) {}
void Checker::warpExited(Warp &, const Op &) {}
void Checker::copyLanded(Warp &, const Op &, unsigned, uint32_t, uint32_t,
                         uint64_t, uint32_t) {}
bool Checker::beforeOp(Warp &, const Op &, const OpInfo &) { return true; }
void Checker::afterOp(Warp &, const Op &, const OpInfo &) {}
