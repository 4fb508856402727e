#include "models/sampling/sampler.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace blue::models {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr int kDraws = 40'000;

/// Pearson's statistic of `kDraws` draws against `wanted`; a draw of probability 0 makes it
/// infinite.
double chi_square(Sampler& sampler, const std::vector<float>& logits,
                  const std::vector<double>& wanted) {
  std::vector<int> counts(logits.size(), 0);
  for (int i = 0; i < kDraws; ++i) ++counts.at(static_cast<std::size_t>(sampler.pick(logits)));
  double statistic = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = wanted[i] * kDraws;
    if (expected == 0 && counts[i] > 0) return std::numeric_limits<double>::infinity();
    if (expected > 0) statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return statistic;
}

/// Softmax at `temperature` over the tokens in `kept`, 0 elsewhere.
std::vector<double> exact(const std::vector<float>& logits, double temperature,
                          const std::vector<std::size_t>& kept) {
  std::vector<double> out(logits.size(), 0);
  double total = 0;
  for (const std::size_t i : kept)
    total += out[i] = std::exp(static_cast<double>(logits[i]) / temperature);
  for (double& p : out) p /= total;
  return out;
}

// Probabilities at temperature 1: 0.4, 0.3, 0.15, 0.1, 0.05.
const std::vector<float> kLogits{std::log(0.4F), std::log(0.3F), std::log(0.15F), std::log(0.1F),
                                 std::log(0.05F)};
// The 0.1 % point of chi-square with 4 degrees of freedom; fewer degrees stay below it all the
// more.
constexpr double kCritical = 18.47;

TEST_CASE("greedy takes the largest logit, and of equals the lowest id") {
  Sampler sampler({}, 4);
  CHECK(sampler.pick(std::vector<float>{0, 3, 3, 1}) == 1);
  CHECK(sampler.pick(std::vector<float>{-kInfinity, kNan, -5, -5}) == 2);
  CHECK(sampler.pick(std::vector<float>{0, kInfinity, 9, kNan}) == 1);
  CHECK(sampler.pick(std::vector<float>{kNan, -kInfinity, kNan, -kInfinity}) == kNoToken);
}

TEST_CASE("temperature 1 draws from the softmax of the logits") {
  Sampler sampler({.temperature = 1, .seed = 11}, 5);
  CHECK(chi_square(sampler, kLogits, exact(kLogits, 1, {0, 1, 2, 3, 4})) < kCritical);
}

TEST_CASE("a temperature flattens or sharpens the softmax") {
  Sampler flat({.temperature = 2, .seed = 12}, 5);
  CHECK(chi_square(flat, kLogits, exact(kLogits, 2, {0, 1, 2, 3, 4})) < kCritical);
  Sampler sharp({.temperature = 0.5F, .seed = 13}, 5);
  CHECK(chi_square(sharp, kLogits, exact(kLogits, 0.5, {0, 1, 2, 3, 4})) < kCritical);
  // And the statistic can tell: the sharp sampler does not pass for the flat one.
  CHECK(chi_square(sharp, kLogits, exact(kLogits, 2, {0, 1, 2, 3, 4})) > 10 * kCritical);
}

TEST_CASE("top-k keeps the k likeliest and their proportions") {
  Sampler sampler({.temperature = 1, .top_k = 3, .seed = 14}, 5);
  CHECK(chi_square(sampler, kLogits, exact(kLogits, 1, {0, 1, 2})) < kCritical);
}

TEST_CASE("top-p keeps the likeliest that together reach p") {
  Sampler sampler({.temperature = 1, .top_p = 0.75F, .seed = 15}, 5);
  CHECK(chi_square(sampler, kLogits, exact(kLogits, 1, {0, 1, 2})) < kCritical);
}

TEST_CASE("top-p looks at the distribution that top-k leaves") {
  // Of the first two alone, the first has 0.571: enough for 0.55. Of all five it would take two.
  Sampler sampler({.temperature = 1, .top_k = 2, .top_p = 0.55F, .seed = 16}, 5);
  CHECK(chi_square(sampler, kLogits, exact(kLogits, 1, {0})) < kCritical);
}

TEST_CASE("min-p keeps what has its share of the top probability, whatever the temperature") {
  Sampler sampler({.temperature = 3, .min_p = 0.3F, .seed = 17}, 5);
  CHECK(chi_square(sampler, kLogits, exact(kLogits, 3, {0, 1, 2})) < kCritical);
}

TEST_CASE("of equal logits top-k and top-p keep the lowest ids") {
  const std::vector<float> equal(6, 1.0F);
  Sampler by_count({.temperature = 1, .top_k = 2, .seed = 18}, 6);
  CHECK(chi_square(by_count, equal, exact(equal, 1, {0, 1})) < kCritical);
  Sampler by_mass({.temperature = 1, .top_p = 0.4F, .seed = 19}, 6);
  CHECK(chi_square(by_mass, equal, exact(equal, 1, {0, 1, 2})) < kCritical);
}

TEST_CASE("minus infinity and NaN are never drawn, plus infinity always is") {
  Sampler sampler({.temperature = 1, .top_p = 0.99F, .seed = 20}, 4);
  const std::vector<float> holes{kNan, 0, -kInfinity, 0};
  CHECK(chi_square(sampler, holes, {0, 0.5, 0, 0.5}) < kCritical);
  const std::vector<float> peaks{kInfinity, 0, kInfinity, 5};
  CHECK(chi_square(sampler, peaks, {0.5, 0, 0.5, 0}) < kCritical);
  CHECK(sampler.pick(std::vector<float>{kNan, kNan, -kInfinity, kNan}) == kNoToken);
}

TEST_CASE("a seed gives the same tokens again, another one others") {
  const auto draw = [](std::uint64_t seed) {
    Sampler sampler({.temperature = 1, .seed = seed}, 5);
    std::vector<TokenId> out(200);
    std::generate(out.begin(), out.end(), [&] { return sampler.pick(kLogits); });
    return out;
  };
  CHECK(draw(7) == draw(7));
  CHECK(draw(7) != draw(8));
}

TEST_CASE("the generator is xoshiro256** behind splitmix64, number for number") {
  // Computed with arbitrary-precision integers from the published definitions.
  Random random(42);
  CHECK(random.next() == 0x15780b2e0c2ec716U);
  CHECK(random.next() == 0x6104d9866d113a7eU);
  CHECK(random.next() == 0xae17533239e499a1U);
}

TEST_CASE("a spec outside its ranges is refused by field") {
  const auto message = [](const SamplingSpec& spec) { return spec.validate().error().message(); };
  CHECK(SamplingSpec{}.validate().ok());
  CHECK(SamplingSpec{.temperature = 0.7F, .top_k = 40, .top_p = 0.9F, .min_p = 0.05F}
            .validate()
            .ok());
  CHECK(message({.temperature = -1}).find("temperature is -1") != std::string::npos);
  CHECK(message({.temperature = kNan}).find("temperature") != std::string::npos);
  CHECK(message({.temperature = kInfinity}).find("temperature") != std::string::npos);
  CHECK(message({.top_k = -3}).find("top_k is -3") != std::string::npos);
  CHECK(message({.top_p = 0}).find("top_p") != std::string::npos);
  CHECK(message({.top_p = 1.5F}).find("top_p") != std::string::npos);
  CHECK(message({.min_p = -0.1F}).find("min_p") != std::string::npos);
  CHECK(SamplingSpec{.top_k = -1}.validate().error().is(ModelsError::bad_sampling));
}

}  // namespace
}  // namespace blue::models
