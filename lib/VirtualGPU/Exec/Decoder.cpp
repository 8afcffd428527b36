//===- Decoder.cpp - Frame layout and operands ----------------------------===//

#include "Exec/Decoder.h"

#include "Exec/Dispatch.h"
#include "Exec/Warp.h"

#include <algorithm>
#include <cstring>

using namespace raddle::vgpu;

static uint32_t alignUp(uint64_t value, uint64_t align) {
  return static_cast<uint32_t>((value + align - 1) / align * align);
}

bool Decoder::fail(const std::string &message) {
  if (error.empty())
    error = "line " + std::to_string(now ? now->line : fn.line) + ": " +
            (now ? "'" + std::string(now->opcode) + "': " : std::string()) +
            message;
  return false;
}

std::string Decoder::describe(const Operand &o) const {
  switch (o.kind) {
  case OperandKind::Register: {
    const Register &r = fn.registers[o.reg];
    std::string name(r.prefix);
    if (r.number >= 0)
      name += std::to_string(r.number);
    return "register '" + name + "' of type ." + typeName(r.type);
  }
  case OperandKind::Special:
    return "special register '" + std::string(o.name) + "'";
  case OperandKind::Integer:
  case OperandKind::Float32:
  case OperandKind::Float64:
    return "a number";
  case OperandKind::Symbol:
    return "symbol '" + std::string(o.name) + "'";
  case OperandKind::Label:
    return "label '" + std::string(o.name) + "'";
  case OperandKind::Address:
    return "an address";
  case OperandKind::Vector:
    return "a vector";
  case OperandKind::Sink:
    return "'_'";
  }
  return "an operand";
}

Slot Decoder::constant(uint64_t bits, unsigned bytes) {
  if (bytes < 8)
    bits &= (uint64_t(1) << (bytes * 8)) - 1;
  auto [it, isNew] = constants.try_emplace({bits, bytes}, 0);
  if (isNew) {
    size_t at = alignUp(constBytes.size(), 64);
    constBytes.resize(at + 32 * bytes);
    for (unsigned lane = 0; lane < 32; ++lane)
      std::memcpy(&constBytes[at + lane * bytes], &bits, bytes < 8 ? bytes : 8);
    it->second = static_cast<Slot>(at | 1);
  }
  return it->second;
}

Slot Decoder::predicateConstant(bool value) {
  return constant(value ? 0xffffffff : 0, 4);
}

Slot Decoder::temporary(unsigned bytes) {
  frame = alignUp(frame, 64);
  Slot slot = static_cast<Slot>(frame);
  frame += 32 * bytes;
  return slot;
}

bool Decoder::layoutFrame() {
  registerSlot.resize(fn.registers.size());
  for (size_t i = 0; i < fn.registers.size(); ++i)
    if (fn.registers[i].type == Type::Pred) {
      registerSlot[i] = static_cast<Slot>(frame);
      frame += 4;
    }
  scratchPred = static_cast<Slot>(frame);
  carrySlot = static_cast<Slot>(frame + 4);
  frame = alignUp(frame + 8, 64);
  for (size_t i = 0; i < fn.registers.size(); ++i)
    if (fn.registers[i].type != Type::Pred)
      registerSlot[i] = temporary(registerBytes(i));
  if (frame > (1u << 26))
    return fail("function '" + std::string(fn.name) +
                "' has too many registers");

  // Parameters of a device function and of the calls that it makes lie per
  // lane in the frame; those of a kernel in its parameter buffer.
  uint64_t area = 0, buffer = 0, local = 0;
  auto place = [](uint64_t &end, const Variable &v, uint64_t least) {
    ParamPlace p;
    p.offset = alignUp(end, std::max<uint64_t>(v.align, least));
    p.bytes = static_cast<uint32_t>(v.bytes);
    end = p.offset + v.bytes;
    return p;
  };
  for (const Variable &v : fn.params)
    code.params.push_back(fn.isEntry ? place(buffer, v, 1) : place(area, v, 8));
  for (const Variable &v : fn.results)
    code.results.push_back(place(area, v, 8));
  localOffset.resize(fn.locals.size());
  for (size_t i = 0; i < fn.locals.size(); ++i) {
    const Variable &v = fn.locals[i];
    if (v.space == Space::Param)
      localOffset[i] = place(area, v, 8).offset;
    else if (v.space == Space::Local)
      localOffset[i] = place(local, v, 1).offset;
  }
  if (area > (1 << 20) || local > (1 << 24) || buffer > (1 << 16))
    return fail("function '" + std::string(fn.name) +
                "' needs too much parameter or local memory");
  code.localBytes = alignUp(local, 16);
  if (fn.isEntry)
    shared.kernel.paramBytes = static_cast<uint32_t>(buffer);
  // The area's place is fixed now, its size is not: calls with register
  // operands add to it.
  code.paramAreaStride = alignUp(area, 16);
  return true;
}

