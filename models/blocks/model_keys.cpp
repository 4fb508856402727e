// ProgramBuilder's readers of keys. A key that is present with a value of the wrong type is an
// error: its default would be another model.
#include <algorithm>
#include <cmath>

#include "models/blocks/program_builder.h"

namespace blue::models {

namespace {

constexpr double kMostExactWhole = 9007199254740992.0;  // 2^53

/// A number that is whole and not negative.
std::optional<std::uint64_t> whole(double value) {
  if (!(value >= 0.0) || value > kMostExactWhole || value != std::floor(value)) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

/// The entries of an array key; nothing where it is no array of whole numbers.
std::optional<std::vector<std::uint64_t>> whole_numbers(const GgufFile& file,
                                                        const std::string& key) {
  std::vector<std::uint64_t> out;
  if (const auto integers = file.integers(key)) {
    for (const std::int64_t value : *integers) {
      if (value < 0) return std::nullopt;
      out.push_back(static_cast<std::uint64_t>(value));
    }
    return out;
  }
  const auto numbers = file.numbers(key);
  if (!numbers) return std::nullopt;
  for (const float value : *numbers) {
    const auto number = whole(double{value});
    if (!number) return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

std::string out_of_range(const std::string& key, std::uint64_t value, std::uint64_t most) {
  return key + " is " + std::to_string(value) + ", must be 1 to " + std::to_string(most);
}

}  // namespace

std::optional<std::uint64_t> ProgramBuilder::stated_count(const std::string& key) {
  const std::string full = program_.hyper.architecture + "." + key;
  if (!file_.has(full)) return std::nullopt;
  if (const auto value = file_.unsigned_value(full)) return value;
  if (const auto value = file_.number(full)) {
    if (const auto number = whole(*value)) return number;
  }
  const auto entries = whole_numbers(file_, full);
  if (!entries || entries->empty()) {
    fail(ModelsError::missing_key, full + " must be a whole number, not negative");
    return std::nullopt;
  }
  const auto other = std::ranges::adjacent_find(*entries, std::not_equal_to());
  if (other == entries->end()) return entries->front();
  fail(ModelsError::unsupported_format,
       full + " is " + std::to_string(*(other + 1)) + " at layer " +
           std::to_string(other + 1 - entries->begin()) + " and " + std::to_string(*other) +
           " before it; this build needs the same in every layer");
  return std::nullopt;
}

std::uint32_t ProgramBuilder::count(const std::string& key, std::optional<std::uint64_t> if_absent,
                                    std::uint64_t most) {
  std::optional<std::uint64_t> value = stated_count(key);
  if (!value) value = if_absent;
  const std::string full = program_.hyper.architecture + "." + key;
  if (!value) {
    fail(ModelsError::missing_key, "needs the key " + full + ", a whole number");
    return 1;
  }
  if (*value == 0 || *value > most) {
    fail(ModelsError::bad_shape, out_of_range(full, *value, most));
    return 1;
  }
  return static_cast<std::uint32_t>(*value);
}

std::vector<std::uint32_t> ProgramBuilder::counts_per_layer(const std::string& key,
                                                            std::uint64_t most) {
  const std::uint32_t n_layers = program_.hyper.n_layers;
  const std::string full = program_.hyper.architecture + "." + key;
  if (!file_.has(full)) return {};
  const auto entries = whole_numbers(file_, full);
  if (!entries) return std::vector(n_layers, count(key, std::nullopt, most));
  std::vector<std::uint32_t> out;
  // Layers that are left out may be counted.
  if (entries->size() != n_layers && entries->size() != n_stated_layers_) {
    fail(ModelsError::bad_shape, full + " holds " + std::to_string(entries->size()) +
                                     " numbers, must hold one for each of " +
                                     std::to_string(n_stated_layers_) + " layers");
    return std::vector<std::uint32_t>(n_layers, 1);
  }
  for (std::size_t layer = 0; layer < n_layers; ++layer) {
    const std::uint64_t value = (*entries)[layer];
    const bool is_in_range = value != 0 && value <= most;
    if (!is_in_range) {
      fail(ModelsError::bad_shape,
           out_of_range(full + " of layer " + std::to_string(layer), value, most));
    }
    out.push_back(is_in_range ? static_cast<std::uint32_t>(value) : 1);
  }
  return out;
}

float ProgramBuilder::number(const std::string& key, double if_absent) {
  const std::string full = program_.hyper.architecture + "." + key;
  const std::optional<double> stated = file_.number(full);
  const auto value = static_cast<float>(stated.value_or(file_.has(full) ? NAN : if_absent));
  if (!std::isfinite(value) || value <= 0.0F)
    fail(ModelsError::bad_shape, full + " must be a positive number");
  return value;
}

std::optional<bool> ProgramBuilder::stated_flag(const std::string& key) {
  const std::string full = program_.hyper.architecture + "." + key;
  if (!file_.has(full)) return std::nullopt;
  const auto value = file_.flag(full);
  if (!value) fail(ModelsError::missing_key, full + " must be a bool");
  return value;
}

}  // namespace blue::models
