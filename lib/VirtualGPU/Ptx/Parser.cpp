//===- Parser.cpp - PTX modules: header, functions ------------------------===//

#include "Ptx/Parser.h"

#include "Ptx/ParserImpl.h"

#include <algorithm>

using namespace raddle::vgpu;

Type raddle::vgpu::parseTypeName(std::string_view name) {
  static const std::unordered_map<std::string_view, Type> kNames = [] {
    std::unordered_map<std::string_view, Type> names;
    for (unsigned i = 1; i < static_cast<unsigned>(Type::Count); ++i)
      names[typeName(static_cast<Type>(i))] = static_cast<Type>(i);
    return names;
  }();
  auto it = kNames.find(name);
  return it == kNames.end() ? Type::None : it->second;
}

bool Parser::failAt(uint32_t line, std::string message) {
  if (error.empty())
    error =
        "line " + std::to_string(line) + ": " +
        (lex.kind == Token::Error && !lex.error.empty() ? lex.error : message);
  return false;
}

bool Parser::expect(char c) {
  if (!lex.isPunct(c))
    return fail(std::string("expected '") + c + "', found '" +
                std::string(lex.spelling.substr(0, 40)) + "'");
  lex.next();
  return true;
}

bool Parser::integer(int64_t &value) {
  bool negative = lex.isPunct('-');
  if (negative)
    lex.next();
  if (lex.kind != Token::Integer)
    return fail("expected an integer, found '" +
                std::string(lex.spelling.substr(0, 40)) + "'");
  value = negative ? -static_cast<uint64_t>(lex.value) : lex.value;
  lex.next();
  return true;
}

bool Parser::run() {
  while (lex.kind != Token::End) {
    if (lex.kind == Token::Error)
      return fail("malformed token");
    if (!topLevel())
      return false;
  }
  if (module.versionMajor == 0)
    return fail("module has no .version directive");
  if (module.target.empty())
    return fail("module has no .target directive");
  return true;
}

bool Parser::topLevel() {
  if (lex.isPunct(';')) {
    lex.next();
    return true;
  }
  if (lex.kind != Token::Directive)
    return fail("expected a directive, found '" +
                std::string(lex.spelling.substr(0, 40)) + "'");
  std::string_view name = lex.spelling;
  if (name == ".version" || name == ".target" || name == ".address_size")
    return header();
  if (name == ".file") {
    lex.next();
    int64_t index;
    if (!integer(index))
      return false;
    if (lex.kind != Token::String)
      return fail("expected a file name after .file");
    module.files[static_cast<uint32_t>(index)] = std::string(lex.spelling);
    lex.next();
    while (lex.isPunct(',')) { // timestamp and size
      lex.next();
      if (!integer(index))
        return false;
    }
    return true;
  }
  if (name == ".section") {
    lex.next();
    while (lex.kind != Token::End && lex.kind != Token::Error &&
           !lex.isPunct('{'))
      lex.next();
    lex.skipBlock();
    return lex.kind != Token::Error || fail("malformed section");
  }
  if (name == ".pragma" || name == ".alias") {
    while (lex.kind != Token::End && lex.kind != Token::Error &&
           !lex.isPunct(';'))
      lex.next();
    return expect(';');
  }
  return linkage();
}

bool Parser::header() {
  std::string_view name = lex.spelling;
  lex.next();
  if (name == ".version") {
    // "8.2" lexes as a floating-point number; read its spelling instead.
    std::string_view text = lex.spelling;
    size_t dot = text.find('.');
    if (lex.kind != Token::Float64 || dot == std::string_view::npos)
      return fail("expected a version number after .version");
    auto number = [](std::string_view digits) {
      uint32_t value = 0;
      for (char c : digits)
        value = value * 10 + (c - '0');
      return value;
    };
    module.versionMajor = number(text.substr(0, std::min<size_t>(dot, 4)));
    module.versionMinor = number(text.substr(dot + 1, 4));
    lex.next();
    return true;
  }
  if (name == ".address_size") {
    int64_t size;
    if (!integer(size))
      return false;
    if (size != 64)
      return fail("address size " + std::to_string(size) +
                  " is not supported: expected 64");
    module.addressSize = static_cast<uint32_t>(size);
    return true;
  }
  while (true) {
    if (lex.kind != Token::Word)
      return fail("expected a target after .target");
    std::string_view target = lex.spelling;
    if (target.substr(0, 3) == "sm_") {
      module.target = target;
      uint32_t sm = 0;
      size_t i = 3;
      for (; i < target.size() && target[i] >= '0' && target[i] <= '9' && i < 7;
           ++i)
        sm = sm * 10 + (target[i] - '0');
      if (sm == 0)
        return fail("unknown target '" + std::string(target) + "'");
      module.targetSm = sm;
      module.targetArchSpecific = i < target.size() && target[i] == 'a';
    } else if (target != "debug" && target != "texmode_independent" &&
               target != "texmode_unified" && target != "map_f64_to_f32") {
      return fail("unknown target '" + std::string(target) + "'");
    }
    lex.next();
    if (!lex.isPunct(','))
      return true;
    lex.next();
  }
}

