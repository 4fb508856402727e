#include "models/sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace blue::models {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Error out_of_range(const char* field, const std::string& value, const char* range) {
  return Error(ModelsError::bad_sampling,
               std::string("sampling: ") + field + " is " + value + "; it must be " + range);
}

TokenId likeliest(std::span<const float> logits) {
  TokenId best = kNoToken;
  float maximum = -kInfinity;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] > maximum)) continue;  // also for NaN
    maximum = logits[i];
    best = static_cast<TokenId>(i);
  }
  return best;
}

/// e^((logit - maximum) / temperature); 1 at the maximum also when that is infinite.
double weight_of(float logit, float maximum, double temperature) {
  if (logit == maximum) return 1;
  return std::exp((static_cast<double>(logit) - static_cast<double>(maximum)) / temperature);
}

}  // namespace

Status SamplingSpec::validate() const {
  if (!(temperature >= 0 && temperature < kInfinity)) {
    return out_of_range("temperature", std::to_string(temperature),
                        "0 (greedy) or a positive number");
  }
  if (top_k < 0) return out_of_range("top_k", std::to_string(top_k), "0 (all) or a positive count");
  if (!(top_p > 0 && top_p <= 1))
    return out_of_range("top_p", std::to_string(top_p), "above 0 and at most 1");
  if (!(min_p >= 0 && min_p <= 1))
    return out_of_range("min_p", std::to_string(min_p), "from 0 to 1");
  return {};
}

Sampler::Sampler(const SamplingSpec& spec, std::uint32_t n_vocab)
    : spec_(spec), random_(spec.seed) {
  BLUE_CHECK(spec.validate().ok());
  BLUE_CHECK(n_vocab > 0);
  if (spec.temperature == 0) return;  // greedy needs neither list
  candidates_.reserve(n_vocab);
  weights_.reserve(n_vocab);
}

TokenId Sampler::pick(std::span<const float> logits) {
  if (spec_.temperature == 0) return likeliest(logits);
  BLUE_CHECK(logits.size() <= candidates_.capacity(), "more logits than the vocabulary has tokens");
  gather(logits);
  if (candidates_.empty()) return kNoToken;
  keep_top_k();
  keep_top_p();
  keep_min_p();
  return draw();
}

void Sampler::gather(std::span<const float> logits) {
  candidates_.clear();
  maximum_ = -kInfinity;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] > -kInfinity)) continue;
    candidates_.push_back({logits[i], static_cast<TokenId>(i)});
    maximum_ = std::max(maximum_, logits[i]);
  }
}

void Sampler::keep_top_k() {
  const auto k = static_cast<std::size_t>(spec_.top_k);
  if (k == 0 || k >= candidates_.size()) return;
  const auto is_better = [](const Candidate& a, const Candidate& b) { return is_worse(b, a); };
  std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(k),
                    candidates_.end(), is_better);
  candidates_.resize(k);
}

void Sampler::keep_top_p() {
  if (spec_.top_p == 1) return;
  double total = 0;
  for (const Candidate& candidate : candidates_) total += weight_of(candidate.logit, maximum_, 1);
  // Pops the best off a heap, one by one, to the end of the list: few are kept of many.
  const auto begin = candidates_.begin();
  auto end_of_heap = candidates_.end();
  std::make_heap(begin, end_of_heap, is_worse);
  double reached = 0;
  do {
    std::pop_heap(begin, end_of_heap, is_worse);
    --end_of_heap;
    reached += weight_of(end_of_heap->logit, maximum_, 1);
  } while (end_of_heap != begin && reached < static_cast<double>(spec_.top_p) * total);
  candidates_.erase(begin, end_of_heap);
}

void Sampler::keep_min_p() {
  if (spec_.min_p == 0) return;
  const float min_p = spec_.min_p;
  const auto is_unlikely = [&](const Candidate& candidate) {
    return weight_of(candidate.logit, maximum_, 1) < static_cast<double>(min_p);
  };
  candidates_.erase(std::remove_if(candidates_.begin(), candidates_.end(), is_unlikely),
                    candidates_.end());
}

TokenId Sampler::draw() {
  weights_.clear();
  double total = 0;
  for (const Candidate& candidate : candidates_) {
    weights_.push_back(
        weight_of(candidate.logit, maximum_, static_cast<double>(spec_.temperature)));
    total += weights_.back();
  }
  double left = random_.uniform() * total;
  TokenId last = kNoToken;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (weights_[i] == 0) continue;
    last = candidates_[i].token;
    left -= weights_[i];
    if (left < 0) return last;
  }
  return last;  // the sum, rounded, fell short of the draw
}

}  // namespace blue::models
