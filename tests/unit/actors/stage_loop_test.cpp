#include "actors/stage/stage_loop.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <new>
#include <thread>

#include "actors/actors_error.h"

namespace {
std::atomic<std::uint64_t> n_allocations{0};
}  // namespace

// Counts every allocation of this executable, so that a test can say that a stretch of code makes
// none.
void* operator new(std::size_t size) {
  n_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// AddressSanitizer brings this one of its own otherwise, and sees its memory freed by ours.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  n_allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace blue::actors {
namespace {

/// Gives `n_tokens` tokens of one text, and notes how many allocations there had been at the first
/// and at the last.
class CountingSource final : public TokenSource {
 public:
  std::uint32_t n_tokens = 0;
  std::string text = "word ";
  std::uint64_t at_first = 0;
  std::uint64_t at_last = 0;
  std::optional<Error> error;
  std::function<void(std::uint32_t)> before;

  Result<SourceBegin> begin(const StageJob&, const StopToken&) override {
    return SourceBegin{7, 0};
  }
  Result<std::optional<SourceToken>> next(const StopToken&) override {
    if (n_given_ == 0) at_first = n_allocations.load();
    if (before) before(n_given_);
    if (n_given_ == n_tokens) {
      at_last = n_allocations.load();
      if (error) return *error;
      return std::optional<SourceToken>();
    }
    return std::optional(SourceToken{static_cast<TokenId>(n_given_++), 0.5F, text});
  }
  std::string_view rest() override { return "!"; }
  messages::StageEnd end() const override { return messages::StageEnd::token_budget; }
  std::uint64_t n_misses() const override { return 3; }

 private:
  std::uint32_t n_given_ = 0;
};

StageJob job_of(std::uint32_t max_tokens) {
  StageJob job;
  job.job = 5;
  job.max_tokens = max_tokens;
  return job;
}

}  // namespace

TEST_CASE("the token loop allocates nothing between the first token and the last") {
  StageChannel channel(0, "code");
  CountingSource source;
  source.n_tokens = 1000;
  const StageOutcome outcome = run_stage_job(job_of(1000), source, channel, child_of({}));
  CHECK(source.at_last == source.at_first);
  CHECK(outcome.figures.n_tokens == 1000);
  CHECK(outcome.figures.n_prompt_tokens == 7);
  CHECK(outcome.figures.n_misses == 3);
  CHECK(outcome.figures.mean_entropy_micronats == 500'000);
  CHECK(outcome.end == messages::StageEnd::token_budget);
}

TEST_CASE("every token leaves a sample, its text, and a trace under the handler's span") {
  StageChannel channel(0, "code");
  CountingSource source;
  source.n_tokens = 3;
  source.text = "a text that is longer than one record of the ring holds";
  const TraceContext running = child_of({});
  const StageOutcome outcome = run_stage_job(job_of(3), source, channel, running);
  std::string text;
  channel.text.drain([&](const messages::TextRecord& record) {
    CHECK(record.offset == text.size());
    CHECK(record.job == 5);
    text += record.text();
  });
  CHECK(text == outcome.text);
  CHECK(text == source.text + source.text + source.text + "!");
  std::uint32_t n_samples = 0;
  channel.samples.drain([&](const messages::TokenSample& sample) {
    CHECK(sample.index == n_samples++);
    CHECK(sample.trace.parent == running.span);
  });
  CHECK(n_samples == 3);
}

TEST_CASE("a preempted job keeps what it had and a later job is not stopped by it") {
  StageChannel channel(0, "code");
  CountingSource source;
  source.n_tokens = 10;
  source.before = [&](std::uint32_t n_given) {
    if (n_given == 4) channel.preempt(5, messages::PreemptReason::repetition);
  };
  const StageOutcome outcome = run_stage_job(job_of(10), source, channel, {});
  REQUIRE(outcome.preempted.has_value());
  CHECK(*outcome.preempted == messages::PreemptReason::repetition);
  CHECK(outcome.figures.n_tokens == 5);
  CHECK(channel.current_job() == 0);

  CountingSource later;
  later.n_tokens = 2;
  StageJob job = job_of(2);
  job.job = 6;
  CHECK_FALSE(run_stage_job(job, later, channel, {}).preempted.has_value());
}

TEST_CASE("a job that was preempted before it began is refused, and a closed channel refuses all") {
  StageChannel channel(0, "code");
  channel.preempt(5, messages::PreemptReason::cancelled);
  CountingSource source;
  const StageOutcome refused = run_stage_job(job_of(1), source, channel, {});
  REQUIRE(refused.preempted.has_value());
  CHECK(*refused.preempted == messages::PreemptReason::cancelled);
  StageJob other = job_of(1);
  other.job = 6;
  CHECK_FALSE(run_stage_job(other, source, channel, {}).preempted.has_value());
  channel.close();
  other.job = 7;
  CHECK(run_stage_job(other, source, channel, {}).preempted.has_value());
}

TEST_CASE("an error of the source ends the job with the text so far") {
  StageChannel channel(0, "code");
  CountingSource source;
  source.n_tokens = 2;
  source.error = Error(ActorsError::bad_request, "broken");
  const StageOutcome outcome = run_stage_job(job_of(5), source, channel, {});
  REQUIRE(outcome.error.has_value());
  CHECK(outcome.error->message() == "broken");
  CHECK(outcome.text == "word word !");
}

TEST_CASE("text that a full ring dropped is in the outcome") {
  StageChannel channel(0, "code");
  CountingSource source;
  source.n_tokens = 20000;
  const StageOutcome outcome = run_stage_job(job_of(20000), source, channel, {});
  CHECK(channel.text.dropped() > 0);
  CHECK(outcome.text.size() == 20000 * 5 + 1);
}

}  // namespace blue::actors
