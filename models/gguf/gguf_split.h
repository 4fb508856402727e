// Models split over several GGUF files: "X-00001-of-00003.gguf" and so on, each with the keys
// split.no (from 0), split.count and split.tensors.count; the first holds the model's keys.
// GgufFile::open and GgufFile::join are defined in gguf_split.cpp. The input is untrusted: names
// and keys are checked against each other, every refusal names the file. Depends on base,
// models/gguf/gguf_file.h. Pure but for GgufFile::open; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "models/gguf/gguf_file.h"

namespace blue::models {

/// A part as its name gives it.
struct SplitName {
  std::string_view prefix;   ///< a view into the path
  std::uint32_t number = 0;  ///< from 1
  std::uint32_t count = 0;
};

/// Nothing for the name of a whole model.
std::optional<SplitName> parse_split_name(std::string_view path);
/// The path of part `number` (from 1) of `count`.
std::string split_path(std::string_view prefix, std::uint32_t number, std::uint32_t count);

/// A part as its keys give it. A whole model is part 0 of 1.
struct SplitKeys {
  std::uint32_t index = 0;  ///< from 0
  std::uint32_t count = 1;
  std::optional<std::uint64_t> n_tensors;  ///< of all parts together
};

/// Errors: malformed (an index beyond the count, a number that is none).
Result<SplitKeys> read_split_keys(const GgufFile& file);

}  // namespace blue::models
