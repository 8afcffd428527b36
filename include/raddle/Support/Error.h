//===- Error.h - errors by value -------------------------------*- C++ -*-===//
//
// The execution half of Raddle (artifact, runtime, virtual GPU) reports errors
// by value: no exception crosses a library border. The conventions follow
// llvm::Error so that a reader of the compiler half feels at home: an `Error`
// is true when something went wrong, an `Expected<T>` is true when it holds a
// value.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_SUPPORT_ERROR_H
#define RADDLE_SUPPORT_ERROR_H

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace raddle {

/// Success, or a message for people: lower case, no final stop, names quoted.
class [[nodiscard]] Error {
public:
  /// Success.
  Error() = default;
  /// A failure that `message` describes.
  explicit Error(std::string message) : message_(std::move(message)) {}
  static Error success() { return Error(); }

  /// True when this is a failure.
  explicit operator bool() const { return message_.has_value(); }
  /// The message; empty on success.
  const std::string &message() const {
    static const std::string none;
    return message_ ? *message_ : none;
  }
  /// The same failure, said to have happened in `context`; success stays so.
  Error in(const std::string &context) const {
    return message_ ? Error(context + ": " + *message_) : Error();
  }

private:
  std::optional<std::string> message_;
};

/// A value, or the error that explains why there is none.
template <typename T> class [[nodiscard]] Expected {
public:
  Expected(T value) : value_(std::move(value)) {}
  Expected(Error error) : error_(std::move(error)) {
    assert(error_ && "an Expected without a value needs an error");
  }

  /// True when this holds a value.
  explicit operator bool() const { return value_.has_value(); }
  T &operator*() & { return *value_; }
  const T &operator*() const & { return *value_; }
  T &&operator*() && { return std::move(*value_); }
  T *operator->() { return &*value_; }
  const T *operator->() const { return &*value_; }

  /// The error; success when there is a value.
  const Error &error() const { return error_; }
  Error takeError() { return std::move(error_); }

private:
  std::optional<T> value_;
  Error error_;
};

} // namespace raddle

#endif // RADDLE_SUPPORT_ERROR_H
