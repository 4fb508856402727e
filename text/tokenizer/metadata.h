// Metadata: the key-value metadata that a vocabulary is read from, whatever the container (a GGUF
// header, in this program). Depends on base and text/text_error.h. Implementations are immutable;
// any thread. Views live as long as the implementation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/text_error.h"

namespace blue::text {

class Metadata {
 public:
  Metadata() = default;
  Metadata(Metadata&&) noexcept = default;
  Metadata& operator=(Metadata&&) noexcept = default;
  Metadata(const Metadata&) = default;
  Metadata& operator=(const Metadata&) = default;
  virtual ~Metadata() = default;

  /// What error messages name.
  [[nodiscard]] virtual const std::string& path() const = 0;
  [[nodiscard]] virtual bool has(std::string_view key) const = 0;
  /// The key's type, for messages: "u32", "array of string"; empty when the key is absent.
  [[nodiscard]] virtual std::string type_of(std::string_view key) const = 0;

  // Nothing when the key is absent or holds another type.
  /// Any integer type, not negative.
  [[nodiscard]] virtual std::optional<std::uint64_t> unsigned_value(std::string_view key) const = 0;
  [[nodiscard]] virtual std::optional<bool> flag(std::string_view key) const = 0;
  [[nodiscard]] virtual std::optional<std::string_view> text(std::string_view key) const = 0;
  [[nodiscard]] virtual std::optional<std::vector<std::string_view>> texts(
      std::string_view key) const = 0;
  /// An array of any float or integer type.
  [[nodiscard]] virtual std::optional<std::vector<float>> numbers(std::string_view key) const = 0;
  /// An array of any integer type or bool; nothing when a value does not fit.
  [[nodiscard]] virtual std::optional<std::vector<std::int64_t>> integers(
      std::string_view key) const = 0;

  // The same, with missing_key naming file, key and what is there instead.
  [[nodiscard]] Result<std::uint64_t> expect_unsigned(std::string_view key) const;
  [[nodiscard]] Result<std::vector<std::string_view>> expect_texts(std::string_view key) const;
  [[nodiscard]] Result<std::vector<float>> expect_numbers(std::string_view key) const;
  [[nodiscard]] Result<std::vector<std::int64_t>> expect_integers(std::string_view key) const;

 private:
  [[nodiscard]] Error absent(std::string_view key, std::string_view wanted) const;
};

}  // namespace blue::text
