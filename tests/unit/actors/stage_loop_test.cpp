#include "actors/stage/stage_loop.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <map>
#include <new>
#include <thread>

#include "actors/actors_error.h"
#include "actors/stage/ring_link.h"

namespace {
std::atomic<std::uint64_t> n_allocations{0};
}  // namespace

// Counts every allocation of this executable, so that a test can say that a stretch of code makes
// none. GCC sees free() on a pointer from new and not that these two are a pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
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

  Result<SourceBegin> begin(const messages::JobSpec&, const StopToken&) override {
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

messages::JobSpec job_of(std::uint32_t max_tokens, std::uint64_t number = 5) {
  messages::JobSpec job;
  job.key.job = {number};
  job.max_tokens = max_tokens;
  return job;
}

/// A stage's channel with its link.
struct Ground {
  StageChannel channel{{0}, "code"};
  KvCacheStore kv{1_MiB};
  TraceHub hub{4096};
  messages::TraceScope trace{hub, "stage.code", "stage"};
  RingLink link{channel, kv, trace};

  StageOutcome run(const messages::JobSpec& job, TokenSource& source) {
    const JobScope scope(link, job.key.job);
    return run_stage_job(job, scope, source, link);
  }
};

}  // namespace

TEST_CASE("the token loop allocates nothing between the first token and the last") {
  Ground ground;
  CountingSource source;
  source.n_tokens = 1000;
  const StageOutcome outcome = ground.run(job_of(1000), source);
  CHECK(source.at_last == source.at_first);
  CHECK(outcome.figures.n_tokens == 1000);
  CHECK(outcome.figures.n_prompt_tokens == 7);
  CHECK(outcome.figures.n_misses == 3);
  CHECK(outcome.figures.mean_entropy_micronats == 500'000);
  CHECK(outcome.end == messages::StageEnd::token_budget);
}

TEST_CASE("every token leaves a sample, its text, and a trace under the handler's span") {
  Ground ground;
  StageChannel& channel = ground.channel;
  CountingSource source;
  source.n_tokens = 3;
  source.text = "a text that is longer than one record of the ring holds";
  const TraceContext running = child_of({});
  StageOutcome outcome;
  {
    const messages::TraceScope::Handling handling(ground.trace, running, "run_stage");
    outcome = ground.run(job_of(3), source);
  }
  std::string text;
  channel.text.drain([&](const messages::TextRecord& record) {
    CHECK(record.offset == text.size());
    CHECK(record.job.value == 5);
    text += record.text();
  });
  CHECK(text == outcome.text.text);
  CHECK(text == source.text + source.text + source.text + "!");
  std::uint32_t n_samples = 0;
  channel.samples.drain([&](const messages::TokenSample& sample) {
    CHECK(sample.index == n_samples++);
    CHECK(sample.trace.parent == running.span);
  });
  CHECK(n_samples == 3);
  // A step per token and one that finds the end, each under the handler.
  std::vector<TraceSpan> spans;
  ground.hub.drain(spans);
  std::map<std::string, int> n_by_name;
  for (const TraceSpan& span : spans) {
    ++n_by_name[span.name];
    if (span.context.span != running.span) CHECK(span.context.parent == running.span);
  }
  CHECK(n_by_name == std::map<std::string, int>{{"prompt", 1}, {"run_stage", 1}, {"step", 4}});
}

TEST_CASE("a preempted job keeps what it had and a later job is not stopped by it") {
  Ground ground;
  StageChannel& channel = ground.channel;
  CountingSource source;
  source.n_tokens = 10;
  source.before = [&](std::uint32_t n_given) {
    if (n_given == 4) channel.preempt({5}, messages::PreemptReason::repetition);
  };
  const StageOutcome outcome = ground.run(job_of(10), source);
  REQUIRE(outcome.preempted.has_value());
  CHECK(*outcome.preempted == messages::PreemptReason::repetition);
  CHECK(outcome.figures.n_tokens == 5);
  CHECK_FALSE(channel.current_job().is_valid());

  CountingSource later;
  later.n_tokens = 2;
  const messages::JobSpec job = job_of(2, 6);
  CHECK_FALSE(ground.run(job, later).preempted.has_value());
}

TEST_CASE("a job that was preempted before it began is refused, and a closed channel refuses all") {
  Ground ground;
  StageChannel& channel = ground.channel;
  channel.preempt({5}, messages::PreemptReason::cancelled);
  CountingSource source;
  const StageOutcome refused = ground.run(job_of(1), source);
  REQUIRE(refused.preempted.has_value());
  CHECK(*refused.preempted == messages::PreemptReason::cancelled);
  const messages::JobSpec other = job_of(1, 6);
  CHECK_FALSE(ground.run(other, source).preempted.has_value());
  channel.close();
  CHECK(ground.run(job_of(1, 7), source).preempted.has_value());
}

TEST_CASE("an error of the source ends the job with the text so far") {
  Ground ground;
  CountingSource source;
  source.n_tokens = 2;
  source.error = Error(ActorsError::bad_request, "broken");
  const StageOutcome outcome = ground.run(job_of(5), source);
  REQUIRE(outcome.error.has_value());
  CHECK(outcome.error->message() == "broken");
  CHECK(outcome.text.text == "word word !");
}

TEST_CASE("text that found the ring full is sent later, in order, and the rest is in the outcome") {
  for (const auto text_return : {messages::TextReturn::whole, messages::TextReturn::not_streamed}) {
    Ground ground;
    std::string streamed;
    const auto drain = [&] {
      ground.channel.text.drain([&](const messages::TextRecord& record) {
        CHECK(record.offset == streamed.size());
        streamed += record.text();
      });
    };
    CountingSource source;
    source.n_tokens = 40000;
    // The reader looks once, when the ring has long been full, and not again.
    source.before = [&](std::uint32_t n_given) {
      if (n_given == 18000) drain();
    };
    messages::JobSpec job = job_of(40000);
    job.text_return = text_return;
    const StageOutcome outcome = ground.run(job, source);
    CHECK(ground.channel.text.dropped() > 0);
    drain();
    CHECK(streamed.size() == outcome.text.n_streamed);
    CHECK(streamed.size() > 18000 * 5);
    std::string whole;
    for (std::uint32_t i = 0; i < source.n_tokens; ++i) whole += source.text;
    whole += "!";
    CHECK(streamed + std::string(outcome.text.not_streamed(text_return)) == whole);
    if (text_return == messages::TextReturn::whole) CHECK(outcome.text.text == whole);
  }
}

}  // namespace blue::actors
