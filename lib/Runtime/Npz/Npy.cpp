//===- Npy.cpp - one array ------------------------------------------------===//

#include "Formats.h"
#include "raddle/Runtime/Npz.h"

#include <algorithm>
#include <charconv>
#include <cstring>

using namespace raddle;

namespace {

struct TypeCode {
  const char *code;
  DataType type;
};

// Kind and bytes, as after the character for the byte order.
constexpr TypeCode kCodes[] = {
    {"b1", DataType::I1},  {"i1", DataType::I8},   {"u1", DataType::U8},
    {"i2", DataType::I16}, {"u2", DataType::U16},  {"i4", DataType::I32},
    {"u4", DataType::U32}, {"i8", DataType::I64},  {"u8", DataType::U64},
    {"f2", DataType::F16}, {"V2", DataType::BF16}, {"f4", DataType::F32},
    {"f8", DataType::F64},
};

struct Header {
  std::string descr;
  bool isFortran = false;
  std::vector<int64_t> shape;
};

/// The header is a Python dict literal with three known keys.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Expected<Header> parse() {
    Header header;
    bool hasDescr = false, hasOrder = false, hasShape = false;
    bool ok = take('{');
    while (ok && !take('}')) {
      std::string key;
      ok = string(key) && take(':');
      if (ok && key == "descr") {
        if (peek() != '\'' && peek() != '"')
          return Error("structured arrays are not supported");
        ok = !hasDescr && string(header.descr);
        hasDescr = true;
      } else if (ok && key == "fortran_order") {
        ok = !hasOrder && boolean(header.isFortran);
        hasOrder = true;
      } else if (ok && key == "shape") {
        ok = !hasShape && tuple(header.shape);
        hasShape = true;
      } else {
        ok = false;
      }
      if (ok && !take(',') && peek() != '}')
        ok = false;
    }
    if (!ok || !hasDescr || !hasOrder || !hasShape || peek() != 0)
      return Error("malformed header");
    return header;
  }

private:
  void skipSpace() {
    while (!text_.empty() && std::strchr(" \t\r\n", text_[0]))
      text_.remove_prefix(1);
  }
  char peek() {
    skipSpace();
    return text_.empty() ? 0 : text_[0];
  }
  bool take(char c) {
    if (peek() != c)
      return false;
    text_.remove_prefix(1);
    return true;
  }
  bool string(std::string &result) {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return false;
    size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos)
      return false;
    result = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return true;
  }
  bool boolean(bool &result) {
    skipSpace();
    for (bool value : {true, false}) {
      std::string_view word = value ? "True" : "False";
      if (text_.starts_with(word)) {
        text_.remove_prefix(word.size());
        result = value;
        return true;
      }
    }
    return false;
  }
  bool tuple(std::vector<int64_t> &result) {
    if (!take('('))
      return false;
    while (!take(')')) {
      skipSpace();
      int64_t extent = 0;
      auto [end, error] =
          std::from_chars(text_.data(), text_.data() + text_.size(), extent);
      if (error != std::errc() || extent < 0)
        return false;
      text_.remove_prefix(end - text_.data());
      result.push_back(extent);
      if (!take(',') && peek() != ')')
        return false;
    }
    return true;
  }

  std::string_view text_;
};

/// Reorders from the first index running fastest to the last.
void fromFortran(Tensor &tensor) {
  unsigned width = byteSize(tensor.type);
  size_t rank = tensor.shape.size(), count = tensor.bytes.size() / width;
  std::vector<std::byte> result(tensor.bytes.size());
  std::vector<int64_t> index(rank, 0), strides(rank, 1);
  for (size_t d = 1; d < rank; ++d)
    strides[d] = strides[d - 1] * tensor.shape[d - 1];
  int64_t from = 0;
  for (size_t to = 0; to < count; ++to) {
    std::memcpy(&result[to * width], &tensor.bytes[from * width], width);
    for (size_t d = rank; d-- > 0;) {
      from += strides[d];
      if (++index[d] < tensor.shape[d])
        break;
      from -= strides[d] * tensor.shape[d];
      index[d] = 0;
    }
  }
  tensor.bytes = std::move(result);
}

} // namespace

Expected<Tensor> raddle::parseNpy(std::span<const std::byte> bytes) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0)
    return Error("not an .npy file");
  unsigned major = unsigned(bytes[6]);
  if (major < 1 || major > 3)
    return Error("unknown .npy version " + std::to_string(major));
  // The length of the header has two bytes in version 1, else four.
  unsigned lengthBytes = major == 1 ? 2 : 4;
  size_t start = 8 + lengthBytes;
  if (bytes.size() < start)
    return Error("truncated header");
  size_t length = 0;
  for (unsigned i = 0; i < lengthBytes; ++i)
    length |= size_t(bytes[8 + i]) << (8 * i);
  if (length > bytes.size() - start)
    return Error("truncated header");
  Expected<Header> header =
      HeaderParser(
          {reinterpret_cast<const char *>(bytes.data()) + start, length})
          .parse();
  if (!header)
    return header.takeError();

  Tensor tensor;
  tensor.shape = std::move(header->shape);
  const std::string &descr = header->descr;
  bool isBig = descr.starts_with('>');
  bool isKnown = false;
  if (!descr.empty() && std::strchr("<>|=", descr[0]))
    for (const TypeCode &code : kCodes)
      if (descr.substr(1) == code.code) {
        tensor.type = code.type;
        isKnown = true;
      }
  if (!isKnown)
    return Error("unsupported element type '" + descr + "'");
  std::optional<int64_t> count = elementCount(tensor.shape);
  std::span<const std::byte> data = bytes.subspan(start + length);
  unsigned width = byteSize(tensor.type);
  if (!count || uint64_t(*count) > data.size() / width ||
      uint64_t(*count) * width != data.size())
    return Error(describe(tensor.type, tensor.shape) + " has " +
                 std::to_string(data.size()) + " bytes of data");
  tensor.bytes.assign(data.begin(), data.end());
  if (isBig)
    for (size_t i = 0; i < tensor.bytes.size(); i += width)
      std::reverse(&tensor.bytes[i], &tensor.bytes[i] + width);
  if (header->isFortran && *count > 0)
    fromFortran(tensor);
  return tensor;
}

std::string npz::npyHeader(DataType type, std::span<const int64_t> shape) {
  std::string descr;
  for (const TypeCode &code : kCodes)
    if (code.type == type)
      descr = std::string(byteSize(type) == 1 ? "|" : "<") + code.code;
  std::string dims;
  for (int64_t extent : shape)
    dims += (dims.empty() ? "" : ", ") + std::to_string(extent);
  if (shape.size() == 1)
    dims += ",";
  std::string dict = "{'descr': '" + descr +
                     "', 'fortran_order': False, 'shape': (" + dims + "), }";
  // The data start on 64 bytes; the header ends with a line feed.
  size_t total = (10 + dict.size() + 1 + 63) / 64 * 64;
  dict.resize(total - 10 - 1, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += char(dict.size() & 0xff);
  header += char(dict.size() >> 8);
  return header + dict;
}

Tensor npz::widened(const Tensor &tensor) {
  if (tensor.type != DataType::BF16)
    return tensor;
  Tensor result{DataType::F32, tensor.shape, {}};
  result.bytes.resize(2 * tensor.bytes.size());
  for (size_t i = 0; i < tensor.bytes.size(); i += 2)
    std::memcpy(&result.bytes[2 * i + 2], &tensor.bytes[i], 2);
  return result;
}
