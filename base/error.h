// Error: an expected failure, as a value. Each layer has one closed enum (hal::HalError,
// memory::MemoryError, ...) whose values state who acts on it; an Error carries that value,
// its kind and one line naming the thing and its place. Depends on the standard library alone.
// Value type; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace blue {

/// What the outside does with an error. `bad_input` is exit status 2 on a command line.
enum class ErrorKind : std::uint8_t {
  bad_input,  ///< the user corrects a file, flag, config or prompt
  /// The user frees or grants memory, disk, context; or the caller waits and tries again.
  exhausted,
  /// This machine lacks it (no GPU, no io_uring, denied); the caller takes the named alternative.
  unavailable,
  corrupt,    ///< stored bytes are not what was written; the user replaces the file
  cancelled,  ///< on request
  /// The operating system or a device refused what should work; the supervisor decides.
  failed,
};

/// A layer's enum takes part by defining, next to itself:
///   constexpr std::string_view error_domain(E);      "gguf", "memory", ...
///   constexpr ErrorKind error_kind(E);
template <class E>
concept ErrorEnum = std::is_enum_v<E> && requires(E e) {
  { error_domain(e) } -> std::convertible_to<std::string_view>;
  { error_kind(e) } -> std::same_as<ErrorKind>;
};

class [[nodiscard]] Error {
 public:
  /// `message`: one line, names the thing and its place, and the remedy where there is one.
  template <ErrorEnum E>
  Error(E code, std::string message)
      : domain_(error_domain(code)),
        code_(static_cast<int>(code)),
        kind_(error_kind(code)),
        message_(std::move(message)) {}

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] std::string_view domain() const { return domain_; }
  [[nodiscard]] int code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  /// Is this the given value of its layer's enum?
  template <ErrorEnum E>
  [[nodiscard]] bool is(E code) const {
    return domain_ == error_domain(code) && code_ == static_cast<int>(code);
  }

  /// The same error with context in front: "outer: message".
  [[nodiscard]] Error within(std::string_view outer) && {
    message_.insert(0, std::string(outer) + ": ");
    return std::move(*this);
  }

 private:
  std::string_view domain_;
  int code_;
  ErrorKind kind_;
  std::string message_;
};

}  // namespace blue
