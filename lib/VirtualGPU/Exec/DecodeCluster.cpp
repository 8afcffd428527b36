//===- DecodeCluster.cpp - Operands of mbarrier and cluster operations ----===//

#include "Exec/Decoder.h"

#include "Exec/Warp.h"

using namespace raddle::vgpu;

/// a the address, b the count, bytes, state or parity, d the result (-1: none);
/// flags as in Mbarrier.cpp.
bool Decoder::decodeMbarrier(const Instruction &in) {
  const bool wait = form.sem == Sem::MbarrierWait;
  const bool arrive = form.sem == Sem::MbarrierArrive;
  const unsigned first = wait || arrive ? 1 : 0;
  const bool needsValue = form.sem == Sem::MbarrierInit || wait ||
                          form.sem == Sem::MbarrierTx ||
                          form.has(Mod::expect_tx);
  const bool mayValue = needsValue || arrive;
  if (!expectOperands(in, first + 1 + needsValue,
                      first + 1 + mayValue + (wait ? 1 : 0)))
    return false;
  bool unused;
  if (!decodeAddress(operand(in, first), op, unused))
    return false;
  op.flags |= form.has(Mod::arrive_drop) ? 2 : 0;
  op.flags |= form.has(Mod::expect_tx) ? 4 : 0;
  op.flags |= form.has(Mod::parity) ? 8 : 0;
  op.flags |= form.has(Mod::noComplete) ? 16 : 0;
  op.flags |= form.has(Mod::relaxed) ? 32 : 0;
  op.flags |= form.has(Mod::noinc) ? 64 : 0;
  op.space = static_cast<uint8_t>(Space::Shared);
  if (in.numOperands > first + 1) {
    const bool state = wait && !form.has(Mod::parity);
    if (!source(operand(in, first + 1), state ? 8 : 4,
                state ? Type::B64 : Type::B32, op.b, 1))
      return false;
  } else {
    op.b = constant(1, 4);
  }
  op.d = -1;
  if (wait) {
    const Operand &to = operand(in, 0);
    if (to.kind != OperandKind::Register)
      return fail("expected a predicate, found " + describe(to));
    if (!predicateDestination(to.reg, op.d))
      return false;
  } else if (arrive && operand(in, 0).kind != OperandKind::Sink &&
             !destination(operand(in, 0), 8, op.d)) {
    return false;
  }
  return emit(op, form);
}

/// mapa d, a, b; getctarank d, a. count: bytes of the address.
bool Decoder::decodeMapa(const Instruction &in) {
  const bool mapa = form.sem == Sem::Mapa;
  if (!expectOperands(in, mapa ? 3 : 2, mapa ? 3 : 2))
    return false;
  const unsigned bytes = typeBytes(form.type[0]);
  op.count = static_cast<uint8_t>(bytes);
  return source(operand(in, 1), bytes, form.type[0], op.a) &&
         (!mapa || source(operand(in, 2), 4, Type::U32, op.b, 1)) &&
         destination(operand(in, 0), mapa ? bytes : 4, op.d) && emit(op, form);
}