bool Decoder::run() {
  if (!layoutFrame())
    return false;
  code.source = &fn;
  code.name = fn.name;
  code.ops.reserve(fn.instructions.size() + 4);
  code.infos.reserve(fn.instructions.size() + 4);
  for (const Instruction &in : fn.instructions) {
    now = &in;
    opOfInstruction.push_back(static_cast<uint32_t>(code.ops.size()));
    if (!decode(in))
      return false;
  }
  // Control that runs off the end returns.
  static const Instruction kEnd = [] {
    Instruction in;
    in.opcode = "ret";
    return in;
  }();
  Instruction end = kEnd;
  end.line = fn.endLine;
  now = &end;
  opOfInstruction.push_back(static_cast<uint32_t>(code.ops.size()));
  if (!decode(end))
    return false;
  for (size_t i = 0; i < code.ops.size(); ++i)
    if (code.infos[i].form.sem == Sem::Bra)
      code.ops[i].imm = opOfInstruction[code.ops[i].imm];
  for (std::vector<int32_t> &table : code.branchTables)
    for (int32_t &target : table)
      target = static_cast<int32_t>(opOfInstruction[target]);
  frame = alignUp(frame, 256);
  code.paramAreaOffset = frame;
  code.frameBytes = alignUp(frame + 32 * code.paramAreaStride, 256);
  for (size_t i = 0; i < code.ops.size(); ++i)
    if (Sem sem = code.infos[i].form.sem;
        sem == Sem::StFrameParam || sem == Sem::LdFrameParam) {
      code.ops[i].b = static_cast<Slot>(code.paramAreaOffset);
      code.ops[i].c = static_cast<Slot>(code.paramAreaStride);
    }
  code.constBytes = alignUp(constBytes.size() + 256, 256);
  code.consts = allocateAligned(code.constBytes);
  std::memset(code.consts.get(), 0, code.constBytes);
  std::copy(constBytes.begin(), constBytes.end(), code.consts.get());
  return true;
}

bool Decoder::decode(const Instruction &in) {
  auto it = shared.forms.find(in.opcode);
  if (it == shared.forms.end()) {
    Form found;
    std::string why;
    const Row *match = matchOpcode(in.opcode, found, why);
    if (!match) {
      if (error.empty())
        error = "line " + std::to_string(in.line) + ": " + why;
      return false;
    }
    if (match->sm > shared.module.targetSm)
      return fail("needs .target sm_" + std::to_string(match->sm) +
                  " or higher, the module has " +
                  std::string(shared.module.target));
    if (match->onlyArchitecture && !shared.module.targetArchSpecific)
      return fail("needs .target sm_" + std::to_string(match->sm) +
                  "a, the module has " + std::string(shared.module.target));
    it = shared.forms.emplace(in.opcode, std::pair(found, match)).first;
  }
  form = it->second.first;
  row = it->second.second;
  uses.clear();
  op = Op();
  if (in.guard >= 0) {
    op.guard = registerSlot[in.guard];
    op.guardFlip = in.guardNegated ? ~0u : 0;
  }
  return row->operands ? generic(in) : special(in);
}

