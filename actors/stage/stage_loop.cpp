#include "actors/stage/stage_loop.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace blue::actors {
namespace {

/// Room for the text of a job is taken before its first token: this much per token of its budget,
/// up to a megabyte.
constexpr std::size_t kReservedBytesPerToken = 16;
constexpr std::size_t kMaxReservedBytes = std::size_t{1} << 20;

/// Ends the job on the channel however the loop is left.
class JobScope {
 public:
  JobScope(StageChannel& channel, messages::JobNumber job)
      : channel_(channel), stop_(channel.begin_job(job)) {}
  ~JobScope() {
    if (stop_) channel_.end_job();
  }
  JobScope(const JobScope&) = delete;
  JobScope& operator=(const JobScope&) = delete;
  [[nodiscard]] const std::optional<StopToken>& stop() const { return stop_; }

 private:
  StageChannel& channel_;
  std::optional<StopToken> stop_;
};

/// Cuts text into records of the ring, never inside a record's room; counts bytes whether the ring
/// has room or not.
void push_text(StageChannel& channel, messages::TextRecord& record, std::string_view text) {
  while (!text.empty()) {
    const std::size_t n = std::min(text.size(), messages::TextRecord::kMaxBytes);
    std::memcpy(record.bytes.data(), text.data(), n);
    record.n_bytes = static_cast<std::uint32_t>(n);
    channel.text.push(record);
    record.offset += n;
    text.remove_prefix(n);
  }
}

class TokenLoop {
 public:
  TokenLoop(const StageJob& job, TokenSource& source, StageChannel& channel,
            const TraceContext& running)
      : source_(source), channel_(channel), running_(running) {
    record_.job = job.job;
    sample_.job = job.job;
    outcome_.text.reserve(std::min(kMaxReservedBytes, kReservedBytesPerToken * job.max_tokens));
  }

  StageOutcome run(const StageJob& job, const StopToken& stop) {
    const Nanoseconds began_ns = monotonic_now_ns();
    Result<SourceBegin> begin = source_.begin(job, stop);
    first_token_ns_ = monotonic_now_ns();
    if (!begin) return finish(std::move(begin).error(), stop);
    outcome_.figures.n_prompt_tokens = begin->n_prompt_tokens;
    outcome_.figures.n_cached_tokens = begin->n_cached_tokens;
    outcome_.figures.load_ns = begin->load_ns;
    channel_.heartbeat.fetch_add(1, std::memory_order_relaxed);
    for (;;) {
      if (stop.is_stopped()) return finish(std::nullopt, stop);
      Result<std::optional<SourceToken>> token = source_.next(stop);
      if (!token) return finish(std::move(token).error(), stop);
      if (outcome_.figures.n_tokens == 0) {
        first_token_ns_ = monotonic_now_ns();
        outcome_.figures.prompt_ns = first_token_ns_ - began_ns - begin->load_ns;
      }
      if (!token->has_value()) return finish(std::nullopt, stop);
      take(**token);
    }
  }

 private:
  void take(const SourceToken& token) {
    const TraceContext trace = running_.is_stamped() ? child_of(running_) : TraceContext{};
    const std::uint32_t index = outcome_.figures.n_tokens++;
    if (std::isfinite(token.entropy_nats)) entropy_sum_ += static_cast<double>(token.entropy_nats);
    sample_.trace = trace;
    sample_.token = token.id;
    sample_.index = index;
    sample_.entropy_nats = token.entropy_nats;
    channel_.samples.push(sample_);
    record_.trace = trace;
    record_.token = token.id;
    record_.index = index;
    push_text(channel_, record_, token.text);
    outcome_.text += token.text;
    channel_.heartbeat.fetch_add(1, std::memory_order_relaxed);
  }

  StageOutcome finish(std::optional<Error> error, const StopToken& stop) {
    const std::string_view rest = source_.rest();
    push_text(channel_, record_, rest);
    outcome_.text += rest;
    messages::StageFigures& figures = outcome_.figures;
    figures.n_misses = source_.n_misses();
    if (figures.n_tokens > 0) {
      figures.decode_ns = monotonic_now_ns() - first_token_ns_;
      figures.mean_entropy_micronats = static_cast<std::uint64_t>(
          std::llround(std::max(0.0, entropy_sum_ / figures.n_tokens) * 1e6));
    }
    // A stop shows as an error of the kind `cancelled` in whatever layer saw it first.
    if (stop.is_stopped() && (!error || error->kind() == ErrorKind::cancelled)) {
      outcome_.preempted = channel_.last_reason();
    } else if (error) {
      outcome_.error = std::move(error);
    } else {
      outcome_.end = source_.end();
    }
    return std::move(outcome_);
  }

  TokenSource& source_;
  StageChannel& channel_;
  const TraceContext running_;
  messages::TextRecord record_;
  messages::TokenSample sample_;
  StageOutcome outcome_;
  double entropy_sum_ = 0.0;
  Nanoseconds first_token_ns_ = 0;
};

}  // namespace

StageOutcome run_stage_job(const StageJob& job, TokenSource& source, StageChannel& channel,
                           const TraceContext& running) {
  const JobScope scope(channel, job.job);
  if (!scope.stop()) {
    StageOutcome refused;
    refused.preempted = channel.last_reason();
    return refused;
  }
  return TokenLoop(job, source, channel, running).run(job, *scope.stop());
}

}  // namespace blue::actors