bool Parser::linkage() {
  bool isExtern = false;
  while (lex.isDirective(".visible") || lex.isDirective(".extern") ||
         lex.isDirective(".weak") || lex.isDirective(".common")) {
    isExtern |= lex.spelling == ".extern";
    lex.next();
  }
  if (lex.isDirective(".entry") || lex.isDirective(".func")) {
    bool isEntry = lex.spelling == ".entry";
    lex.next();
    return function(isEntry, isExtern);
  }
  Space space;
  if (lex.isDirective(".global"))
    space = Space::Global;
  else if (lex.isDirective(".const"))
    space = Space::Const;
  else if (lex.isDirective(".shared"))
    space = Space::Shared;
  else
    return fail("unknown directive '" +
                std::string(lex.spelling.substr(0, 40)) + "'");
  lex.next();
  return variable(space, isExtern, module.variables, false);
}

bool Parser::paramList(std::vector<Variable> &list) {
  if (!lex.isPunct('('))
    return true;
  lex.next();
  while (!lex.isPunct(')')) {
    if (lex.isDirective(".param")) {
      lex.next();
      if (!variable(Space::Param, false, list, true))
        return false;
    } else if (lex.isDirective(".reg")) {
      lex.next();
      Type type = lex.kind == Token::Directive
                      ? parseTypeName(lex.spelling.substr(1))
                      : Type::None;
      if (type == Type::None)
        return fail("expected a type after .reg");
      lex.next();
      Variable v;
      v.name = lex.spelling;
      v.space = Space::Param;
      v.type = type;
      v.bytes = v.align = typeBytes(type);
      v.line = lex.line;
      if (lex.kind != Token::Word)
        return fail("expected a parameter name");
      lex.next();
      list.push_back(std::move(v));
    } else {
      return fail("expected '.param', found '" +
                  std::string(lex.spelling.substr(0, 40)) + "'");
    }
    if (lex.isPunct(','))
      lex.next();
    else if (!lex.isPunct(')'))
      return fail("expected ',' or ')' in a parameter list");
  }
  lex.next();
  return true;
}

bool Parser::performanceDirectives(Function &f) {
  while (lex.kind == Token::Directive) {
    std::string_view name = lex.spelling;
    lex.next();
    if (name == ".pragma") {
      if (lex.kind != Token::String)
        return fail("expected a string after .pragma");
      lex.next();
      if (!expect(';'))
        return false;
      continue;
    }
    uint32_t values[3] = {1, 1, 1};
    unsigned n = 0;
    while (lex.kind == Token::Integer && n < 3) {
      values[n++] = static_cast<uint32_t>(lex.value);
      lex.next();
      if (lex.isPunct(','))
        lex.next();
    }
    if (name == ".maxntid")
      std::copy_n(values, 3, f.maxThreads);
    else if (name == ".reqntid")
      std::copy_n(values, 3, f.requiredThreads);
    else if (name == ".reqnctapercluster")
      std::copy_n(values, 3, f.clusterBlocks);
    else if (name != ".minnctapersm" && name != ".maxnctapersm" &&
             name != ".maxnreg" && name != ".noreturn" &&
             name != ".explicitcluster" && name != ".maxclusterrank" &&
             name != ".abi_preserve" && name != ".blocksareclusters" &&
             name != ".unique" && name != ".abi_preserve_control")
      return fail("unknown directive '" + std::string(name) + "'");
  }
  return true;
}

bool Parser::function(bool isEntry, bool isExtern) {
  Function f;
  f.isEntry = isEntry;
  f.line = lex.line;
  if (!paramList(f.results))
    return false;
  if (lex.kind != Token::Word)
    return fail("expected a function name");
  f.name = lex.spelling;
  lex.next();
  if (!paramList(f.params) || !performanceDirectives(f))
    return false;
  if (lex.isPunct(';')) {
    lex.next();
    f.isDeclaration = true;
  } else {
    if (!body(f))
      return false;
  }
  // A definition replaces its declarations.
  for (Function &other : module.functions)
    if (other.name == f.name) {
      if (f.isDeclaration)
        return true;
      if (!other.isDeclaration)
        return failAt(f.line, "function '" + std::string(f.name) +
                                  "' is defined twice");
      other = std::move(f);
      return true;
    }
  module.functions.push_back(std::move(f));
  return true;
}

bool raddle::vgpu::parseModule(std::string text, Module &module,
                               std::string &error) {
  module = Module();
  module.text = std::move(text);
  Parser parser(module);
  if (parser.run())
    return true;
  error = parser.error;
  return false;
}
