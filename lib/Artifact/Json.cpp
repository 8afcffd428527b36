//===- Json.cpp - strict parsing of JSON ----------------------------------===//

#include "Json.h"

#include <set>

using namespace raddle;

namespace {

/// Looks through the text once before values are built from it.
class StrictChecker : public nlohmann::json_sax<Json> {
public:
  std::string message;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t &) override { return true; }
  bool string(string_t &) override { return true; }
  bool binary(binary_t &) override { return true; }
  bool start_object(std::size_t) override {
    keys_.emplace_back();
    return enter();
  }
  bool end_object() override {
    keys_.pop_back();
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool key(string_t &key) override {
    if (keys_.back().insert(key).second)
      return true;
    message = "key '" + key + "' is given twice";
    return false;
  }
  bool parse_error(std::size_t position, const std::string &,
                   const nlohmann::detail::exception &error) override {
    message = "invalid JSON at byte " + std::to_string(position);
    // The library's text reads "[json...] parse error at ...: reason; last
    // read: ..."; the reason is what helps.
    std::string what = error.what();
    if (size_t at = what.find(": "); at != std::string::npos)
      message += ": " + what.substr(at + 2);
    return false;
  }

private:
  bool enter() {
    if (++depth_ <= kMaxJsonDepth)
      return true;
    message = "JSON is nested deeper than " + std::to_string(kMaxJsonDepth) +
              " levels";
    return false;
  }

  unsigned depth_ = 0;
  std::vector<std::set<std::string>> keys_;
};

} // namespace

Expected<Json> raddle::parseJson(std::string_view text) {
  try {
    StrictChecker checker;
    if (!Json::sax_parse(text.begin(), text.end(), &checker))
      return Error(checker.message);
    Json json = Json::parse(text.begin(), text.end(), nullptr,
                            /*allow_exceptions=*/false);
    if (json.is_discarded())
      return Error("invalid JSON");
    return json;
  } catch (const std::exception &e) {
    return Error(std::string("cannot read JSON: ") + e.what());
  }
}

std::string raddle::dumpJson(const Json &json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}
