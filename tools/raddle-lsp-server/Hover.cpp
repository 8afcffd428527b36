//===- Hover.cpp - What editors show of storage encodings -----------------===//
#include "Hover.h"
#include "dialects/Graph/Encodings/StorageEncoding.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::graph;

//===----------------------------------------------------------------------===//
// Finding what is meant
//===----------------------------------------------------------------------===//

static bool isNameCharacter(char c) {
  return llvm::isAlnum(c) || c == '_' || c == '.' || c == '$';
}

/// The byte of a line at which a UTF-16 unit begins.
static size_t getByte(StringRef line, size_t units) {
  size_t byte = 0;
  while (units > 0 && byte < line.size()) {
    unsigned char lead = line[byte];
    size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    units -= std::min<size_t>(units, length == 4 ? 2 : 1);
    byte += length;
  }
  return std::min(byte, line.size());
}

/// The part of a document, split at `// -----`, that holds a place, and the
/// place in it.
static std::pair<StringRef, size_t> getPart(StringRef document,
                                            Position position) {
  size_t start = 0, at = 0;
  for (size_t line = 0; line < position.line; ++line) {
    size_t end = document.find('\n', at);
    if (end == StringRef::npos)
      return {document.substr(start), document.size() - start};
    if (document.slice(at, end).starts_with("// -----"))
      start = end + 1;
    at = end + 1;
  }
  StringRef line =
      document.substr(at).take_until([](char c) { return c == '\n'; });
  size_t end = document.find("\n// -----", at);
  return {document.slice(start, end),
          at + getByte(line, position.character) - start};
}

/// The type or attribute that begins at `begin`: a name with its arguments.
static StringRef getSubject(StringRef text, size_t begin) {
  size_t end = begin + (text[begin] == '#' || text[begin] == '!');
  while (end < text.size() && isNameCharacter(text[end]))
    ++end;
  if (end == text.size() || text[end] != '<')
    return text.slice(begin, end);
  int depth = 0;
  bool quoted = false;
  for (; end < text.size(); ++end) {
    char c = text[end];
    quoted ^= c == '"';
    // The end of `->` closes nothing.
    if (quoted || (c == '>' && text[end - 1] == '-'))
      continue;
    depth += c == '<';
    depth -= c == '>';
    if (depth == 0)
      return text.slice(begin, end + 1);
  }
  return {};
}

/// Types of tensors and attributes of dialects in a text, the outer ones first.
static SmallVector<StringRef> getSubjects(StringRef text) {
  SmallVector<StringRef> subjects;
  for (size_t i = 0; i < text.size(); ++i) {
    bool begins = text[i] == '#' || text.substr(i).starts_with("tensor<");
    if (!begins || (i > 0 && isNameCharacter(text[i - 1])))
      continue;
    if (StringRef subject = getSubject(text, i); subject.size() > 1)
      subjects.push_back(subject);
  }
  return subjects;
}

/// The definitions of aliases: what is in the text before its operations.
static std::string getAliases(StringRef text) {
  std::string aliases;
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  for (StringRef line : lines)
    if ((line.starts_with("#") || line.starts_with("!")) && line.contains('='))
      aliases += line.str() + "\n";
  return aliases;
}

/// The subjects as attributes; a type is one in a TypeAttr.
static Attribute parseSubject(StringRef subject, const std::string &aliases,
                              MLIRContext &context) {
  ScopedDiagnosticHandler ignore(&context,
                                 [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      aliases + "\"hover\"() {subject = " + subject.str() + "} : () -> ()",
      &context);
  if (!module || module->getBody()->empty())
    return {};
  return module->getBody()->front().getAttr("subject");
}

//===----------------------------------------------------------------------===//
// Explaining it
//===----------------------------------------------------------------------===//

template <typename T> static std::string toString(T value) {
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

/// Components, bytes and granule of a stored tensor.
static void explainTensor(RankedTensorType type, StorageEncoding encoding,
                          llvm::raw_ostream &out) {
  RankedTensorType logical = getLogicalType(type);
  out << "Storage of `" << logical << "` as `" << encoding << "`:\n\n"
      << "| component | type |\n|---|---|\n";
  for (const EncodingComponent &component : encoding.getComponents(type))
    out << "| " << component.name << " | `" << component.type << "` |\n";
  out << "\n";
  std::optional<int64_t> bytes = encoding.getBytes(type);
  if (bytes && logical.hasStaticShape() && logical.getNumElements() > 0)
    out << *bytes << " bytes, "
        << llvm::formatv("{0:f2}", 8.0 * *bytes / logical.getNumElements())
        << " bits per element (" << getHostBytes(logical)
        << " bytes without encoding).\n";
  out << "\nSlices are aligned to [";
  llvm::interleaveComma(encoding.getGranule(type), out);
  out << "] elements, components to " << encoding.getAlignment() << " bytes.\n";
}

static std::string explainAttribute(Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream out(text);
  RankedTensorType type;
  if (auto typeAttr = dyn_cast<TypeAttr>(attribute)) {
    type = dyn_cast<RankedTensorType>(typeAttr.getValue());
  } else if (auto encoding = dyn_cast<StorageEncoding>(attribute)) {
    // An encoding has bytes only as that of a tensor.
    auto example = RankedTensorType::get(
        {4096, 4096}, Float16Type::get(attribute.getContext()), attribute);
    ScopedDiagnosticHandler ignore(attribute.getContext(),
                                   [](Diagnostic &) { return success(); });
    auto emitError = [&] {
      return mlir::emitError(UnknownLoc::get(attribute.getContext()));
    };
    if (succeeded(cast<VerifiableTensorEncoding>(attribute).verifyEncoding(
            example.getShape(), example.getElementType(), emitError)))
      type = example;
    else
      out << "Storage encoding `" << attribute << "`.\n";
  }
  if (StorageEncoding encoding = type ? getStorageEncoding(type) : nullptr)
    explainTensor(type, encoding, out);
  return text;
}

std::string HoverExplainer::explain(StringRef document, Position position,
                                    StringRef shown) {
  auto [part, at] = getPart(document, position);
  std::string aliases = getAliases(part);

  // The innermost tensor around the place; an encoding says more as part of a
  // type than alone.
  std::string alone;
  SmallVector<StringRef> subjects = getSubjects(part);
  for (StringRef subject : llvm::reverse(subjects)) {
    size_t begin = subject.data() - part.data();
    if (at < begin || at >= begin + subject.size())
      continue;
    Attribute attribute = parseSubject(subject, aliases, context);
    std::string text = attribute ? explainAttribute(attribute) : "";
    if (!text.empty() && isa<TypeAttr>(attribute))
      return text;
    if (alone.empty())
      alone = text;
  }
  if (!alone.empty())
    return alone;

  // What the server shows has no aliases in it.
  llvm::SetVector<Attribute> attributes;
  for (StringRef subject : getSubjects(shown))
    if (Attribute attribute = parseSubject(subject, "", context))
      if (isa<TypeAttr>(attribute))
        attributes.insert(attribute);
  std::string text;
  for (Attribute attribute : attributes)
    if (std::string one = explainAttribute(attribute); !one.empty())
      text += (text.empty() ? "" : "\n") + one;
  return text;
}
