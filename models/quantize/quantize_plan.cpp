#include "models/quantize/quantize_plan.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include "models/gguf/gguf_parser.h"
#include "models/gguf/tensor_type.h"
#include "models/models_error.h"

namespace blue::models {
namespace {

using kernels::Format;

const Format& plain_format(std::string_view name) {
  const Format* format = kernels::find_format(name);
  BLUE_CHECK(format != nullptr, std::string(name) + " is not registered");
  return *format;
}

double bits_per_value(const Format& format) {
  return 8.0 * format.bytes_per_block / format.values_per_block;
}

bool is_matrix(const TensorInfo& tensor) {
  return tensor.dims[1] * tensor.dims[2] * tensor.dims[3] > 1;
}

bool is_kept_exact(const TensorInfo& tensor) {
  const auto names = [&](std::string_view part) {
    return tensor.name.find(part) != std::string::npos;
  };
  return names("norm") || names("gate_inp");
}

/// `wanted` where its block divides the row; else the smallest packed format of more bits that
/// does, else F16.
const Format& format_for_row(const Format& wanted, std::uint64_t row) {
  if (row % wanted.values_per_block == 0) return wanted;
  const Format* best = &plain_format("F16");
  for (const Format* format : kernels::registered_formats()) {
    if (format->values_per_block > 1 && row % format->values_per_block == 0 &&
        bits_per_value(*format) > bits_per_value(wanted) &&
        bits_per_value(*format) < bits_per_value(*best)) {
      best = format;
    }
  }
  return *best;
}

std::string in_capitals(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

std::string known_formats() {
  std::string known;
  for (const Format* format : kernels::registered_formats())
    known += " " + std::string(format->name);
  return known;
}

}  // namespace

QuantizeType::QuantizeType(const QuantizeMix& named)
    : format(&plain_format(named.base)), mix(&named) {}

Result<const Format*> require_format(std::string_view name) {
  const std::string upper = in_capitals(name);
  if (const Format* format = kernels::find_format(upper)) return format;
  const std::string what = is_tensor_type(upper)
                               ? "weight format " + upper + " cannot be written by this build"
                               : "unknown weight format \"" + printable(name, kNameShown) + "\"";
  return Error(ModelsError::unsupported_format, what + "; there are" + known_formats());
}

Result<QuantizeType> require_quantize_type(std::string_view name) {
  const std::string upper = in_capitals(name);
  std::string known;
  for (const QuantizeMix& mix : quantize_mixes()) {
    if (mix.name == upper) return QuantizeType(mix);
    known += " " + std::string(mix.name);
  }
  auto format = require_format(name);
  if (format) return QuantizeType(**format);
  return Error(ModelsError::unsupported_format,
               format.error().message() + "; and the mixes" + known);
}

Result<FormatOverride> parse_override(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) {
    return Error(ModelsError::unsupported_format,
                 "override \"" + printable(text, kNameShown) +
                     "\" is not PATTERN=TYPE, like '*ffn_down*=Q6_K'");
  }
  BLUE_TRY_ASSIGN(const Format* format, require_format(std::string_view(text).substr(equals + 1)));
  return FormatOverride{text.substr(0, equals), format};
}

Result<QuantizePlan> plan_quantize(const GgufFile& file, const QuantizeType& wanted,
                                   const std::vector<FormatOverride>& overrides) {
  QuantizePlan plan{.wanted = wanted, .tensors = {}};
  std::optional<MixedModel> model;
  if (wanted.mix != nullptr) {
    BLUE_TRY_ASSIGN(model, MixedModel::read(file));
  }
  std::vector<bool> was_used(overrides.size());
  for (const TensorInfo& tensor : file.tensors()) {
    const Format* from = kernels::find_format(tensor.type);
    if (from == nullptr) {
      return Error(ModelsError::unsupported_format,
                   file.path() + ": tensor \"" + printable(tensor.name, kNameShown) +
                       "\" is of type " + tensor_type_text(tensor.type) +
                       ", which this program cannot read");
    }
    const Format* asked = !is_matrix(tensor) || is_kept_exact(tensor) ? &plain_format("F32")
                          : model ? &model->format_of(*wanted.mix, tensor.name)
                                  : wanted.format;
    for (std::size_t i = 0; i < overrides.size() && is_matrix(tensor); ++i) {
      if (::fnmatch(overrides[i].pattern.c_str(), tensor.name.c_str(), 0) != 0) continue;
      asked = overrides[i].format;
      was_used[i] = true;
    }
    plan.tensors.push_back({&tensor, from, &format_for_row(*asked, tensor.dims[0]), asked});
  }
  if (const auto unused = std::find(was_used.begin(), was_used.end(), false);
      unused != was_used.end()) {
    return Error(
        ModelsError::unsupported_format,
        file.path() + ": override \"" +
            printable(overrides[static_cast<std::size_t>(unused - was_used.begin())].pattern,
                      kNameShown) +
            "\" fits no matrix of this model; `blue inspect` lists their names");
  }
  return plan;
}

std::string describe_fallbacks(const QuantizePlan& plan) {
  std::size_t n = 0;
  const PlannedTensor* first = nullptr;
  for (const PlannedTensor& planned : plan.tensors) {
    if (planned.to == planned.wanted) continue;
    if (first == nullptr) first = &planned;
    ++n;
  }
  if (n == 0) return {};
  return "rows of " + std::to_string(n) + (n == 1 ? " tensor do" : " tensors do") +
         " not divide into blocks of their format and get another; the first is \"" +
         printable(first->tensor->name, kNameShown) + "\", rows of " +
         std::to_string(first->tensor->dims[0]) + ": " + std::string(first->to->name) +
         " instead of " + std::string(first->wanted->name);
}

}  // namespace blue::models