bool Decoder::emit(Op op, const Form &form) {
  op.fn = form.sem >= Sem::Bra ? selectControl(form) : selectHandler(form);
  if (!op.fn)
    return fail("this combination of types and modifiers is not valid");
  OpInfo info;
  info.row = row;
  info.form = form;
  info.line = now->line;
  info.location = now->location;
  info.firstUse = static_cast<uint32_t>(code.uses.size());
  info.numUses = static_cast<uint32_t>(uses.size());
  code.uses.insert(code.uses.end(), uses.begin(), uses.end());
  uses.clear();
  code.ops.push_back(op);
  code.infos.push_back(info);
  return true;
}

bool Decoder::expectOperands(const Instruction &in, unsigned least,
                             unsigned most) {
  if (in.numOperands >= least && in.numOperands <= most)
    return true;
  return fail("expected " + std::to_string(least) +
              (most > least ? " to " + std::to_string(most) : std::string()) +
              " operands, found " + std::to_string(in.numOperands));
}

bool Decoder::symbolAddress(const Operand &o, uint64_t &value, int &local) {
  local = -1;
  if (o.reg2 >= 0) {
    const Variable &v = fn.locals[o.reg2];
    if (v.space == Space::Local) {
      local = 0;
      value = localOffset[o.reg2];
      return true;
    }
    if (v.space == Space::Shared) {
      value = shared.sharedOffset[v.name];
      return true;
    }
    if (v.space == Space::Param)
      return fail("address of parameter '" + std::string(o.name) +
                  "' cannot be taken here");
  }
  if (auto it = shared.sharedOffset.find(o.name);
      it != shared.sharedOffset.end()) {
    value = it->second;
    return true;
  }
  if (fn.isEntry)
    for (size_t i = 0; i < fn.params.size(); ++i)
      if (fn.params[i].name == o.name) {
        local = 1;
        value = code.params[i].offset;
        return true;
      }
  if (shared.address(o.name, value))
    return true;
  int32_t index = shared.functionByName(o.name);
  if (index >= 0) {
    value = kFunctionWindow + uint64_t(index) * 16;
    return true;
  }
  return fail("unknown symbol '" + std::string(o.name) + "'");
}

