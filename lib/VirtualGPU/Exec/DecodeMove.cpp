//===- DecodeMove.cpp - Operands of moves, conversions, comparisons -------===//

#include "Exec/Decoder.h"

#include "Exec/Warp.h"

using namespace raddle::vgpu;

bool Decoder::special(const Instruction &in) {
  switch (form.sem) {
  case Sem::Mov:
    return decodeMov(in);
  case Sem::CvtaTo:
    return decodeCvta(in);
  case Sem::Cvt:
    return decodeCvt(in);
  case Sem::Setp:
    return decodeSetp(in);
  case Sem::Set:
    return decodeSet(in);
  case Sem::Ld:
    return decodeLoad(in);
  case Sem::St:
    return decodeStore(in);
  case Sem::Atom:
    return decodeAtom(in, true);
  case Sem::Red:
    return decodeAtom(in, false);
  case Sem::CpAsync:
    return decodeCpAsync(in);
  case Sem::Bra:
    return decodeBranch(in);
  case Sem::BrxIdx:
    return decodeBrx(in);
  case Sem::Call:
    return decodeCall(in);
  case Sem::Shfl:
    return decodeShfl(in);
  case Sem::Vote:
    return decodeVote(in);
  case Sem::Match:
    return decodeMatch(in);
  case Sem::Elect:
    return decodeElect(in);
  case Sem::Ldmatrix:
  case Sem::Stmatrix:
  case Sem::Movmatrix:
    return decodeMatrixMove(in);
  case Sem::Mma:
    return decodeMma(in);
  case Sem::BarSync:
  case Sem::BarArrive:
  case Sem::BarRed:
    return decodeBarrier(in);
  case Sem::MbarrierInit:
  case Sem::MbarrierInval:
  case Sem::MbarrierArrive:
  case Sem::MbarrierTx:
  case Sem::MbarrierWait:
  case Sem::CpAsyncMbarrier:
    return decodeMbarrier(in);
  case Sem::Wgmma:
    return decodeWgmma(in);
  case Sem::TensorMapReplace:
  case Sem::TensorMapCopy:
    return decodeTensorMap(in);
  case Sem::Bulk:
  case Sem::BulkReduce:
    return decodeBulk(in);
  case Sem::BulkTensor:
  case Sem::BulkTensorReduce:
    return decodeBulkTensor(in);
  case Sem::Mapa:
  case Sem::Getctarank:
    return decodeMapa(in);
  case Sem::Nop:
    return emit(op, form); // hints: the operands do not matter
  default:
    return fail("instruction has no decoder");
  }
}

bool Decoder::decodeRegisterList(const Operand &o, unsigned count,
                                 unsigned bytes, bool isDst,
                                 std::vector<Slot> &list) {
  if (count == 1 && o.kind != OperandKind::Vector) {
    Slot slot;
    if (!(isDst ? destination(o, bytes, slot, true)
                : source(o, bytes, Type::B32, slot, 0, true)))
      return false;
    list.push_back(slot);
    return true;
  }
  if (o.kind != OperandKind::Vector || o.count != count)
    return fail(
        "expected a vector of " + std::to_string(count) + " registers, found " +
        (o.kind == OperandKind::Vector ? "one of " + std::to_string(o.count)
                                       : describe(o)));
  for (unsigned i = 0; i < count; ++i) {
    const Operand &element = fn.operands[o.first + i];
    Slot slot;
    if (!(isDst ? destination(element, bytes, slot, true)
                : source(element, bytes, Type::B32, slot, 0, true)))
      return false;
    list.push_back(slot);
  }
  return true;
}

