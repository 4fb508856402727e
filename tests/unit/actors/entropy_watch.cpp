#include "actors/stage/entropy_watch.h"

#include <catch2/catch_test_macros.hpp>
#include <vector>

namespace blue::actors {
namespace {

struct Heard {
  std::vector<HintKind> hints;
  std::optional<messages::PreemptReason> degeneration;
  std::uint32_t at = 0;  ///< tokens fed when degeneration was reported
};

/// Feeds n tokens from functions of the index.
template <class Token, class Entropy>
Heard feed(EntropyWatch& watch, std::uint32_t n, Token token, Entropy entropy) {
  Heard heard;
  for (std::uint32_t i = 0; i < n; ++i) {
    const EntropyVerdict verdict = watch.feed(token(i), entropy(i));
    if (verdict.hint) heard.hints.push_back(*verdict.hint);
    if (verdict.degeneration) {
      REQUIRE_FALSE(heard.degeneration);
      heard.degeneration = verdict.degeneration;
      heard.at = i + 1;
    }
  }
  return heard;
}

const auto kDistinct = [](std::uint32_t i) { return static_cast<TokenId>(i); };
const auto kCalm = [](std::uint32_t) { return 1.0F; };

bool has(const Heard& heard, HintKind hint) {
  return std::find(heard.hints.begin(), heard.hints.end(), hint) != heard.hints.end();
}

TEST_CASE("cycles of any period up to the limit are repetition, longer text is not") {
  for (const std::uint32_t period : {1U, 2U, 3U, 7U, 24U}) {
    EntropyWatch watch({});
    watch.begin(10000);
    const Heard heard = feed(
        watch, 400, [&](std::uint32_t i) { return static_cast<TokenId>(i % period); }, kCalm);
    INFO("period " << period);
    REQUIRE(heard.degeneration == messages::PreemptReason::repetition);
    CHECK(heard.at >= 64 + period);
    CHECK(heard.at <= 24 * 6 + period);
  }
  EntropyWatch watch({});
  watch.begin(10000);
  const Heard varied = feed(
      watch, 2000, [](std::uint32_t i) { return static_cast<TokenId>(i * i % 257); }, kCalm);
  CHECK_FALSE(varied.degeneration);
}

TEST_CASE("a cycle that is broken in time is no degeneration") {
  EntropyWatch watch({});
  watch.begin(10000);
  const Heard heard = feed(
      watch, 600,
      [](std::uint32_t i) { return static_cast<TokenId>(i % 50 == 0 ? 1000 + i : i % 2); }, kCalm);
  CHECK_FALSE(heard.degeneration);
}

TEST_CASE("entropy pinned high is judged against the stage's own history") {
  EntropyWatch was_calm({});
  was_calm.begin(10000);
  const Heard heard =
      feed(was_calm, 400, kDistinct, [](std::uint32_t i) { return i < 100 ? 0.5F : 5.0F; });
  REQUIRE(heard.degeneration == messages::PreemptReason::entropy_pinned_high);
  CHECK(heard.at == 228);

  EntropyWatch always_high({});
  always_high.begin(10000);
  CHECK_FALSE(feed(always_high, 400, kDistinct, [](std::uint32_t) { return 5.0F; }).degeneration);
}

TEST_CASE("entropy pinned at zero is degenerate only where there was life before") {
  EntropyWatch was_lively({});
  was_lively.begin(10000);
  const Heard heard =
      feed(was_lively, 400, kDistinct, [](std::uint32_t i) { return i < 50 ? 1.0F : 0.0F; });
  CHECK(heard.degeneration == messages::PreemptReason::entropy_pinned_zero);

  EntropyWatch always_sure({});
  always_sure.begin(10000);
  CHECK_FALSE(feed(always_sure, 1000, kDistinct, [](std::uint32_t) { return 0.0F; }).degeneration);
}

TEST_CASE("level hints are given when the window changes sides, not for as long as it stays") {
  EntropyWatch watch({});
  watch.begin(100000);
  const Heard heard = feed(watch, 300, kDistinct, [](std::uint32_t i) {
    return i < 100 ? 0.01F : i < 200 ? 4.0F : 0.01F;
  });
  CHECK(heard.hints ==
        std::vector{HintKind::low_entropy, HintKind::high_entropy, HintKind::low_entropy});
}

TEST_CASE("prefetch comes once, at three quarters of what the stage is expected to take") {
  EntropyWatch watch({});
  watch.begin(40);
  CHECK_FALSE(has(feed(watch, 29, kDistinct, kCalm), HintKind::prefetch_now));
  CHECK(feed(watch, 1, kDistinct, kCalm).hints == std::vector{HintKind::prefetch_now});
  CHECK_FALSE(has(feed(watch, 50, kDistinct, kCalm), HintKind::prefetch_now));
}

TEST_CASE("a new job begins with no tokens and gives its hints anew") {
  EntropyWatch watch({});
  watch.begin(20);
  CHECK(has(feed(watch, 20, kDistinct, kCalm), HintKind::prefetch_now));
  watch.begin(20);
  CHECK(watch.n_tokens() == 0);
  CHECK(watch.mean_entropy_nats() == 0.0F);
  CHECK(has(feed(watch, 20, kDistinct, kCalm), HintKind::prefetch_now));
}

}  // namespace
}  // namespace blue::actors
