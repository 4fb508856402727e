#include "models/gguf/gguf_split.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "models/gguf/gguf_parser.h"
#include "models/models_error.h"

namespace blue::models {
namespace {

constexpr std::string_view kExtension = ".gguf";
constexpr std::string_view kOf = "-of-";
constexpr std::size_t kDigits = 5;
constexpr std::uint64_t kMostParts = 0xffff;  // split.count is a u16
/// The keys that must agree in all parts of a model.
constexpr std::array<std::string_view, 3> kIdentity = {"general.architecture", "general.name",
                                                       "general.basename"};

/// Takes a number of exactly kDigits digits off the end of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  if (text.size() < kDigits) return std::nullopt;
  const std::string_view digits = text.substr(text.size() - kDigits);
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  text.remove_suffix(kDigits);
  return number;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

std::string part_of(std::uint64_t number, std::uint64_t count) {
  return "part " + std::to_string(number) + " of " + std::to_string(count);
}

/// Nothing where the key is absent.
Result<std::optional<std::uint64_t>> optional_count(const GgufFile& file, std::string_view key) {
  if (!file.has(key)) return std::optional<std::uint64_t>();
  BLUE_TRY_ASSIGN(const std::uint64_t value, file.require_unsigned(key));
  return std::optional<std::uint64_t>(value);
}

/// Is `part` the one that belongs at `index` of `n_parts` beside `first`?
Status check_part(const GgufFile& part, std::uint32_t index, std::size_t n_parts,
                  const GgufFile& first, const SplitKeys& wanted) {
  const auto refuse = [&](const std::string& what) {
    return Error(ModelsError::malformed, part.path() + ": " + what);
  };
  if (!part.has("split.count")) {
    return refuse("has no key split.count, so it is no part of the split model " + first.path());
  }
  BLUE_TRY_ASSIGN(const SplitKeys keys, read_split_keys(part));
  if (keys.index != index || keys.count != n_parts) {
    return refuse("its keys say " + part_of(keys.index + 1, keys.count) + ", where " +
                  part_of(index + 1, n_parts) + " belongs; download the part again");
  }
  if (keys.n_tensors != wanted.n_tensors) {
    return refuse("is a part of another model than " + first.path() +
                  " (their split.tensors.count differ); download it again");
  }
  for (const std::string_view key : kIdentity) {
    const auto ours = first.text(key);
    const auto theirs = part.text(key);
    if (!ours || !theirs || *ours == *theirs) continue;
    return refuse("is a part of another model than " + first.path() + " (" + std::string(key) +
                  " is \"" + printable(*theirs, kNameShown) + "\", not \"" +
                  printable(*ours, kNameShown) + "\")");
  }
  return {};
}

/// Part `number` beside others: an error of opening it names it as a part.
Result<GgufFile> open_other_part(const std::string& path, std::uint32_t number,
                                 std::uint32_t count) {
  Result<GgufFile> part = GgufFile::open_part(path);
  if (part || !part.error().is(ModelsError::cannot_open)) return part;
  return Error(ModelsError::cannot_open,
               part.error().message() + " (" + part_of(number, count) +
                   " of a split model: all of them must lie in one folder)");
}

}  // namespace

std::optional<SplitName> parse_split_name(std::string_view path) {
  SplitName name{.prefix = path};
  if (!take_suffix(name.prefix, kExtension)) return std::nullopt;
  const auto count = take_number(name.prefix);
  if (!count || !take_suffix(name.prefix, kOf)) return std::nullopt;
  const auto number = take_number(name.prefix);
  if (!number || !take_suffix(name.prefix, "-")) return std::nullopt;
  if (*number == 0 || *number > *count) return std::nullopt;
  name.number = *number;
  name.count = *count;
  return name;
}

std::string split_path(std::string_view prefix, std::uint32_t number, std::uint32_t count) {
  const auto padded = [](std::uint32_t value) {
    const std::string digits = std::to_string(value);
    return std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
  };
  return std::string(prefix) + "-" + padded(number) + std::string(kOf) + padded(count) +
         std::string(kExtension);
}

Result<SplitKeys> read_split_keys(const GgufFile& file) {
  BLUE_TRY_ASSIGN(const auto index, optional_count(file, "split.no"));
  BLUE_TRY_ASSIGN(const auto count, optional_count(file, "split.count"));
  SplitKeys keys;
  BLUE_TRY_ASSIGN(keys.n_tensors, optional_count(file, "split.tensors.count"));
  // Converters write 0 or 1 into files that were never split.
  const std::uint64_t n_parts = std::max<std::uint64_t>(1, count.value_or(1));
  if (n_parts > kMostParts || index.value_or(0) >= n_parts) {
    return Error(ModelsError::malformed,
                 file.path() + ": key \"split.no\" is " + std::to_string(index.value_or(0)) +
                     " of split.count " + std::to_string(n_parts) + ", which no split model has");
  }
  keys.index = static_cast<std::uint32_t>(index.value_or(0));
  keys.count = static_cast<std::uint32_t>(n_parts);
  return keys;
}

Result<GgufFile> GgufFile::join(std::vector<GgufFile> parts) {
  BLUE_CHECK(!parts.empty(), "a model of no parts");
  BLUE_TRY_ASSIGN(const SplitKeys wanted, read_split_keys(parts.front()));
  const std::size_t n_parts = parts.size();
  for (std::uint32_t i = 0; i < n_parts; ++i)
    BLUE_TRY(check_part(parts[i], i, n_parts, parts.front(), wanted));

  GgufFile whole = std::move(parts.front());
  for (std::uint32_t i = 1; i < n_parts; ++i) {
    whole.parts_.push_back(std::move(parts[i].parts_.front()));
    for (TensorInfo& tensor : parts[i].tensors_) {
      tensor.file = i;
      whole.tensors_.push_back(std::move(tensor));
    }
  }
  if (const auto twice = whole.index_tensors()) {
    const TensorInfo& again = whole.tensors_[twice->second];
    return Error(ModelsError::malformed, whole.parts_[again.file].path + ": tensor \"" +
                                             printable(again.name, kNameShown) + "\" stands in " +
                                             whole.parts_[whole.tensors_[twice->first].file].path +
                                             " too");
  }
  if (wanted.n_tensors && *wanted.n_tensors != whole.tensors_.size()) {
    return Error(ModelsError::malformed,
                 whole.path() + ": its " + std::to_string(n_parts) + " parts hold " +
                     std::to_string(whole.tensors_.size()) +
                     " tensors, but split.tensors.count is " + std::to_string(*wanted.n_tensors) +
                     "; download the model again");
  }
  return whole;
}

Result<GgufFile> GgufFile::open(const std::string& path) {
  BLUE_TRY_ASSIGN(GgufFile named, open_part(path));
  BLUE_TRY_ASSIGN(const SplitKeys keys, read_split_keys(named));
  if (keys.count == 1) return named;
  const std::optional<SplitName> name = parse_split_name(path);
  if (!name || name->number != keys.index + 1 || name->count != keys.count) {
    return Error(ModelsError::malformed,
                 path + ": is " + part_of(keys.index + 1, keys.count) +
                     " of a split model by its keys; its name must end in " +
                     split_path("", keys.index + 1, keys.count));
  }
  std::vector<GgufFile> parts;
  std::uint64_t header_bytes = 0;
  for (std::uint32_t number = 1; number <= keys.count; ++number) {
    if (number == name->number) {
      parts.push_back(std::move(named));
    } else {
      BLUE_TRY_ASSIGN(GgufFile part, open_other_part(split_path(name->prefix, number, name->count),
                                                     number, name->count));
      parts.push_back(std::move(part));
    }
    header_bytes += parts.back().header_.size();
    if (header_bytes > kMaxHeaderBytes) {
      return Error(ModelsError::malformed, parts.back().path() +
                                               ": with it the model's headers are longer than " +
                                               std::to_string(kMaxHeaderBytes) + " bytes");
    }
  }
  return join(std::move(parts));
}

}  // namespace blue::models
