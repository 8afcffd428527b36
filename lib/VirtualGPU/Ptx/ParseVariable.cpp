//===- ParseVariable.cpp - Variable declarations and initial values -------===//

#include "Ptx/ParserImpl.h"

#include <cstring>

using namespace raddle::vgpu;

/// Declarations of more than this are refused: no GPU has that much memory,
/// and sizes up to it cannot overflow.
static constexpr uint64_t kMaxVariableBytes = uint64_t(1) << 38;

/// After the space directive: attributes, one type, one or more names.
bool Parser::variable(Space space, bool isExtern, std::vector<Variable> &into,
                      bool isParam) {
  Variable v;
  v.space = space;
  v.isExtern = isExtern;
  v.line = lex.line;
  uint32_t vectorLength = 1;
  int64_t align = 0;
  Type type = Type::None;
  while (lex.kind == Token::Directive) {
    std::string_view name = lex.spelling;
    lex.next();
    if (name == ".align") {
      if (!integer(align))
        return false;
      if (align <= 0 || align > 65536 || (align & (align - 1)))
        return fail("alignment " + std::to_string(align) +
                    " is not a power of two up to 65536");
      continue;
    }
    if (name == ".v2" || name == ".v4") {
      vectorLength = name[2] - '0';
      continue;
    }
    if (name == ".ptr") {
      v.isParamPointer = true;
      while (lex.kind == Token::Directive) {
        bool isAlign = lex.spelling == ".align";
        lex.next();
        int64_t ignored;
        if (isAlign && !integer(ignored))
          return false;
      }
      continue;
    }
    if (name == ".attribute") {
      if (!expect('('))
        return false;
      while (!lex.isPunct(')')) {
        if (lex.kind == Token::End || lex.kind == Token::Error)
          return fail("attribute list without an end");
        lex.next();
      }
      lex.next();
      continue;
    }
    Type parsed = parseTypeName(name.substr(1));
    if (parsed == Type::None || type != Type::None)
      return fail("unknown attribute '" + std::string(name) +
                  "' of a variable");
    type = parsed;
  }
  if (type == Type::None || type == Type::Pred)
    return fail("expected a type in a variable declaration");
  const uint64_t element = uint64_t(typeBytes(type)) * vectorLength;
  while (true) {
    if (lex.kind != Token::Word)
      return fail("expected a variable name, found '" +
                  std::string(lex.spelling.substr(0, 40)) + "'");
    Variable one = v;
    one.name = lex.spelling;
    one.line = lex.line;
    one.type = type;
    one.align =
        align ? static_cast<uint32_t>(align) : static_cast<uint32_t>(element);
    lex.next();
    uint64_t count = 1;
    bool first = true;
    while (lex.isPunct('[')) {
      lex.next();
      if (lex.isPunct(']') && first) {
        one.isUnsized = true;
        lex.next();
        first = false;
        continue;
      }
      int64_t extent;
      if (!integer(extent) || !expect(']'))
        return false;
      if (extent < 0 ||
          __builtin_mul_overflow(count, uint64_t(extent), &count) ||
          count > kMaxVariableBytes)
        return fail("variable '" + std::string(one.name) + "' is too large");
      first = false;
    }
    if (one.isUnsized && count == 1)
      count = 0;
    one.bytes = count * element;
    if (one.bytes > kMaxVariableBytes)
      return fail("variable '" + std::string(one.name) + "' is too large");
    if (lex.isPunct('=')) {
      lex.next();
      if (space != Space::Global && space != Space::Const)
        return fail("variable '" + std::string(one.name) + "' in ." +
                    spaceName(space) + " cannot have an initial value");
      if (!initializer(one))
        return false;
    }
    if (one.isUnsized && !isExtern && space != Space::Shared && !isParam &&
        one.bytes == 0)
      return fail("variable '" + std::string(one.name) +
                  "' has no size and no initial value");
    into.push_back(std::move(one));
    if (isParam)
      return true;
    if (!lex.isPunct(','))
      break;
    lex.next();
  }
  return expect(';');
}

bool Parser::initializer(Variable &v) {
  const unsigned size = typeBytes(v.type);
  uint64_t offset = 0;
  if (!lex.isPunct('{'))
    return initialValue(v, offset, size);
  int depth = 0;
  do {
    if (lex.isPunct('{')) {
      if (++depth > 16)
        return fail("initial value is nested too deeply");
      lex.next();
    } else if (lex.isPunct('}')) {
      --depth;
      lex.next();
    } else if (lex.isPunct(',')) {
      lex.next();
    } else if (!initialValue(v, offset, size)) {
      return false;
    }
  } while (depth > 0);
  return true;
}

bool Parser::initialValue(Variable &v, uint64_t &offset, unsigned size) {
  if (offset + size > v.bytes) {
    if (!v.isUnsized)
      return fail("too many initial values for '" + std::string(v.name) + "'");
    v.bytes = offset + size;
  }
  if (v.init.size() < offset + size)
    v.init.resize(offset + size); // the rest is zero
  int64_t bits = 0;
  bool negative = false;
  if (lex.isPunct('-')) {
    negative = true;
    lex.next();
  }
  if (lex.kind == Token::Integer) {
    bits = negative ? -static_cast<uint64_t>(lex.value) : lex.value;
    lex.next();
    if (lex.isPunct('(')) { // 0xFF00(symbol): one byte of an address
      return fail("masked address in an initial value is not supported");
    }
    if (isFloat(v.type)) {
      double number = static_cast<double>(bits);
      float narrow = static_cast<float>(number);
      if (size == 8)
        std::memcpy(&bits, &number, 8);
      else
        std::memcpy(&bits, &narrow, 4);
    }
  } else if (lex.kind == Token::Float32 || lex.kind == Token::Float64) {
    double number;
    if (lex.kind == Token::Float32) {
      float narrow;
      std::memcpy(&narrow, &lex.value, 4);
      number = narrow;
      bits = lex.value;
      if (negative)
        bits ^= 0x80000000;
    } else {
      std::memcpy(&number, &lex.value, 8);
      if (negative)
        number = -number;
      std::memcpy(&bits, &number, 8);
      if (size == 4) {
        float narrow = static_cast<float>(number);
        bits = 0;
        std::memcpy(&bits, &narrow, 4);
      }
    }
    if (lex.kind == Token::Float32 && size == 8) {
      if (negative)
        number = -number;
      std::memcpy(&bits, &number, 8);
    }
    lex.next();
  } else if (lex.kind == Token::Word) {
    Relocation r{offset, lex.spelling, 0, static_cast<uint8_t>(size), false};
    if (r.symbol == "generic") {
      lex.next();
      if (!expect('(') || lex.kind != Token::Word)
        return fail("expected a symbol in 'generic(...)'");
      r.symbol = lex.spelling;
      r.generic = true;
      lex.next();
      if (!expect(')'))
        return false;
    } else {
      lex.next();
    }
    if (lex.isPunct('+') || lex.isPunct('-')) {
      bool minus = lex.isPunct('-');
      lex.next();
      if (!integer(r.addend))
        return false;
      if (minus)
        r.addend = -static_cast<uint64_t>(r.addend);
    }
    v.relocations.push_back(r);
  } else {
    return fail("expected an initial value, found '" +
                std::string(lex.spelling.substr(0, 40)) + "'");
  }
  std::memcpy(v.init.data() + offset, &bits, std::min(size, 8u));
  offset += size;
  return true;
}
