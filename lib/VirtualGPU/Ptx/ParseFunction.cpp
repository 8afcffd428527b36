//===- ParseFunction.cpp - Function bodies --------------------------------===//

#include "Ptx/ParserImpl.h"

#include <charconv>

using namespace raddle::vgpu;

/// Limits that keep hostile text from exhausting memory.
static constexpr int64_t kMaxRegisters = 1 << 20;

bool Parser::body(Function &f) {
  current = &f;
  scopes.clear();
  scopes.push_back({-1, {}, {}, {}});
  scope = 0;
  pendingNames.clear();
  pendingLists.clear();
  currentLocation = -1;
  // Parameters passed in registers are declared in the signature.
  if (!expect('{'))
    return false;
  int depth = 1;
  while (true) {
    if (lex.kind == Token::End)
      return fail("function '" + std::string(f.name) + "' has no end");
    if (lex.kind == Token::Error)
      return fail("malformed token");
    if (lex.isPunct('{')) {
      ++depth;
      scopes.push_back({scope, {}, {}, {}});
      scope = static_cast<int>(scopes.size()) - 1;
      lex.next();
    } else if (lex.isPunct('}')) {
      f.endLine = lex.line;
      lex.next();
      scope = scopes[scope].parent;
      if (--depth == 0)
        break;
    } else if (!statement()) {
      return false;
    }
  }
  return resolveLabels();
}

bool Parser::statement() {
  if (lex.isPunct(';')) {
    lex.next();
    return true;
  }
  if (lex.kind == Token::Directive) {
    std::string_view name = lex.spelling;
    if (name == ".reg") {
      lex.next();
      return registers();
    }
    if (name == ".loc")
      return location();
    if (name == ".pragma") {
      lex.next();
      if (lex.kind != Token::String)
        return fail("expected a string after .pragma");
      lex.next();
      return expect(';');
    }
    Space space;
    if (name == ".local")
      space = Space::Local;
    else if (name == ".shared")
      space = Space::Shared;
    else if (name == ".param")
      space = Space::Param;
    else if (name == ".global")
      space = Space::Global;
    else if (name == ".const")
      space = Space::Const;
    else
      return fail("unknown directive '" + std::string(name) + "'");
    lex.next();
    size_t first = current->locals.size();
    if (!variable(space, false, current->locals, false))
      return false;
    for (size_t i = first; i < current->locals.size(); ++i)
      scopes[scope].variables[current->locals[i].name] =
          static_cast<int32_t>(i);
    return true;
  }
  return instruction();
}

bool Parser::registers() {
  Type type = Type::None;
  while (lex.kind == Token::Directive) {
    if (lex.spelling == ".v2" || lex.spelling == ".v4")
      return fail("vector registers are not supported");
    type = parseTypeName(lex.spelling.substr(1));
    if (type == Type::None)
      return fail("unknown register type '" + std::string(lex.spelling) + "'");
    lex.next();
  }
  if (type == Type::None)
    return fail("expected a type after .reg");
  while (true) {
    if (lex.kind != Token::Word)
      return fail("expected a register name");
    std::string_view name = lex.spelling;
    lex.next();
    RegisterGroup group{static_cast<int32_t>(current->registers.size()), -1};
    if (lex.isPunct('<')) {
      lex.next();
      int64_t count;
      if (!integer(count) || !expect('>'))
        return false;
      if (count < 0 || group.base + count > kMaxRegisters)
        return fail("too many registers");
      group.count = static_cast<int32_t>(count);
      for (int32_t i = 0; i < group.count; ++i)
        current->registers.push_back({type, name, i});
    } else {
      if (group.base >= kMaxRegisters)
        return fail("too many registers");
      current->registers.push_back({type, name, -1});
    }
    if (!scopes[scope].registers.emplace(name, group).second)
      return fail("register '" + std::string(name) + "' is declared twice");
    if (!lex.isPunct(','))
      break;
    lex.next();
  }
  return expect(';');
}

bool Parser::location() {
  uint32_t line = lex.line;
  lex.next();
  int64_t values[3] = {0, 0, 0};
  for (int64_t &value : values)
    if (lex.line == line && lex.kind == Token::Integer && !integer(value))
      return false;
  // ", function_name ..., inlined_at ..." tells only about inlining.
  while (lex.line == line && lex.kind != Token::End && lex.kind != Token::Error)
    lex.next();
  currentLocation = static_cast<int32_t>(module.locations.size());
  module.locations.push_back({static_cast<uint32_t>(values[0]),
                              static_cast<uint32_t>(values[1]),
                              static_cast<uint32_t>(values[2])});
  return true;
}

