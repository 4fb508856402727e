// Sampler: picks the next token from logits. Greedy at temperature 0; otherwise, in the field's
// usual order: top-k, then top-p, then min-p (all on the distribution at temperature 1), then
// temperature, then one draw.
// The generator is this project's own (xoshiro256**, seeded through splitmix64), and no std
// distribution is used: a seed gives the same draws with every compiler and machine (probabilities
// may differ by the last bit of exp there). Depends on base. One thread. Allocates at construction
// alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "models/models_error.h"
#include "models/sampling/random.h"

namespace blue::models {

struct SamplingSpec {
  float temperature = 0;  ///< 0: greedy; else > 0
  int top_k = 0;          ///< keep the k likeliest; 0: all
  float top_p = 1;        ///< keep the likeliest that together reach p, in (0, 1]; 1: all
  float min_p = 0;  ///< keep what has at least min_p of the top probability, in [0, 1]; 0: all
  std::uint64_t seed = 0;

  /// bad_sampling naming the field, its value and its range.
  [[nodiscard]] Status validate() const;
};

class Sampler {
 public:
  /// `spec` must be valid and n_vocab > 0 (BLUE_CHECK).
  Sampler(const SamplingSpec& spec, std::uint32_t n_vocab);

  /// Shapes: logits [n_vocab] f32. Ties go to the lowest id, also at the edge of top-k and top-p.
  /// -inf and NaN are never picked; where some are +inf, only they are, each as likely as the
  /// other. kNoToken when nothing can be picked (all NaN or -inf): the caller reports a broken
  /// model.
  /// Bound: passes over the logits, plus n_kept·log(n_vocab) for top-k and top-p. Allocates
  /// nothing.
  TokenId pick(std::span<const float> logits);

  [[nodiscard]] const SamplingSpec& spec() const { return spec_; }

 private:
  struct Candidate {
    float logit;
    TokenId token;
  };

  /// Is `a` less likely than `b`, or as likely with a higher id?
  static bool is_worse(const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit < b.logit : a.token > b.token;
  }
  /// Lists what can be picked in candidates_.
  void gather(std::span<const float> logits);
  void keep_top_k();
  void keep_top_p();
  void keep_min_p();
  TokenId draw();

  SamplingSpec spec_;
  Random random_;
  std::vector<Candidate> candidates_;
  std::vector<double> weights_;
  float maximum_ = 0;  ///< of the logits at hand
};

}  // namespace blue::models
