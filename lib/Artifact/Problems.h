//===- Problems.h - collecting what is wrong -------------------*- C++ -*-===//

#ifndef RADDLE_LIB_ARTIFACT_PROBLEMS_H
#define RADDLE_LIB_ARTIFACT_PROBLEMS_H

#include "raddle/Support/Error.h"

#include <string>
#include <utility>
#include <vector>

namespace raddle::host {

/// Problems with their places, as in `body[3].grid[1]: unknown symbol 'x'`.
class Problems {
public:
  void add(const std::string &path, const std::string &message) {
    if (count_++ < kMaxShown)
      text_ += (text_.empty() ? "" : "\n") +
               (path.empty() ? message : path + ": " + message);
  }
  bool empty() const { return count_ == 0; }
  Error take() const {
    if (empty())
      return Error::success();
    if (count_ <= kMaxShown)
      return Error(text_);
    return Error(text_ + "\nand " + std::to_string(count_ - kMaxShown) +
                 " more");
  }

private:
  static constexpr unsigned kMaxShown = 50;
  std::string text_;
  unsigned count_ = 0;
};

inline std::string at(const std::string &path, size_t index) {
  return path + "[" + std::to_string(index) + "]";
}
inline std::string at(const std::string &path, const std::string &key) {
  return path.empty() ? key : path + "." + key;
}

} // namespace raddle::host

#endif // RADDLE_LIB_ARTIFACT_PROBLEMS_H
