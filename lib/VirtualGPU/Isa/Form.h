//===- Form.h - An instruction's meaning without its operands ---*- C++ -*-===//
//
// Sem names a function of the machine, Mod a dotted suffix, Form is one row of
// the instruction table together with the suffixes and types of one opcode. A
// Form picks the handler. Included by the semantics files: plain data only.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_ISA_FORM_H
#define RADDLE_LIB_VIRTUALGPU_ISA_FORM_H

#include "Ptx/Type.h"

#include <cstdint>

namespace raddle::vgpu {

/// What an instruction does. The order groups them by the file that implements
/// them: each `...First` starts a group.
enum class Sem : uint8_t {
  // Semantics/Integer*.cpp
  Add,
  Sub,
  Mul,
  Mad,
  Mul24,
  Mad24,
  Sad,
  Div,
  Rem,
  Abs,
  Neg,
  Min,
  Max,
  And,
  Or,
  Xor,
  Not,
  Cnot,
  Lop3,
  Shl,
  Shr,
  Shf,
  Bfe,
  Bfi,
  Bfind,
  Brev,
  Clz,
  Popc,
  Prmt,
  Fns,
  PendingCount,
  Szext,
  Bmsk,
  Dp4a,
  Dp2a,
  AddCarry,
  SubCarry,
  MadCarry,
  // Semantics/Float*.cpp
  FAdd,
  FSub,
  FMul,
  FFma,
  FDiv,
  FMin,
  FMax,
  FAbs,
  FNeg,
  FRcp,
  FSqrt,
  FRsqrt,
  FEx2,
  FLg2,
  FSin,
  FCos,
  FTanh,
  FCopysign,
  FTestp,
  // Semantics/Compare.cpp
  Setp,
  Set,
  Selp,
  Slct,
  // Semantics/Convert.cpp
  Cvt,
  CvtPack,
  // Semantics/Move.cpp
  Mov,
  MovPack,
  MovUnpack,
  MovSpecial,
  MovLocal,
  CvtaTo,
  CvtaFrom,
  Isspacep,
  // Semantics/Memory.cpp
  Ld,
  St,
  LdParam,
  StFrameParam,
  LdFrameParam,
  Atom,
  Red,
  Nop,
  Fence,
  // Semantics/WarpOps.cpp
  Shfl,
  Vote,
  Match,
  Activemask,
  Redux,
  Elect,
  Ldmatrix,
  Stmatrix,
  Movmatrix,
  // Semantics/Mma.cpp
  Mma,
  // Exec/Control.cpp, Exec/Barrier.cpp
  Bra,
  BrxIdx,
  Call,
  Ret,
  Exit,
  Trap,
  Brkpt,
  BarSync,
  BarArrive,
  BarRed,
  BarWarp,
  // Exec/AsyncCopy.cpp
  CpAsync,
  CpAsyncCommit,
  CpAsyncWaitGroup,
  CpAsyncWaitAll,
  // Exec/Mbarrier.cpp
  MbarrierInit,
  MbarrierInval,
  MbarrierArrive,
  MbarrierTx,
  MbarrierWait,
  CpAsyncMbarrier,
  // Exec/Cluster.cpp
  Mapa,
  Getctarank,
  ClusterArrive,
  ClusterWait,
  // Exec/BulkCopy.cpp
  Bulk,
  BulkReduce,
  BulkTensor,
  BulkTensorReduce,
  BulkCommit,
  BulkWait,
  ProxyFence,
  TensorMapReplace,
  TensorMapCopy,
  // Exec/Wgmma.cpp
  Wgmma,
  WgmmaFence,
  WgmmaCommit,
  WgmmaWait,
  Count
};

/// Dotted suffixes that are not types.
// clang-format off
#define RADDLE_PTX_MODS(X) \
  X(rn) X(rz) X(rm) X(rp) X(rna) X(rni) X(rzi) X(rmi) X(rpi) X(rs) X(ftz) \
  X(sat) X(satfinite) X(relu) X(approx) X(full) X(lo) X(hi) X(wide) X(cc) \
  X(eq) X(ne) X(lt) X(le) X(gt) X(ge) X(ls) X(hs) X(equ) X(neu) X(ltu) \
  X(leu) X(gtu) X(geu) X(num) X(nan) X(NaN) X(xorsign) X(abs) X(and_) \
  X(or_) X(xor_) X(popc) X(add) X(inc) X(dec) X(min) X(max) X(exch) X(cas) \
  X(noftz) X(l) X(r) X(clamp) X(wrap) X(f4e) X(b4e) X(rc8) X(ecl) X(ecr) \
  X(rc16) X(shiftamt) X(uni) X(sync) X(aligned) X(arrive) X(red) X(cta) \
  X(gl) X(sys) X(cluster) X(gpu) X(acquire) X(release) X(acq_rel) \
  X(relaxed) X(weak) X(sc) X(mmio) X(global) X(shared) X(local) X(param) \
  X(const_) X(to) X(volatile_) X(v2) X(v4) X(v8) X(ca) X(cg) X(cs) X(lu) \
  X(cv) X(wb) X(wt) X(nc) X(hint) X(async) X(commit_group) X(wait_group) \
  X(wait_all) X(up) X(down) X(bfly) X(idx) X(all) X(any) X(ballot) X(trans) \
  X(x1) X(x2) X(x4) X(m8n8) X(m8n8k4) X(m8n8k128) X(m8n8k16) X(m8n8k32) \
  X(m16n8k4) X(m16n8k8) X(m16n8k16) X(m16n8k32) X(m16n8k64) X(m16n8k128) \
  X(m16n8k256) X(row) X(col) X(brow) X(bcol) X(warp) X(pack) X(finite) \
  X(infinite) X(number) X(notanumber) X(normal) X(subnormal) X(h0) X(h1) \
  X(b) X(proxy) X(L1) X(L2) X(unified) X(level) X(barrier) X(init) \
  X(mbarrier_init) X(tensormap) X(alias) X(to_shared) X(fractional) \
  X(evict_last) X(entry) X(shared__cluster) X(inval) X(arrive_drop) \
  X(expect_tx) X(complete_tx) X(noComplete) X(test_wait) X(try_wait) \
  X(parity) X(pending_count) X(noinc) X(mbarrier) X(wait) \
  X(mbarrier__complete_tx__bytes) X(multicast) X(bulk) X(bulk_group) \
  X(tensor) X(d1) X(d2) X(d3) X(d4) X(d5) X(read) \
  X(m64k8) X(m64k16) X(m64k32) X(m64k256) X(mma_async) \
  X(global_address) X(rank) X(box_dim) X(global_dim) X(global_stride) \
  X(element_stride) X(elemtype) X(interleave_layout) X(swizzle_mode) \
  X(fill_mode)
// clang-format on

enum class Mod : uint8_t {
#define X(name) name,
  RADDLE_PTX_MODS(X)
#undef X
      Count
};

/// The part of the GPU that executes an instruction.
enum class Pipe : uint8_t {
  Int,
  Fp32,
  Fp16,
  Fp64,
  Special,
  Convert,
  Load,
  Store,
  Shared,
  Tensor,
  Warp,
  Control,
  Barrier,
  Move,
  Count
};

struct Form {
  Sem sem = Sem::Nop;
  uint8_t numTypes = 0;
  Type type[4] = {};
  uint64_t mods[4] = {0, 0, 0, 0};
  /// Width of a destination and a source register where the instruction
  /// allows registers wider than the type (ld, st, cvt).
  uint8_t dstBytes = 0, srcBytes = 0;
  uint8_t vec = 1;
  uint16_t n = 0; // columns of wgmma
  Space space = Space::Generic;

  bool has(Mod mod) const {
    auto i = static_cast<unsigned>(mod);
    return mods[i >> 6] >> (i & 63) & 1;
  }
  void set(Mod mod) {
    auto i = static_cast<unsigned>(mod);
    mods[i >> 6] |= uint64_t(1) << (i & 63);
  }
};
static_assert(static_cast<unsigned>(Mod::Count) <= 256);

} // namespace raddle::vgpu

#endif
