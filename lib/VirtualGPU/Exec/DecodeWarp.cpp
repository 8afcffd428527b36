//===- DecodeWarp.cpp - Operands of warp-wide instructions and mma --------===//

#include "Exec/Decoder.h"

#include "Exec/Wgmma.h"

using namespace raddle::vgpu;

/// d value, e predicate (flags 1), a value, b lane, c clamp, list[0] mask.
bool Decoder::decodeShfl(const Instruction &in) {
  if (!expectOperands(in, 5, 5))
    return false;
  const Operand &to = operand(in, 0);
  std::vector<Slot> &list = code.lists.emplace_back();
  list.resize(1);
  if (!source(operand(in, 1), 4, Type::B32, op.a) ||
      !source(operand(in, 2), 4, Type::B32, op.b, 1) ||
      !source(operand(in, 3), 4, Type::B32, op.c, 1) ||
      !source(operand(in, 4), 4, Type::B32, list[0], 1) ||
      !destination(to, 4, op.d) || !predicateDestination(to.reg2, op.e))
    return false;
  op.flags = to.reg2 >= 0;
  op.list = list.data();
  return emit(op, form);
}

/// d result, a predicate (flags 1 negates it), b mask.
bool Decoder::decodeVote(const Instruction &in) {
  if (!expectOperands(in, 3, 3))
    return false;
  const Operand &to = operand(in, 0);
  bool negated;
  if (!predicate(operand(in, 1), op.a, negated) ||
      !source(operand(in, 2), 4, Type::B32, op.b, 1))
    return false;
  op.flags = negated;
  if (form.has(Mod::ballot))
    return destination(to, 4, op.d) && emit(op, form);
  if (to.kind != OperandKind::Register)
    return fail("expected a predicate, found " + describe(to));
  return predicateDestination(to.reg, op.d) && emit(op, form);
}

/// d mask, e predicate (flags 1), a value, b mask.
bool Decoder::decodeMatch(const Instruction &in) {
  if (!expectOperands(in, 3, 3))
    return false;
  const Operand &to = operand(in, 0);
  if (!source(operand(in, 1), typeBytes(form.type[0]), form.type[0], op.a) ||
      !source(operand(in, 2), 4, Type::B32, op.b, 1) ||
      !destination(to, 4, op.d) || !predicateDestination(to.reg2, op.e))
    return false;
  op.flags = to.reg2 >= 0;
  return emit(op, form);
}

bool Decoder::decodeElect(const Instruction &in) {
  if (!expectOperands(in, 2, 2))
    return false;
  const Operand &to = operand(in, 0);
  if (!source(operand(in, 1), 4, Type::B32, op.b, 1) ||
      !destination(to, 4, op.d) || !predicateDestination(to.reg2, op.e))
    return false;
  return emit(op, form);
}

/// ldmatrix, stmatrix: list has the registers, a the address. movmatrix: d, a.
bool Decoder::decodeMatrixMove(const Instruction &in) {
  if (!expectOperands(in, 2, 2))
    return false;
  if (form.sem == Sem::Movmatrix)
    return source(operand(in, 1), 4, Type::B32, op.a) &&
           destination(operand(in, 0), 4, op.d) && emit(op, form);
  const bool load = form.sem == Sem::Ldmatrix;
  const unsigned count = form.has(Mod::x4) ? 4 : form.has(Mod::x2) ? 2 : 1;
  std::vector<Slot> list;
  bool unused;
  if (!decodeAddress(operand(in, load ? 1 : 0), op, unused) ||
      !decodeRegisterList(operand(in, load ? 0 : 1), count, 4, load, list))
    return false;
  op.count = static_cast<uint8_t>(count);
  op.space = static_cast<uint8_t>(form.has(Mod::shared) ? Space::Shared
                                                        : Space::Generic);
  if (form.has(Mod::trans))
    op.flags |= 2;
  op.list = code.lists.emplace_back(std::move(list)).data();
  return emit(op, form);
}

