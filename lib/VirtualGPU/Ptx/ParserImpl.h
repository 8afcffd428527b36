//===- ParserImpl.h - Shared state of the PTX parser ------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_PTX_PARSERIMPL_H
#define RADDLE_LIB_VIRTUALGPU_PTX_PARSERIMPL_H

#include "Ptx/Ast.h"
#include "Ptx/Lexer.h"

#include <unordered_map>

namespace raddle::vgpu {

/// Type named by "u32" (without the dot), None if there is none.
Type parseTypeName(std::string_view name);

/// Recursive descent over the token stream. Functions return false after
/// setting `error`.
class Parser {
public:
  Parser(Module &module) : module(module), lex(module.text) {}
  bool run();
  std::string error;

private:
  // Module level (Parser.cpp).
  bool topLevel();
  bool header();
  bool linkage();
  bool function(bool isEntry, bool isExtern);
  bool paramList(std::vector<Variable> &list);
  bool performanceDirectives(Function &f);
  // Declarations (ParseVariable.cpp).
  bool variable(Space space, bool isExtern, std::vector<Variable> &into,
                bool isParam);
  bool initializer(Variable &variable);
  bool initialValue(Variable &variable, uint64_t &offset, unsigned size);
  // Bodies (ParseFunction.cpp).
  bool body(Function &f);
  bool statement();
  bool registers();
  bool location();
  bool listDirective(std::string_view label);
  bool instruction();
  bool operand(Operand &result);
  bool address(Operand &result);
  bool vector(Operand &result, char close);
  void resolveName(std::string_view name, Operand &result);
  bool resolveLabels();
  int findRegister(std::string_view name);

  bool fail(std::string message) {
    return failAt(lex.line, std::move(message));
  }
  bool failAt(uint32_t line, std::string message);
  bool expect(char c);
  bool integer(int64_t &value);

  struct RegisterGroup {
    int32_t base;
    int32_t count; // -1: a single register
  };
  struct Scope {
    int parent;
    std::unordered_map<std::string_view, RegisterGroup> registers;
    std::unordered_map<std::string_view, int32_t> variables;
    std::unordered_map<std::string_view, int64_t> labels;
  };
  struct PendingName {
    uint32_t operand;
    int scope;
    uint32_t line;
  };
  struct PendingList {
    std::string_view label;
    std::vector<std::string_view> names;
    int scope;
    uint32_t line;
  };

  Module &module;
  Lexer lex;
  Function *current = nullptr;
  std::vector<Scope> scopes;
  int scope = -1;
  std::vector<PendingName> pendingNames;
  std::vector<PendingList> pendingLists;
  int32_t currentLocation = -1;
};

} // namespace raddle::vgpu

#endif
