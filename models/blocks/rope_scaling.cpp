// Keys that stretch the rotation beyond the trained context.
//   linear    Every frequency times 1 / factor.
//             Source: Chen et al. 2023, Extending context window via position interpolation.
//   yarn      Short wavelengths keep their frequency, long ones are interpolated, a ramp between.
//             Source: Peng et al. 2023, YaRN, §3.2 (the ramp, with rotations counted over the
//             original context) and §3.4 (the magnitude).
//   divisors  Per dimension (tensor rope_freqs.weight): the scheme of Meta's Llama 3.1, computed by
//             the converter.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "models/blocks/program_builder.h"
#include "models/gguf/gguf_parser.h"

namespace blue::models {

namespace {

constexpr std::size_t kTypeShown = 40;

}  // namespace

void ProgramBuilder::read_rope_scaling() {
  const std::string prefix = program_.hyper.architecture + ".rope.";
  // Files from before the key `type` mean linear where they state a factor.
  const std::string type(file_.text(prefix + "scaling.type").value_or("linear"));
  const bool has_factor = file_.has(prefix + "scaling.factor");
  float factor = number(has_factor ? "rope.scaling.factor" : "rope.scale_linear", 1.0);
  if (type == "none") factor = 1.0F;
  if (type == "none" || type == "linear") {
    program_.hyper.rope_scaling.scale = 1.0F / factor;
  } else if (type == "yarn") {
    read_yarn(factor);
  } else {
    fail(ModelsError::unsupported_format,
         "rope scaling '" + printable(type, kTypeShown) + "' is not supported");
  }
}

void ProgramBuilder::read_yarn(float factor) {
  const HyperParameters& hyper = program_.hyper;
  const double n_original =
      count("rope.scaling.original_context_length", hyper.n_context, 1ULL << 31);
  if (hyper.rope_base <= 1.0F) {
    return fail(ModelsError::bad_shape, "YaRN needs a rope.freq_base above 1");
  }
  const double dims = hyper.rotary_dims;
  // The pair that turns `rotations` times over the original context.
  const auto pair_of = [&](double rotations) {
    return dims * std::log(n_original / (rotations * 2.0 * std::numbers::pi)) /
           (2.0 * std::log(hyper.rope_base));
  };
  const double low =
      std::max(0.0, std::floor(pair_of(number("rope.scaling.yarn_beta_fast", 32.0))));
  const double high =
      std::min(dims - 1.0, std::ceil(pair_of(number("rope.scaling.yarn_beta_slow", 1.0))));
  constexpr double kNarrowestRamp = 0.001;
  RopeScaling& scaling = program_.hyper.rope_scaling;
  scaling.scale = 1.0F / factor;
  scaling.yarn_mix = number("rope.scaling.yarn_ext_factor", 1.0);
  scaling.yarn_low = static_cast<float>(low);
  scaling.yarn_high = static_cast<float>(std::max(high, low + kNarrowestRamp));
  const float stated = number(file_.has(hyper.architecture + ".rope.scaling.yarn_attn_factor")
                                  ? "rope.scaling.yarn_attn_factor"
                                  : "rope.scaling.attn_factor",
                              1.0);
  scaling.magnitude = stated * (1.0F + 0.1F * std::log(factor));
}

}  // namespace blue::models