bool Decoder::decodeMov(const Instruction &in) {
  if (row->name[0] == 'c') { // createpolicy: an opaque value
    if (!expectOperands(in, 1, 4) || !destination(operand(in, 0), 8, op.d))
      return false;
    op.a = constant(0, 8);
    form.srcBytes = form.dstBytes = 8;
    return emit(op, form);
  }
  if (!expectOperands(in, 2, 2))
    return false;
  const Operand &to = operand(in, 0), &from = operand(in, 1);
  const Type type = form.type[0];
  const unsigned bytes = typeBytes(type);
  if (type == Type::Pred) {
    bool negated;
    if (to.kind != OperandKind::Register ||
        !predicateDestination(to.reg, op.d) || !predicate(from, op.a, negated))
      return fail("expected predicates");
    op.flags = negated;
    return emit(op, form);
  }
  if (to.kind == OperandKind::Vector || from.kind == OperandKind::Vector) {
    bool unpack = to.kind == OperandKind::Vector;
    const Operand &vector = unpack ? to : from;
    if (vector.count < 2 || bytes % vector.count ||
        (bytes / vector.count != 1 && bytes / vector.count != 2 &&
         bytes / vector.count != 4 && bytes / vector.count != 8))
      return fail("a vector of " + std::to_string(vector.count) +
                  " elements does not fit ." + typeName(type));
    const unsigned part = bytes / vector.count;
    std::vector<Slot> list;
    if (unpack ? !source(from, bytes, type, op.a)
               : !destination(to, bytes, op.d))
      return false;
    // Registers of .b8 elements are at least 16 bits wide.
    std::vector<Slot> &stored = code.lists.emplace_back();
    for (unsigned i = 0; i < vector.count; ++i) {
      const Operand &element = fn.operands[vector.first + i];
      Slot slot;
      if (part == 1 ? fail("vectors of bytes are not supported in mov")
          : unpack  ? destination(element, part, slot)
                    : source(element, part,
                             type == Type::F64 ? Type::F32 : Type::B32, slot)) {
        stored.push_back(slot);
        continue;
      }
      return false;
    }
    op.list = stored.data();
    op.count = static_cast<uint8_t>(vector.count);
    form.sem = unpack ? Sem::MovUnpack : Sem::MovPack;
    form.dstBytes = static_cast<uint8_t>(bytes);
    form.srcBytes = static_cast<uint8_t>(part);
    return emit(op, form);
  }
  form.srcBytes = form.dstBytes = static_cast<uint8_t>(bytes);
  // Special registers and symbols are read straight into the destination.
  if (from.kind == OperandKind::Special || from.kind == OperandKind::Symbol) {
    if (from.kind == OperandKind::Symbol && bytes < 4)
      return fail("an address does not fit ." + std::string(typeName(type)));
    Op guard = op;
    std::vector<Use> none;
    size_t before = code.ops.size();
    if (!source(from, bytes, type, op.a))
      return false;
    if (code.ops.size() > before) {
      // `source` made a move to a temporary: redirect it.
      Op &move = code.ops.back();
      uses.clear();
      if (!destination(operand(in, 0), bytes, move.d))
        return false;
      move.guard = guard.guard;
      move.guardFlip = guard.guardFlip;
      code.infos.back().row = row;
      if (!code.infos.back().numUses)
        return true;
      code.uses[code.infos.back().firstUse].slot = move.d;
      return true;
    }
  } else if (!source(from, bytes, type, op.a)) {
    return false;
  }
  return destination(to, bytes, op.d) && emit(op, form);
}

bool Decoder::decodeCvta(const Instruction &in) {
  if (!expectOperands(in, 2, 2))
    return false;
  const unsigned bytes = typeBytes(form.type[0]);
  if (bytes != 8)
    return fail("32-bit generic addresses are not supported");
  if (!source(operand(in, 1), bytes, form.type[0], op.a) ||
      !destination(operand(in, 0), bytes, op.d))
    return false;
  op.imm = form.has(Mod::shared) || form.has(Mod::shared__cluster)
               ? static_cast<int64_t>(kSharedWindow)
           : form.has(Mod::local) ? static_cast<int64_t>(kLocalWindow)
                                  : 0;
  form.sem = form.has(Mod::to) ? Sem::CvtaTo : Sem::CvtaFrom;
  return emit(op, form);
}

