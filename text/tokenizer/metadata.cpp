#include "text/tokenizer/metadata.h"

#include <utility>

namespace blue::text {

Error Metadata::absent(std::string_view key, std::string_view wanted) const {
  const std::string found = type_of(key);
  const std::string what = path() + ": key \"" + std::string(key) + "\" ";
  if (found.empty()) {
    return Error(TextError::missing_key, what + "is missing (expected: " + std::string(wanted) +
                                             "); convert the model again");
  }
  return Error(TextError::missing_key, what + "holds a value of type " + found + " that is not " +
                                           std::string(wanted) + "; convert the model again");
}

Result<std::uint64_t> Metadata::expect_unsigned(std::string_view key) const {
  if (const auto value = unsigned_value(key)) return *value;
  return absent(key, "an integer, not negative");
}

Result<std::vector<std::string_view>> Metadata::expect_texts(std::string_view key) const {
  if (auto value = texts(key)) return *std::move(value);
  return absent(key, "an array of strings");
}

Result<std::vector<float>> Metadata::expect_numbers(std::string_view key) const {
  if (auto value = numbers(key)) return *std::move(value);
  return absent(key, "an array of numbers");
}

Result<std::vector<std::int64_t>> Metadata::expect_integers(std::string_view key) const {
  if (auto value = integers(key)) return *std::move(value);
  return absent(key, "an array of integers");
}

}  // namespace blue::text
