//===- DecodeMemory.cpp - Operands of memory instructions -----------------===//

#include "Exec/Decoder.h"

#include "Exec/Warp.h"

using namespace raddle::vgpu;

static Space spaceOf(const Form &form) {
  if (form.has(Mod::global))
    return Space::Global;
  if (form.has(Mod::shared) || form.has(Mod::shared__cluster))
    return Space::Shared;
  if (form.has(Mod::local))
    return Space::Local;
  if (form.has(Mod::param))
    return Space::Param;
  if (form.has(Mod::const_))
    return Space::Const;
  return Space::Generic;
}

static unsigned vectorLength(const Form &form) {
  return form.has(Mod::v8)   ? 8
         : form.has(Mod::v4) ? 4
         : form.has(Mod::v2) ? 2
                             : 1;
}

/// Bit 0 of Op::flags: the address register has 32 bits.
bool Decoder::decodeAddress(const Operand &o, Op &op, bool &isFrameParam) {
  isFrameParam = false;
  if (o.kind != OperandKind::Address)
    return fail("expected an address in brackets, found " + describe(o));
  op.imm = o.value;
  if (o.reg >= 0) {
    unsigned bytes = registerBytes(o.reg);
    if (fn.registers[o.reg].type == Type::Pred || bytes < 4 || bytes > 8)
      return fail("the address must be a 32- or 64-bit register");
    op.a = registerSlot[o.reg];
    uses.push_back({op.a, static_cast<uint8_t>(bytes), false, 1});
    op.flags |= bytes == 4;
    return true;
  }
  if (o.name.empty()) {
    op.a = constant(0, 8);
    return true;
  }
  Operand symbol = o;
  symbol.kind = OperandKind::Symbol;
  symbol.value = 0;
  return source(symbol, 8, Type::B64, op.a, 1);
}

/// The per-lane parameter memory that a symbolic address names.
bool Decoder::fixedParam(const Operand &o, ParamPlace &place) {
  if (o.kind != OperandKind::Address || o.name.empty())
    return false;
  if (o.reg2 >= 0 && fn.locals[o.reg2].space == Space::Param) {
    place = {localOffset[o.reg2],
             static_cast<uint32_t>(fn.locals[o.reg2].bytes)};
    return true;
  }
  if (fn.isEntry)
    return false;
  for (size_t i = 0; i < fn.params.size(); ++i)
    if (fn.params[i].name == o.name) {
      place = code.params[i];
      return true;
    }
  for (size_t i = 0; i < fn.results.size(); ++i)
    if (fn.results[i].name == o.name) {
      place = code.results[i];
      return true;
    }
  return false;
}

bool Decoder::decodeLoad(const Instruction &in) {
  // A last operand may be a cache policy.
  if (!expectOperands(in, 2, 3))
    return false;
  const unsigned count = vectorLength(form);
  const unsigned bytes = typeBytes(form.type[0]);
  const Operand &to = operand(in, 0), &from = operand(in, 1);
  form.space = spaceOf(form);
  form.vec = static_cast<uint8_t>(count);
  std::vector<Slot> list;
  ParamPlace place;
  bool isParam = form.space == Space::Param;
  if (isParam && fixedParam(from, place)) {
    if (from.value < 0 || uint64_t(from.value) + bytes * count > place.bytes)
      return fail("access outside parameter '" + std::string(from.name) + "'");
    op.imm = place.offset + from.value;
    form.sem = Sem::LdFrameParam;
  } else if (isParam && from.kind == OperandKind::Address && from.reg < 0 &&
             fn.isEntry) {
    size_t i = 0;
    while (i < fn.params.size() && fn.params[i].name != from.name)
      ++i;
    if (i == fn.params.size())
      return fail("unknown parameter '" + std::string(from.name) + "'");
    if (from.value < 0 ||
        uint64_t(from.value) + bytes * count > fn.params[i].bytes)
      return fail("access outside parameter '" + std::string(from.name) + "'");
    op.imm = code.params[i].offset + from.value;
    form.sem = Sem::LdParam;
  } else {
    bool unused;
    if (!decodeAddress(from, op, unused))
      return false;
    if (form.space == Space::Param || form.space == Space::Const)
      form.space = Space::Global; // absolute addresses
  }
  if (!decodeRegisterList(to, count, bytes, true, list))
    return false;
  const Operand &one =
      to.kind == OperandKind::Vector ? fn.operands[to.first] : to;
  form.dstBytes = static_cast<uint8_t>(
      one.kind == OperandKind::Register ? registerBytes(one.reg) : bytes);
  for (unsigned i = 0; i < count && count > 1; ++i) {
    const Operand &element = fn.operands[to.first + i];
    if (element.kind == OperandKind::Register) {
      form.dstBytes = static_cast<uint8_t>(registerBytes(element.reg));
    }
  }
  for (unsigned i = 0; i < count && count > 1; ++i) {
    const Operand &element = fn.operands[to.first + i];
    if (element.kind == OperandKind::Register &&
        registerBytes(element.reg) != form.dstBytes)
      return fail("registers of a vector differ in width");
    if (element.kind == OperandKind::Sink && form.dstBytes != bytes &&
        !destination(element, form.dstBytes, list[i]))
      return false;
  }
  op.d = list[0];
  op.count = static_cast<uint8_t>(count);
  op.space = static_cast<uint8_t>(form.space);
  op.list = code.lists.emplace_back(std::move(list)).data();
  return emit(op, form);
}