bool Decoder::decodeCvt(const Instruction &in) {
  if (!expectOperands(in, 2, 2))
    return false;
  const Operand &to = operand(in, 0), &from = operand(in, 1);
  const unsigned dst = typeBytes(form.type[0]), src = typeBytes(form.type[1]);
  if (!source(from, src, form.type[1], op.a, 0, true) ||
      !destination(to, dst, op.d, true))
    return false;
  form.srcBytes = static_cast<uint8_t>(
      from.kind == OperandKind::Register ? registerBytes(from.reg) : src);
  form.dstBytes = static_cast<uint8_t>(
      to.kind == OperandKind::Register ? registerBytes(to.reg) : dst);
  bool fromFloat = isFloat(form.type[1]), toFloat = isFloat(form.type[0]);
  bool integerRound = form.has(Mod::rni) || form.has(Mod::rzi) ||
                      form.has(Mod::rmi) || form.has(Mod::rpi);
  bool floatRound = form.has(Mod::rn) || form.has(Mod::rz) ||
                    form.has(Mod::rm) || form.has(Mod::rp) ||
                    form.has(Mod::rna);
  if (fromFloat && !toFloat && !integerRound)
    return fail("a conversion from a floating-point to an integer type needs "
                "one of '.rni' '.rzi' '.rmi' '.rpi'");
  bool narrows =
      toFloat && (!fromFloat || dst < src || form.type[0] == Type::TF32 ||
                  (dst == src && form.type[0] != form.type[1]));
  if (narrows && !floatRound)
    return fail("this conversion needs a rounding modifier");
  if (!narrows && floatRound)
    return fail("this conversion takes no floating-point rounding modifier");
  op.flags = static_cast<uint16_t>(form.dstBytes | form.srcBytes << 8);
  return emit(op, form);
}

bool Decoder::decodeSetp(const Instruction &in) {
  const bool combine =
      form.has(Mod::and_) || form.has(Mod::or_) || form.has(Mod::xor_);
  if (!expectOperands(in, combine ? 4 : 3, combine ? 4 : 3))
    return false;
  const Operand &to = operand(in, 0);
  if (to.kind != OperandKind::Register && to.kind != OperandKind::Sink)
    return fail("expected a predicate, found " + describe(to));
  const unsigned bytes = typeBytes(form.type[0]);
  bool negated = false;
  if (!source(operand(in, 1), bytes, form.type[0], op.a) ||
      !source(operand(in, 2), bytes, form.type[0], op.b) ||
      (combine && !predicate(operand(in, 3), op.c, negated)) ||
      !predicateDestination(to.kind == OperandKind::Sink ? -1 : to.reg, op.d) ||
      !predicateDestination(to.reg2, op.e))
    return false;
  op.flags = negated;
  op.count = to.reg2 >= 0 ? 2 : 1;
  return emit(op, form);
}

/// set d, a, b{, c} is setp into a scratch predicate and its spread into d.
bool Decoder::decodeSet(const Instruction &in) {
  const bool combine =
      form.has(Mod::and_) || form.has(Mod::or_) || form.has(Mod::xor_);
  if (!expectOperands(in, combine ? 4 : 3, combine ? 4 : 3))
    return false;
  const Type type = form.type[1];
  const unsigned bytes = typeBytes(type);
  bool negated = false;
  Op compare = op;
  Form compareForm = form;
  compareForm.sem = Sem::Setp;
  compareForm.type[0] = type;
  if (!source(operand(in, 1), bytes, type, compare.a) ||
      !source(operand(in, 2), bytes, type, compare.b) ||
      (combine && !predicate(operand(in, 3), compare.c, negated)))
    return false;
  compare.d = scratchPred;
  compare.flags = negated;
  uses.push_back({scratchPred, 0, true});
  if (!emit(compare, compareForm))
    return false;
  op.e = scratchPred;
  uses.push_back({scratchPred, 0, false});
  return destination(operand(in, 0), typeBytes(form.type[0]), op.d) &&
         emit(op, form);
}