bool Decoder::source(const Operand &o, unsigned bytes, Type type, Slot &slot,
                     uint8_t role, bool loose) {
  switch (o.kind) {
  case OperandKind::Register: {
    unsigned have = registerBytes(o.reg);
    if (fn.registers[o.reg].type == Type::Pred ||
        (loose ? have < bytes : have != bytes))
      return fail("expected a source of " + std::to_string(bytes * 8) +
                  " bits, found " + describe(o));
    slot = registerSlot[o.reg];
    uses.push_back({slot, static_cast<uint8_t>(have), false, role});
    return true;
  }
  case OperandKind::Integer:
    if (isFloat(type) && typeBytes(type) >= 4 && type != Type::F16x2 &&
        type != Type::BF16x2 && type != Type::TF32) {
      double number = static_cast<double>(o.value);
      float narrow = static_cast<float>(number);
      uint64_t bits = 0;
      if (bytes == 8)
        std::memcpy(&bits, &number, 8);
      else
        std::memcpy(&bits, &narrow, 4);
      slot = constant(bits, bytes);
      return true;
    }
    slot = constant(static_cast<uint64_t>(o.value), bytes);
    return true;
  case OperandKind::Float32: {
    if (bytes == 4) {
      slot = constant(static_cast<uint64_t>(o.value), 4);
      return true;
    }
    float narrow;
    std::memcpy(&narrow, &o.value, 4);
    double number = narrow;
    uint64_t bits;
    std::memcpy(&bits, &number, 8);
    if (bytes != 8)
      return fail("expected an operand of " + std::to_string(bytes * 8) +
                  " bits, found a 32-bit number");
    slot = constant(bits, 8);
    return true;
  }
  case OperandKind::Float64: {
    if (bytes == 8) {
      slot = constant(static_cast<uint64_t>(o.value), 8);
      return true;
    }
    double number;
    std::memcpy(&number, &o.value, 8);
    float narrow = static_cast<float>(number);
    uint32_t bits;
    std::memcpy(&bits, &narrow, 4);
    if (bytes != 4)
      return fail("expected an operand of " + std::to_string(bytes * 8) +
                  " bits, found a 64-bit number");
    slot = constant(bits, 4);
    return true;
  }
  case OperandKind::Special:
  case OperandKind::Symbol: {
    // Read it into a temporary first.
    Form move;
    move.dstBytes = static_cast<uint8_t>(bytes);
    Op read;
    read.d = slot = temporary(bytes);
    std::vector<Use> saved;
    saved.swap(uses);
    uses.push_back({slot, static_cast<uint8_t>(bytes), true});
    if (o.kind == OperandKind::Special) {
      move.sem = Sem::MovSpecial;
      static constexpr const char *kNames[] = {"%tid.x",
                                               "%tid.y",
                                               "%tid.z",
                                               "%ntid.x",
                                               "%ntid.y",
                                               "%ntid.z",
                                               "%ctaid.x",
                                               "%ctaid.y",
                                               "%ctaid.z",
                                               "%nctaid.x",
                                               "%nctaid.y",
                                               "%nctaid.z",
                                               "%laneid",
                                               "%warpid",
                                               "%nwarpid",
                                               "%smid",
                                               "%nsmid",
                                               "%gridid",
                                               "%clock",
                                               "%clock_hi",
                                               "%clock64",
                                               "%lanemask_eq",
                                               "%lanemask_le",
                                               "%lanemask_lt",
                                               "%lanemask_ge",
                                               "%lanemask_gt",
                                               "%globaltimer",
                                               "%dynamic_smem_size",
                                               "%total_smem_size",
                                               "WARP_SZ",
                                               "%globaltimer_lo",
                                               "%globaltimer_hi",
                                               "%cluster_ctaid.x",
                                               "%cluster_ctaid.y",
                                               "%cluster_ctaid.z",
                                               "%cluster_nctaid.x",
                                               "%cluster_nctaid.y",
                                               "%cluster_nctaid.z",
                                               "%cluster_ctarank",
                                               "%cluster_nctarank",
                                               "%clusterid.x",
                                               "%clusterid.y",
                                               "%clusterid.z",
                                               "%nclusterid.x",
                                               "%nclusterid.y",
                                               "%nclusterid.z",
                                               "%aggr_smem_size"};
      int index = -1;
      for (size_t i = 0; i < std::size(kNames); ++i)
        if (o.name == kNames[i])
          index = static_cast<int>(i);
      if (index < 0)
        return fail("unknown register '" + std::string(o.name) + "'");
      read.imm = index;
    } else {
      uint64_t value;
      int local;
      if (!symbolAddress(o, value, local))
        return false;
      value += static_cast<uint64_t>(o.value);
      if (local < 0) {
        slot = constant(value, bytes);
        uses.swap(saved);
        return true;
      }
      move.sem = Sem::MovLocal;
      read.flags = static_cast<uint16_t>(local);
      read.imm = static_cast<int64_t>(value);
    }
    if (!emit(read, move))
      return false;
    uses.swap(saved);
    uses.push_back({slot, static_cast<uint8_t>(bytes), false, role});
    return true;
  }
  default:
    return fail("expected a register or a number, found " + describe(o));
  }
}

bool Decoder::destination(const Operand &o, unsigned bytes, Slot &slot,
                          bool loose) {
  if (o.kind == OperandKind::Sink) {
    auto [it, isNew] = scratch.try_emplace(bytes, 0);
    if (isNew)
      it->second = temporary(bytes);
    slot = it->second;
    return true;
  }
  if (o.kind != OperandKind::Register)
    return fail("expected a destination register, found " + describe(o));
  unsigned have = registerBytes(o.reg);
  if (fn.registers[o.reg].type == Type::Pred ||
      (loose ? have < bytes : have != bytes))
    return fail("expected a destination of " + std::to_string(bytes * 8) +
                " bits, found " + describe(o));
  slot = registerSlot[o.reg];
  uses.push_back({slot, static_cast<uint8_t>(have), true});
  return true;
}