bool Decoder::decodeStore(const Instruction &in) {
  if (!expectOperands(in, 2, 3))
    return false;
  const unsigned count = vectorLength(form);
  const unsigned bytes = typeBytes(form.type[0]);
  const Operand &to = operand(in, 0), &from = operand(in, 1);
  form.space = spaceOf(form);
  form.vec = static_cast<uint8_t>(count);
  ParamPlace place;
  if (form.space == Space::Const)
    return fail("constant memory cannot be written");
  if (form.space == Space::Param) {
    if (!fixedParam(to, place))
      return fail("expected a parameter of a call or a result");
    if (to.value < 0 || uint64_t(to.value) + bytes * count > place.bytes)
      return fail("access outside parameter '" + std::string(to.name) + "'");
    op.imm = place.offset + to.value;
    form.sem = Sem::StFrameParam;
  } else {
    bool unused;
    if (!decodeAddress(to, op, unused))
      return false;
  }
  std::vector<Slot> list;
  // Registers have 16 bits at least, and so do the places of constants.
  const unsigned held = std::max(bytes, 2u);
  form.srcBytes = static_cast<uint8_t>(held);
  for (unsigned i = 0; i < count; ++i) {
    if (count > 1 && (from.kind != OperandKind::Vector || from.count != count))
      return fail("expected a vector of " + std::to_string(count));
    const Operand &element =
        from.kind == OperandKind::Vector ? fn.operands[from.first + i] : from;
    if (element.kind == OperandKind::Register) {
      unsigned have = registerBytes(element.reg);
      if (i && have != form.srcBytes)
        return fail("registers of a vector differ in width");
      form.srcBytes = static_cast<uint8_t>(have);
    }
    Slot slot;
    if (!source(element, held, form.type[0], slot, 0, true))
      return false;
    list.push_back(slot);
  }
  // Immediate elements of a vector of wider registers.
  for (unsigned i = 0; i < count; ++i) {
    const Operand &element =
        from.kind == OperandKind::Vector ? fn.operands[from.first + i] : from;
    if (element.kind == OperandKind::Integer && form.srcBytes != bytes)
      list[i] = constant(static_cast<uint64_t>(element.value), form.srcBytes);
  }
  op.d = list[0];
  op.count = static_cast<uint8_t>(count);
  op.space = static_cast<uint8_t>(form.space);
  op.list = code.lists.emplace_back(std::move(list)).data();
  return emit(op, form);
}

/// list: results, then operands, of a vector form.
bool Decoder::decodeAtom(const Instruction &in, bool hasResult) {
  const bool cas = form.has(Mod::cas);
  const unsigned first = hasResult ? 1 : 0;
  const unsigned least = first + 2 + cas;
  if (!expectOperands(in, least, least + 1))
    return false;
  const unsigned bytes = typeBytes(form.type[0]);
  const unsigned count = vectorLength(form);
  form.space = spaceOf(form);
  form.vec = static_cast<uint8_t>(count);
  if (count * bytes > 16)
    return fail("a vector of more than 16 bytes");
  bool unused;
  if (!decodeAddress(operand(in, first), op, unused))
    return false;
  if (count > 1) {
    std::vector<Slot> &list = code.lists.emplace_back();
    if ((hasResult &&
         !decodeRegisterList(operand(in, 0), count, bytes, true, list)) ||
        !decodeRegisterList(operand(in, first + 1), count, bytes, false, list))
      return false;
    op.count = static_cast<uint8_t>(count);
    op.list = list.data();
    op.d = list[0];
    op.b = list[hasResult ? count : 0];
  } else if (!source(operand(in, first + 1), bytes, form.type[0], op.b) ||
             (cas &&
              !source(operand(in, first + 2), bytes, form.type[0], op.c)) ||
             (hasResult && !destination(operand(in, 0), bytes, op.d))) {
    return false;
  }
  op.space = static_cast<uint8_t>(form.space);
  form.sem = hasResult ? Sem::Atom : Sem::Red;
  return emit(op, form);
}

/// cp.async [dst], [src], size{, src-size | ignore-src}{, policy}: a is the
/// shared address, b the global one, c the source size, list[0] the ignore
/// predicate. flags: 1 and 2 for 32-bit addresses, 4 with a source size, 8
/// with a predicate, 16 negates it.
bool Decoder::decodeCpAsync(const Instruction &in) {
  if (!expectOperands(in, 3, 5))
    return false;
  Op from = op;
  bool unused;
  if (!decodeAddress(operand(in, 0), op, unused) ||
      !decodeAddress(operand(in, 1), from, unused))
    return false;
  op.b = from.a;
  op.flags |= (from.flags & 1) << 1;
  const Operand &size = operand(in, 2);
  if (size.kind != OperandKind::Integer ||
      (size.value != 4 && size.value != 8 && size.value != 16) ||
      (form.has(Mod::cg) && size.value != 16))
    return fail(form.has(Mod::cg) ? "the size must be 16"
                                  : "the size must be 4, 8 or 16");
  op.count = static_cast<uint8_t>(size.value);
  std::vector<Slot> &list = code.lists.emplace_back();
  list.resize(3);
  if (in.numOperands > 3) {
    const Operand &extra = operand(in, 3);
    bool isPredicate = extra.kind == OperandKind::Register &&
                       fn.registers[extra.reg].type == Type::Pred;
    if (isPredicate) {
      bool negated;
      if (!predicate(extra, list[0], negated))
        return false;
      op.flags |= 8 | (negated ? 16 : 0);
    } else if (extra.kind != OperandKind::Register ||
               registerBytes(extra.reg) == 4) {
      if (!source(extra, 4, Type::U32, op.c, 1))
        return false;
      op.flags |= 4;
    }
  }
  // Both offsets: the global one goes into the list as two halves.
  list[1] = static_cast<Slot>(from.imm);
  list[2] = static_cast<Slot>(from.imm >> 32);
  op.list = list.data();
  op.space = static_cast<uint8_t>(Space::Shared);
  return emit(op, form);
}