/// "label: .branchtargets a, b;" and its relatives.
bool Parser::listDirective(std::string_view label) {
  std::string_view name = lex.spelling;
  uint32_t line = lex.line;
  lex.next();
  if (name == ".callprototype") {
    while (!lex.isPunct(';')) {
      if (lex.kind == Token::End || lex.kind == Token::Error)
        return fail("call prototype without an end");
      lex.next();
    }
    lex.next();
    return true;
  }
  std::vector<std::string_view> names;
  while (lex.kind == Token::Word) {
    std::string_view target = lex.spelling;
    lex.next();
    names.push_back(target);
    if (lex.isPunct('<')) {
      // A<3> stands for A0, A1, A2; nobody generates it.
      return fail("parameterised label lists are not supported");
    }
    if (!lex.isPunct(','))
      break;
    lex.next();
  }
  if (name == ".calltargets")
    current->callTargets[label] = std::move(names);
  else
    pendingLists.push_back({label, std::move(names), scope, line});
  return expect(';');
}

int Parser::findRegister(std::string_view name) {
  size_t digits = name.size();
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
    --digits;
  std::string_view prefix = name.substr(0, digits);
  int32_t number = -1;
  if (digits < name.size())
    std::from_chars(name.data() + digits, name.data() + name.size(), number);
  for (int s = scope; s >= 0; s = scopes[s].parent) {
    const auto &table = scopes[s].registers;
    if (table.empty())
      continue;
    if (auto it = table.find(name); it != table.end() && it->second.count < 0)
      return it->second.base;
    if (number < 0)
      continue;
    if (auto it = table.find(prefix);
        it != table.end() && number < it->second.count)
      return it->second.base + number;
  }
  return -1;
}

bool Parser::instruction() {
  Instruction in;
  in.line = lex.line;
  in.location = currentLocation;
  if (lex.isPunct('@')) {
    lex.next();
    if (lex.isPunct('!')) {
      in.guardNegated = true;
      lex.next();
    }
    if (lex.kind != Token::Word)
      return fail("expected a predicate register after '@'");
    in.guard = findRegister(lex.spelling);
    if (in.guard < 0)
      return fail("unknown register '" + std::string(lex.spelling) + "'");
    if (current->registers[in.guard].type != Type::Pred)
      return fail("guard '" + std::string(lex.spelling) +
                  "' is not a predicate");
    lex.next();
  }
  if (lex.kind != Token::Word)
    return fail("expected an instruction, found '" +
                std::string(lex.spelling.substr(0, 40)) + "'");
  in.opcode = lex.spelling;
  lex.next();
  if (lex.isPunct(':') && in.guard < 0) {
    lex.next();
    if (lex.kind == Token::Directive &&
        (lex.spelling == ".branchtargets" || lex.spelling == ".calltargets" ||
         lex.spelling == ".callprototype"))
      return listDirective(in.opcode);
    auto index = static_cast<int64_t>(current->instructions.size());
    if (!scopes[scope].labels.emplace(in.opcode, index).second)
      return fail("label '" + std::string(in.opcode) + "' is defined twice");
    return true;
  }
  std::vector<Operand> list;
  while (!lex.isPunct(';')) {
    Operand op;
    if (!operand(op))
      return false;
    list.push_back(op);
    if (lex.isPunct(','))
      lex.next();
    else if (!lex.isPunct(';'))
      return fail("expected ',' or ';', found '" +
                  std::string(lex.spelling.substr(0, 40)) + "'");
  }
  lex.next();
  in.firstOperand = static_cast<uint32_t>(current->operands.size());
  in.numOperands = static_cast<uint32_t>(list.size());
  for (const Operand &op : list) {
    if (op.kind == OperandKind::Symbol && op.reg2 < 0)
      pendingNames.push_back(
          {static_cast<uint32_t>(current->operands.size()), scope, in.line});
    current->operands.push_back(op);
  }
  current->instructions.push_back(in);
  return true;
}

/// A word that is not a register: special register, local variable, or a name
/// that is looked up when the whole function, or module, is known.
void Parser::resolveName(std::string_view name, Operand &result) {
  result.name = name;
  if (name[0] == '%' || name == "WARP_SZ") {
    result.kind = OperandKind::Special;
    return;
  }
  result.kind = OperandKind::Symbol;
  for (int s = scope; s >= 0; s = scopes[s].parent)
    if (auto it = scopes[s].variables.find(name);
        it != scopes[s].variables.end()) {
      result.reg2 = it->second;
      return;
    }
}

