// Result<T>: a value or an Error. No exceptions cross a layer; expected failures travel in here.
// Depends on base/error.h and base/check.h. Value type; any thread.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace blue {

template <class T>
class [[nodiscard]] Result {
 public:
  using Value = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// The value; a bug (BLUE_CHECK) when there is none.
  [[nodiscard]] T& value() & { return expect(), *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const& { return expect(), *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { return expect(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// The error; a bug when there is none.
  [[nodiscard]] const Error& error() const& {
    BLUE_CHECK(!ok());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    BLUE_CHECK(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  void expect() const { BLUE_CHECK(ok(), std::get_if<1>(&state_)->message()); }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using Value = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const { BLUE_CHECK(ok(), error_->message()); }

  [[nodiscard]] const Error& error() const& {
    BLUE_CHECK(!ok());
    return *error_;
  }
  [[nodiscard]] Error&& error() && {
    BLUE_CHECK(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace blue

#define BLUE_CONCAT_INNER(a, b) a##b
#define BLUE_CONCAT(a, b) BLUE_CONCAT_INNER(a, b)

/// Returns the error of `expr` from the enclosing function, if there is one.
#define BLUE_TRY(expr)                                               \
  do {                                                               \
    auto blue_try_status = (expr);                                   \
    if (!blue_try_status) return std::move(blue_try_status).error(); \
  } while (false)

/// Declares `decl` from the value of `expr`, or returns its error: BLUE_TRY_ASSIGN(auto x,
/// parse(s));
#define BLUE_TRY_ASSIGN(decl, expr) BLUE_TRY_ASSIGN_AS(BLUE_CONCAT(blue_try_, __LINE__), decl, expr)
#define BLUE_TRY_ASSIGN_AS(name, decl, expr) \
  auto name = (expr);                        \
  if (!name) return std::move(name).error(); \
  decl = std::move(name).value()
