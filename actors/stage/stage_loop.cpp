#include "actors/stage/stage_loop.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace blue::actors {
namespace {

/// The text of a job is allocated before its first token: so many bytes per token of its budget, up
/// to a megabyte.
constexpr std::size_t kReservedBytesPerToken = 16;
constexpr std::size_t kMaxReservedBytes = std::size_t{1} << 20;

class TokenLoop {
 public:
  TokenLoop(const messages::JobSpec& job, TokenSource& source, StageLink& link)
      : job_(job), source_(source), link_(link) {
    record_.job = job.key.job;
    sample_.job = job.key.job;
    sample_.max_tokens = job.max_tokens;
    text_.reserve(std::min(kMaxReservedBytes, kReservedBytesPerToken * job.max_tokens));
  }

  StageOutcome run(const StopToken& stop) {
    const Nanoseconds began_ns = monotonic_now_ns();
    Result<SourceBegin> begin = compute_prompt(stop);
    first_token_ns_ = monotonic_now_ns();
    if (!begin) return finish(std::move(begin).error(), stop);
    outcome_.figures.n_prompt_tokens = begin->n_prompt_tokens;
    outcome_.figures.n_cached_tokens = begin->n_cached_tokens;
    outcome_.figures.load_ns = begin->load_ns;
    link_.beat();
    for (;;) {
      if (stop.is_stopped()) return finish(std::nullopt, stop);
      Result<std::optional<SourceToken>> token = step(stop);
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
  Result<SourceBegin> compute_prompt(const StopToken& stop) {
    const messages::TraceScope::Handling span(link_.trace(), "prompt");
    return source_.begin(job_, stop);
  }
  Result<std::optional<SourceToken>> step(const StopToken& stop) {
    const messages::TraceScope::Handling span(link_.trace(), "step");
    return source_.next(stop);
  }

  void take(const SourceToken& token) {
    sample_.trace = link_.trace().next();
    sample_.index = outcome_.figures.n_tokens++;
    sample_.token = token.id;
    sample_.entropy_nats = token.entropy_nats;
    if (std::isfinite(token.entropy_nats)) entropy_sum_ += static_cast<double>(token.entropy_nats);
    link_.send_sample(sample_);
    record_.trace = sample_.trace;
    send_text(token.text);
    link_.beat();
  }

  /// Sends the new text, after the text for which the ring had no room earlier.
  void send_text(std::string_view text) {
    text_ += text;
    while (record_.offset < text_.size()) {
      const std::size_t n =
          std::min<std::size_t>(text_.size() - record_.offset, messages::TextRecord::kMaxBytes);
      std::memcpy(record_.bytes.data(), text_.data() + record_.offset, n);
      record_.n_bytes = static_cast<std::uint32_t>(n);
      if (!link_.send_text(record_)) return;
      record_.offset += n;
    }
  }

  StageOutcome finish(std::optional<Error> error, const StopToken& stop) {
    send_text(source_.rest());
    outcome_.text.n_streamed = record_.offset;
    if (job_.text_return == messages::TextReturn::not_streamed) text_.erase(0, record_.offset);
    outcome_.text.text = std::move(text_);
    messages::StageFigures& figures = outcome_.figures;
    figures.n_misses = source_.n_misses();
    source_.add_traffic(figures);
    if (figures.n_tokens > 0) {
      figures.decode_ns = monotonic_now_ns() - first_token_ns_;
      figures.mean_entropy_micronats = static_cast<std::uint64_t>(
          std::llround(std::max(0.0, entropy_sum_ / figures.n_tokens) * 1e6));
    }
    // A stop is an error of kind `cancelled` from the layer that read the flag first.
    if (stop.is_stopped() && (!error || error->kind() == ErrorKind::cancelled)) {
      outcome_.preempted = link_.last_reason();
    } else if (error) {
      outcome_.error = std::move(error);
    } else {
      outcome_.end = source_.end();
    }
    return std::move(outcome_);
  }

  const messages::JobSpec& job_;
  TokenSource& source_;
  StageLink& link_;
  messages::TextRecord record_;  ///< its offset: bytes of text_ sent so far
  messages::TokenSample sample_;
  std::string text_;
  StageOutcome outcome_;
  double entropy_sum_ = 0.0;
  Nanoseconds first_token_ns_ = 0;
};

}  // namespace

StageOutcome run_stage_job(const messages::JobSpec& job, const JobScope& scope, TokenSource& source,
                           StageLink& link) {
  if (!scope.stop()) {
    StageOutcome refused;
    refused.preempted = link.last_reason();
    return refused;
  }
  return TokenLoop(job, source, link).run(*scope.stop());
}

}  // namespace blue::actors