bool Parser::operand(Operand &result) {
  if (lex.isPunct('{'))
    return vector(result, '}');
  if (lex.isPunct('('))
    return vector(result, ')');
  if (lex.isPunct('['))
    return address(result);
  bool negative = false;
  if (lex.isPunct('!')) {
    result.negated = true;
    lex.next();
  } else if (lex.isPunct('-')) {
    negative = true;
    lex.next();
  } else if (lex.isPunct('~')) {
    lex.next();
    if (lex.kind != Token::Integer)
      return fail("expected an integer after '~'");
    result.kind = OperandKind::Integer;
    result.value = ~lex.value;
    lex.next();
    return true;
  }
  switch (lex.kind) {
  case Token::Integer:
    result.kind = OperandKind::Integer;
    result.value = negative ? -static_cast<uint64_t>(lex.value) : lex.value;
    lex.next();
    return true;
  case Token::Float32:
    result.kind = OperandKind::Float32;
    result.value = negative ? lex.value ^ 0x80000000 : lex.value;
    lex.next();
    return true;
  case Token::Float64:
    result.kind = OperandKind::Float64;
    result.value = negative ? lex.value ^ INT64_MIN : lex.value;
    lex.next();
    return true;
  case Token::Word:
    break;
  default:
    return fail("expected an operand, found '" +
                std::string(lex.spelling.substr(0, 40)) + "'");
  }
  if (negative)
    return fail("expected a number after '-'");
  if (lex.spelling == "_") {
    result.kind = OperandKind::Sink;
    lex.next();
  } else if (int reg = findRegister(lex.spelling); reg >= 0) {
    result.kind = OperandKind::Register;
    result.reg = reg;
    lex.next();
  } else {
    resolveName(lex.spelling, result);
    lex.next();
    if (result.kind == OperandKind::Symbol &&
        (lex.isPunct('+') || lex.isPunct('-'))) {
      bool minus = lex.isPunct('-');
      lex.next();
      if (!integer(result.value))
        return false;
      if (minus)
        result.value = -static_cast<uint64_t>(result.value);
    }
    return true;
  }
  if (lex.isPunct('|')) {
    lex.next();
    if (lex.kind != Token::Word)
      return fail("expected a register after '|'");
    if (lex.spelling != "_") {
      result.reg2 = findRegister(lex.spelling);
      if (result.reg2 < 0)
        return fail("unknown register '" + std::string(lex.spelling) + "'");
    }
    lex.next();
  }
  return true;
}

bool Parser::address(Operand &result) {
  lex.next();
  result.kind = OperandKind::Address;
  if (lex.kind == Token::Word) {
    int reg = findRegister(lex.spelling);
    if (reg >= 0) {
      result.reg = reg;
    } else {
      Operand base;
      resolveName(lex.spelling, base);
      if (base.kind != OperandKind::Symbol)
        return fail("unknown register '" + std::string(lex.spelling) + "'");
      result.name = base.name;
      result.reg2 = base.reg2;
    }
    lex.next();
    while (lex.isPunct('+') || lex.isPunct('-')) {
      bool minus = lex.isPunct('-');
      lex.next();
      int64_t offset;
      if (!integer(offset))
        return false;
      result.value +=
          static_cast<uint64_t>(minus ? -uint64_t(offset) : uint64_t(offset));
    }
  } else if (!integer(result.value)) {
    return false;
  }
  // [tensor map, {coordinates}]
  if (lex.isPunct(',')) {
    lex.next();
    if (!lex.isPunct('{'))
      return fail("expected coordinates in braces");
    Operand coordinates;
    if (!vector(coordinates, '}'))
      return false;
    result.first = coordinates.first;
    result.count = coordinates.count;
  }
  return expect(']');
}

bool Parser::vector(Operand &result, char close) {
  lex.next();
  result.kind = OperandKind::Vector;
  std::vector<Operand> elements;
  while (!lex.isPunct(close)) {
    if (lex.isPunct('{') || lex.isPunct('('))
      return fail("vector operand inside a vector operand");
    Operand element;
    if (!operand(element))
      return false;
    elements.push_back(element);
    if (lex.isPunct(','))
      lex.next();
    else if (!lex.isPunct(close))
      return fail("expected ',' in a vector operand");
  }
  lex.next();
  result.first = static_cast<uint32_t>(current->operands.size());
  result.count = static_cast<uint32_t>(elements.size());
  current->operands.insert(current->operands.end(), elements.begin(),
                           elements.end());
  return true;
}

bool Parser::resolveLabels() {
  auto lookup = [&](int from, std::string_view name) -> int64_t {
    for (int s = from; s >= 0; s = scopes[s].parent)
      if (auto it = scopes[s].labels.find(name); it != scopes[s].labels.end())
        return it->second;
    return -1;
  };
  for (const PendingName &pending : pendingNames) {
    Operand &op = current->operands[pending.operand];
    int64_t index = lookup(pending.scope, op.name);
    if (index < 0)
      continue; // a variable or function of the module
    op.kind = OperandKind::Label;
    op.value = index;
  }
  for (PendingList &list : pendingLists) {
    std::vector<int64_t> targets;
    for (std::string_view name : list.names) {
      int64_t index = lookup(list.scope, name);
      if (index < 0)
        return failAt(list.line, "unknown label '" + std::string(name) + "'");
      targets.push_back(index);
    }
    current->branchTargets[list.label] = std::move(targets);
  }
  return true;
}
