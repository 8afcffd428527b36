//===- Lexer.cpp - Tokens of PTX text -------------------------------------===//

#include "Ptx/Lexer.h"

#include <array>
#include <cstdlib>
#include <cstring>

using namespace raddle::vgpu;

namespace {
enum : uint8_t { kSpace = 1, kStart = 2, kPart = 4, kDigit = 8, kHex = 16 };

constexpr std::array<uint8_t, 256> makeClasses() {
  std::array<uint8_t, 256> classes{};
  for (unsigned c = 'a'; c <= 'z'; ++c)
    classes[c] = classes[c - 32] = kStart | kPart;
  for (unsigned c = '0'; c <= '9'; ++c)
    classes[c] = kPart | kDigit | kHex;
  for (unsigned c = 'a'; c <= 'f'; ++c) {
    classes[c] |= kHex;
    classes[c - 32] |= kHex;
  }
  classes['_'] = classes['$'] = kStart | kPart;
  classes['%'] = kStart | kPart;
  classes[' '] = classes['\t'] = classes['\r'] = classes['\n'] = kSpace;
  classes['\f'] = classes['\v'] = kSpace;
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = makeClasses();

bool is(char c, uint8_t mask) {
  return kClasses[static_cast<unsigned char>(c)] & mask;
}
} // namespace

void Lexer::fail(std::string message) {
  if (error.empty())
    error = std::move(message);
  kind = Token::Error;
  spelling = {};
}

void Lexer::next() {
  if (kind == Token::Error)
    return;
  const size_t size = text.size();
  while (pos < size) {
    char c = text[pos];
    if (c == '\n') {
      ++line;
      ++pos;
    } else if (is(c, kSpace)) {
      ++pos;
    } else if (c == '/' && pos + 1 < size && text[pos + 1] == '/') {
      while (pos < size && text[pos] != '\n')
        ++pos;
    } else if (c == '/' && pos + 1 < size && text[pos + 1] == '*') {
      size_t end = text.find("*/", pos + 2);
      if (end == std::string_view::npos)
        return fail("comment without an end");
      for (; pos < end + 2; ++pos)
        line += text[pos] == '\n';
    } else {
      break;
    }
  }
  if (pos >= size || text[pos] == '\0') {
    kind = Token::End;
    spelling = {};
    return;
  }
  size_t begin = pos;
  char c = text[pos];
  if (is(c, kDigit))
    return number();
  if (is(c, kStart)) {
    // Dots and double colons belong to the word: opcodes and %tid.x.
    ++pos;
    while (pos < size) {
      char d = text[pos];
      if (is(d, kPart) && d != '%')
        ++pos;
      else if (d == '.' && pos + 1 < size && is(text[pos + 1], kPart))
        ++pos;
      else if (d == ':' && pos + 2 < size && text[pos + 1] == ':' &&
               is(text[pos + 2], kPart))
        pos += 2;
      else
        break;
    }
    kind = Token::Word;
    spelling = text.substr(begin, pos - begin);
    if (spelling == "%") // a lone percent sign is no word
      return fail("unexpected character '%'");
    return;
  }
  if (c == '.' && pos + 1 < size && is(text[pos + 1], kStart)) {
    ++pos;
    while (pos < size && is(text[pos], kPart))
      ++pos;
    kind = Token::Directive;
    spelling = text.substr(begin, pos - begin);
    return;
  }
  if (c == '"') {
    size_t end = pos + 1;
    while (end < size && text[end] != '"' && text[end] != '\n')
      end += text[end] == '\\' ? 2 : 1;
    if (end >= size || text[end] != '"')
      return fail("string without an end");
    kind = Token::String;
    spelling = text.substr(begin + 1, end - begin - 1);
    pos = end + 1;
    return;
  }
  if (std::strchr(",;:{}[]()<>|+-*!@=&~^/?", c)) {
    kind = Token::Punct;
    spelling = text.substr(begin, 1);
    ++pos;
    return;
  }
  fail("unexpected character '" + std::string(1, c) + "'");
}

void Lexer::number() {
  size_t begin = pos;
  const size_t size = text.size();
  auto hexDigits = [&](size_t at, size_t count, uint64_t &bits) {
    bits = 0;
    size_t n = 0;
    for (; at < size && is(text[at], kHex); ++at, ++n) {
      char c = text[at];
      unsigned digit = c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
      if (n >= 16)
        return size_t(0);
      bits = bits << 4 | digit;
    }
    return count == 0 || n == count ? n : 0;
  };
  uint64_t bits = 0;
  char second = pos + 1 < size ? text[pos + 1] | 32 : 0;
  if (text[pos] == '0' && (second == 'x' || second == 'f' || second == 'd')) {
    size_t want = second == 'x' ? 0 : second == 'f' ? 8 : 16;
    size_t n = hexDigits(pos + 2, want, bits);
    if (n == 0)
      return fail("malformed number '" + std::string(text.substr(begin, 12)) +
                  "'");
    pos += 2 + n;
    if (second == 'x' && pos < size && (text[pos] | 32) == 'u')
      ++pos;
    kind = second == 'x'   ? Token::Integer
           : second == 'f' ? Token::Float32
                           : Token::Float64;
    value = static_cast<int64_t>(bits);
    spelling = text.substr(begin, pos - begin);
    return;
  }
  size_t end = pos;
  while (end < size && is(text[end], kDigit))
    ++end;
  bool isFloat = end < size && (text[end] == '.' || (text[end] | 32) == 'e');
  if (isFloat) {
    std::string copy(text.substr(begin, std::min<size_t>(64, size - begin)));
    char *stop = nullptr;
    double number = std::strtod(copy.c_str(), &stop);
    pos = begin + (stop - copy.c_str());
    std::memcpy(&value, &number, 8);
    kind = Token::Float64;
    spelling = text.substr(begin, pos - begin);
    return;
  }
  unsigned base = 10;
  size_t at = pos;
  if (text[pos] == '0' && end > pos + 1)
    base = 8, ++at;
  else if (text[pos] == '0' && second == 'b')
    base = 2, at = pos + 2, end = size;
  bool overflow = false;
  for (; at < end && at < size && is(text[at], kDigit); ++at) {
    unsigned digit = text[at] - '0';
    if (digit >= base)
      return fail("malformed number '" +
                  std::string(text.substr(begin, at + 1 - begin)) + "'");
    overflow |= __builtin_mul_overflow(bits, base, &bits);
    overflow |= __builtin_add_overflow(bits, digit, &bits);
  }
  if (overflow)
    return fail("number '" + std::string(text.substr(begin, at - begin)) +
                "' does not fit 64 bits");
  pos = at;
  if (pos < size && (text[pos] | 32) == 'u')
    ++pos;
  kind = Token::Integer;
  value = static_cast<int64_t>(bits);
  spelling = text.substr(begin, pos - begin);
}

void Lexer::skipBlock() {
  int depth = 1;
  while (depth > 0) {
    next();
    if (kind == Token::End || kind == Token::Error)
      return;
    if (isPunct('{'))
      ++depth;
    else if (isPunct('}'))
      --depth;
  }
  next();
}

void Lexer::skipLine() {
  while (pos < text.size() && text[pos] != '\n')
    ++pos;
  next();
}
