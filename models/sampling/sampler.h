// Sampler: picks the next token from logits. Greedy at temperature 0; otherwise, in the field's usual order:
//   top-k, then top-p, then min-p (all on the distribution at temperature 1), then temperature, then one draw.
// The generator is our own (xoshiro256**, seeded through splitmix64), and no std distribution is used: a seed gives the same
// tokens for the same logits with every compiler and machine.
// Depends on base. One thread. Allocates at construction alone.
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
  float min_p = 0;        ///< keep what has at least min_p of the top probability, in [0, 1]; 0: all
  std::uint64_t seed = 0;

  /// bad_sampling naming the field, its value and its range.
  [[nodiscard]] Status validate() const;
};

class Sampler {
 public:
  /// `spec` must be valid (BLUE_CHECK); n_vocab > 0.
  Sampler(const SamplingSpec& spec, std::uint32_t n_vocab);

  /// Shapes: logits [n_vocab] f32. Ties go to the lowest id. -inf and NaN are never picked; where one or more are +inf, only they are.
  /// kNoToken when nothing can be picked (all NaN or -inf): the caller reports a broken model.
  /// Bound: one pass, plus k·log(n) for top-k or top-p. Allocates nothing.
  TokenId pick(std::span<const float> logits);

  [[nodiscard]] const SamplingSpec& spec() const { return spec_; }
  /// Starts the generator anew.
  void reseed(std::uint64_t seed) { random_ = Random(seed); }

 private:
  struct Candidate {
    float logit;
    TokenId token;
  };

  /// Fills candidates_ with what may be picked; returns how many.
  std::size_t gather(std::span<const float> logits);
  /// Keeps the best of the first n by top-k and top-p, sorted; returns how many.
  std::size_t keep_best(std::size_t n);
  std::size_t keep_likely(std::size_t n);
  TokenId draw(std::size_t n);

  SamplingSpec spec_;
  Random random_;
  std::vector<Candidate> candidates_;
  std::vector<double> weights_;
};

}  // namespace blue::models