bool Decoder::predicate(const Operand &o, Slot &slot, bool &negated) {
  negated = o.negated;
  if (o.kind == OperandKind::Integer) {
    slot = predicateConstant(o.value != 0);
    return true;
  }
  if (o.kind != OperandKind::Register || fn.registers[o.reg].type != Type::Pred)
    return fail("expected a predicate, found " + describe(o));
  slot = registerSlot[o.reg];
  uses.push_back({slot, 0, false});
  return true;
}

bool Decoder::predicateDestination(int32_t reg, Slot &slot) {
  if (reg < 0) {
    slot = scratchPred;
    return true;
  }
  if (fn.registers[reg].type != Type::Pred)
    return fail("expected a predicate as destination");
  slot = registerSlot[reg];
  uses.push_back({slot, 0, true});
  return true;
}

/// Instructions whose row describes their operands.
bool Decoder::generic(const Instruction &in) {
  std::string_view text = row->operands;
  unsigned index = 0;
  Slot *sources[] = {&op.a, &op.b, &op.c, &op.e};
  unsigned numSources = 0;
  unsigned needed = 0, most = 0;
  for (std::string_view rest = text; !rest.empty();) {
    size_t end = std::min(rest.find(' '), rest.size());
    ++most;
    needed += rest.substr(0, end).back() != '?';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!expectOperands(in, needed, most))
    return false;
  // The carry flag of add.cc and its relatives is a hidden register.
  if (form.sem == Sem::AddCarry || form.sem == Sem::SubCarry ||
      form.sem == Sem::MadCarry)
    op.e = carrySlot;
  if (op.e == carrySlot && form.sem >= Sem::AddCarry &&
      form.sem <= Sem::MadCarry) {
    // addc, subc and madc read it, .cc writes it.
    op.flags |= std::string_view(row->name).back() == 'c' ? 2 : 0;
    op.flags |= form.has(Mod::cc) ? 4 : 0;
  }
  while (!text.empty() && index < in.numOperands) {
    size_t end = std::min(text.find(' '), text.size());
    std::string_view token = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const Operand &o = operand(in, index++);
    Type type = Type::B32;
    unsigned bytes = 4;
    if (token.size() > 1 && (token[1] == '0' || token[1] == '1')) {
      type = form.type[token[1] - '0'];
      bytes = typeBytes(type);
    } else if (token == "dw" || token == "sw") {
      type = form.type[0];
      bytes = 2 * typeBytes(type);
      type = bytes == 4 ? Type::B32 : Type::B64;
    } else if (token == "b64") {
      type = Type::B64;
      bytes = 8;
    }
    if (token == "imm") {
      if (o.kind != OperandKind::Integer)
        return fail("expected an integer, found " + describe(o));
      op.imm = o.value;
    } else if (token == "dp") {
      if (o.kind != OperandKind::Register)
        return fail("expected a predicate, found " + describe(o));
      if (!predicateDestination(o.reg, op.d))
        return false;
    } else if (token == "sp" || token == "sp?") {
      bool negated;
      Slot &slot = *sources[numSources++];
      if (!predicate(o, slot, negated))
        return false;
      op.flags |= negated;
    } else if (type == Type::Pred) {
      bool negated;
      if (token[0] == 'd') {
        if (o.kind != OperandKind::Register)
          return fail("expected a predicate, found " + describe(o));
        if (!predicateDestination(o.reg, op.d))
          return false;
      } else {
        Slot &slot = *sources[numSources];
        if (!predicate(o, slot, negated))
          return false;
        op.flags |= negated << numSources++;
      }
    } else if (token[0] == 'd') {
      if (!destination(o, bytes, op.d))
        return false;
    } else {
      if (!source(o, bytes, type, *sources[numSources++]))
        return false;
    }
  }
  form.vec = static_cast<uint8_t>(in.numOperands);
  return emit(op, form);
}

int32_t KernelDecoder::functionByName(std::string_view name) {
  if (auto it = functionIndex.find(name); it != functionIndex.end())
    return it->second;
  for (const Function &f : module.functions)
    if (f.name == name && !f.isEntry) {
      auto index = static_cast<int32_t>(pending.size());
      pending.push_back(&f);
      functionIndex[name] = index;
      return index;
    }
  return -1;
}
