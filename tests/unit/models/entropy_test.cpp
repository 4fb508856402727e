#include "models/entropy.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <vector>

#include "models/sampling/random.h"

namespace blue::models {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

bool is_near(float a, double b, double tolerance = 1e-6) {
  return std::abs(static_cast<double>(a) - b) <= tolerance;
}

/// The definition, in extended precision: -sum p ln p.
double entropy_by_definition(const std::vector<float>& logits) {
  long double total = 0;
  for (const float logit : logits) total += std::exp(static_cast<long double>(logit));
  long double entropy = 0;
  for (const float logit : logits) {
    const long double p = std::exp(static_cast<long double>(logit)) / total;
    if (p > 0) entropy -= p * std::log(p);
  }
  return static_cast<double>(entropy);
}

TEST_CASE("equal logits have the entropy of their number, whatever their height") {
  for (const float height : {0.0F, 1e30F, -1e30F}) {
    const TokenStatistics statistics = token_statistics(std::vector<float>(1024, height), 3);
    CHECK(is_near(statistics.entropy_nats, std::log(1024.0)));
    CHECK(is_near(statistics.top_probability, 1.0 / 1024));
    CHECK(is_near(statistics.chosen_probability, 1.0 / 1024));
  }
}

TEST_CASE("entropy agrees with its definition on random logits") {
  Random random(5);
  for (const float spread : {0.1F, 1.0F, 10.0F, 50.0F}) {
    std::vector<float> logits(5000);
    for (float& logit : logits) logit = spread * static_cast<float>(random.uniform() * 2 - 1);
    const TokenStatistics statistics = token_statistics(logits, 0);
    CHECK(is_near(statistics.entropy_nats, entropy_by_definition(logits), 2e-6));
  }
}

TEST_CASE("a certain token has entropy zero and probability one") {
  const TokenStatistics statistics =
      token_statistics(std::vector<float>{-kInfinity, 2, -kInfinity}, 1);
  CHECK(statistics.entropy_nats == 0);
  CHECK(statistics.top_probability == 1);
  CHECK(statistics.chosen_probability == 1);
}

TEST_CASE("the chosen token's probability is its own, and zero for none") {
  const std::vector<float> logits{std::log(0.7F), std::log(0.2F), std::log(0.1F), -kInfinity};
  CHECK(is_near(token_statistics(logits, 1).chosen_probability, 0.2));
  CHECK(is_near(token_statistics(logits, 1).top_probability, 0.7));
  CHECK(token_statistics(logits, 3).chosen_probability == 0);
  CHECK(token_statistics(logits, kNoToken).chosen_probability == 0);
  CHECK(token_statistics(logits, 4).chosen_probability == 0);
}

TEST_CASE("logits that are no distribution give no statistics") {
  CHECK_FALSE(token_statistics(std::vector<float>{1, kNan, 2}, 0).is_valid());
  CHECK_FALSE(token_statistics(std::vector<float>{1, kInfinity, 2}, 0).is_valid());
  CHECK_FALSE(token_statistics(std::vector<float>{-kInfinity, -kInfinity}, 0).is_valid());
  CHECK_FALSE(token_statistics({}, 0).is_valid());
  CHECK(std::isnan(token_statistics(std::vector<float>{kNan}, 0).chosen_probability));
}

}  // namespace
}  // namespace blue::models
