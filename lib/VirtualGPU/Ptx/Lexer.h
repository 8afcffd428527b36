//===- Lexer.h - Tokens of PTX text -----------------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_PTX_LEXER_H
#define RADDLE_LIB_VIRTUALGPU_PTX_LEXER_H

#include <cstdint>
#include <string>
#include <string_view>

namespace raddle::vgpu {

enum class Token : uint8_t {
  End,
  Word,      // identifier with its dotted suffixes: ld.global.v4.f32, %tid.x
  Directive, // .reg
  Integer,
  Float32,
  Float64,
  String,
  Punct,
  Error
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : text(text) { next(); }

  Token kind = Token::End;
  std::string_view spelling;
  int64_t value = 0; // integers, and the bits of floats
  uint32_t line = 1;
  std::string error;

  void next();
  bool isPunct(char c) const {
    return kind == Token::Punct && spelling[0] == c;
  }
  bool isDirective(std::string_view name) const {
    return kind == Token::Directive && spelling == name;
  }
  /// Skips to the character after the brace that closes an open one.
  void skipBlock();
  /// Skips the rest of the current line.
  void skipLine();

private:
  void fail(std::string message);
  void number();

  std::string_view text;
  size_t pos = 0;
};

} // namespace raddle::vgpu

#endif