/// list: registers of D, A, B, C one after the other; imm: how many of A and B
/// (bytes 0 and 1); count: of D.
bool Decoder::decodeMma(const Instruction &in) {
  if (!expectOperands(in, 4, 4))
    return false;
  unsigned m = 16, n = 8, k = 0;
  struct Shape {
    Mod mod;
    unsigned m, k;
  };
  static constexpr Shape kShapes[] = {
      {Mod::m16n8k4, 16, 4},     {Mod::m16n8k8, 16, 8},
      {Mod::m16n8k16, 16, 16},   {Mod::m16n8k32, 16, 32},
      {Mod::m16n8k64, 16, 64},   {Mod::m16n8k128, 16, 128},
      {Mod::m16n8k256, 16, 256}, {Mod::m8n8k4, 8, 4},
      {Mod::m8n8k16, 8, 16},     {Mod::m8n8k32, 8, 32},
      {Mod::m8n8k128, 8, 128}};
  for (const Shape &shape : kShapes)
    if (form.has(shape.mod))
      m = shape.m, k = shape.k;
  // Four products of m8n8k4 at once where the inputs are f16.
  const unsigned products =
      form.has(Mod::m8n8k4) && form.type[1] == Type::F16 ? 4 : 1;
  auto registers = [&](Type type, unsigned rows, unsigned columns) {
    unsigned bitsEach = type == Type::B1 ? 1
                        : type == Type::S4 || type == Type::U4
                            ? 4
                            : 8 * typeBytes(type);
    unsigned bits = products * rows * columns * bitsEach / 32; // per lane
    return bits / (type == Type::F64 ? 64 : 32);
  };
  const unsigned counts[4] = {
      registers(form.type[0], m, n), registers(form.type[1], m, k),
      registers(form.type[2], k, n), registers(form.type[3], m, n)};
  const unsigned bytes = form.type[0] == Type::F64 ? 8 : 4;
  std::vector<Slot> list;
  for (unsigned i = 1; i < 4; ++i)
    if (!decodeRegisterList(operand(in, i), counts[i], bytes, false, list))
      return false;
  std::vector<Slot> all;
  if (!decodeRegisterList(operand(in, 0), counts[0], bytes, true, all))
    return false;
  all.insert(all.end(), list.begin(), list.end());
  op.count = static_cast<uint8_t>(counts[0]);
  op.imm = counts[1] | counts[2] << 8;
  op.list = code.lists.emplace_back(std::move(all)).data();
  return emit(op, form);
}

/// list: accumulators, then A's registers; a and b the descriptors, c scale-d.
bool Decoder::decodeWgmma(const Instruction &in) {
  const bool half = form.type[1] == Type::F16 || form.type[1] == Type::BF16;
  const bool isFloat = form.type[0] != Type::S32;
  if (in.numOperands < 4)
    return expectOperands(in, 4, 8);
  const bool registers = operand(in, 1).kind == OperandKind::Vector;
  const unsigned expected =
      4 + (isFloat ? 2 : 0) + (half ? (registers ? 1 : 2) : 0);
  if (!expectOperands(in, expected, expected))
    return false;
  const unsigned results = form.n / (form.type[0] == Type::F16 ? 4 : 2);
  std::vector<Slot> list;
  if (!decodeRegisterList(operand(in, 0), results, 4, true, list))
    return false;
  // The accumulators are sources too.
  for (unsigned i = 0; i < results; ++i)
    uses.push_back({list[i], 4, false});
  if (registers) {
    if (!decodeRegisterList(operand(in, 1), 4, 4, false, list))
      return false;
    op.flags |= kWgmmaRegisters;
  } else if (!source(operand(in, 1), 8, Type::B64, op.a, 1)) {
    return false;
  }
  bool negated;
  if (!source(operand(in, 2), 8, Type::B64, op.b, 1) ||
      !predicate(operand(in, 3), op.c, negated))
    return false;
  op.flags |= negated ? kWgmmaNotPredicate : 0;
  auto immediate = [&](unsigned i, int64_t a, int64_t b, int64_t &value) {
    const Operand &o = operand(in, i);
    value = o.value;
    return o.kind == OperandKind::Integer && (value == a || value == b)
               ? true
               : fail("expected " + std::to_string(a) + " or " +
                      std::to_string(b) + ", found " + describe(o));
  };
  int64_t value;
  unsigned next = 4;
  if (isFloat) {
    if (!immediate(next++, -1, 1, value))
      return false;
    op.flags |= value < 0 ? kWgmmaNegateA : 0;
    if (!immediate(next++, -1, 1, value))
      return false;
    op.flags |= value < 0 ? kWgmmaNegateB : 0;
  }
  if (half) {
    if (!registers) {
      if (!immediate(next++, 0, 1, value))
        return false;
      op.flags |= value ? kWgmmaTransA : 0;
    }
    if (!immediate(next++, 0, 1, value))
      return false;
    op.flags |= value ? kWgmmaTransB : 0;
  }
  op.count = static_cast<uint8_t>(results);
  op.list = code.lists.emplace_back(std::move(list)).data();
  return emit(op, form);
}
