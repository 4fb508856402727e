#include "actors/entropy_monitor.h"

namespace blue::actors {
namespace {

/// A watch that missed a job's beginning does not know its budget: no PREFETCH_NOW for that one.
constexpr std::uint32_t kUnknownBudget = 0x7fffffff;

messages::PreemptReason reason_of(Degeneration degeneration) {
  switch (degeneration) {
    case Degeneration::repetition: return messages::PreemptReason::repetition;
    case Degeneration::entropy_pinned_high: return messages::PreemptReason::entropy_pinned_high;
    case Degeneration::entropy_pinned_zero: return messages::PreemptReason::entropy_pinned_zero;
  }
  return messages::PreemptReason::repetition;
}

}  // namespace

EntropyMonitor::EntropyMonitor(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::entropy_monitor, "entropy") {}

EntropyMonitor::Behavior EntropyMonitor::make_behavior() {
  bind_thread();
  for (messages::StageId stage_id = 0; stage_id < runtime().channels.size(); ++stage_id) {
    const messages::JobNumber job = runtime().channels.at(stage_id).current_job();
    if (job != 0) begin(stage_id, job, kUnknownBudget);
  }
  return {
      on([this](const messages::WatchTokens& watch) {
        begin(watch.stage_id, watch.job, watch.max_tokens);
      }),
      on([this](const messages::UnwatchTokens& unwatch) { end(unwatch.stage_id, unwatch.job); }),
      on([this](const messages::PollSamples&) { poll(); }),
  };
}

EntropyMonitor::Listening& EntropyMonitor::at(messages::StageId stage_id) {
  while (listening_.size() <= stage_id) {
    listening_.push_back({0, std::make_unique<EntropyWatch>(runtime().options.entropy)});
  }
  return listening_[stage_id];
}

void EntropyMonitor::begin(messages::StageId stage_id, messages::JobNumber job,
                           std::uint32_t max_tokens) {
  Listening& listening = at(stage_id);
  if (listening.job == job) return;
  if (listening.job == 0) ++n_running_;
  listening.job = job;
  listening.watch->begin(max_tokens);
  begin_polling();
}

void EntropyMonitor::end(messages::StageId stage_id, messages::JobNumber job) {
  drain(stage_id);
  Listening& listening = at(stage_id);
  if (listening.job != job) return;
  if (const auto verdict = listening.watch->finish(); verdict.hint)
    hint(stage_id, listening, *verdict.hint);
  listening.job = 0;
  --n_running_;
}

void EntropyMonitor::feed(messages::StageId stage_id, const messages::TokenSample& sample) {
  Listening& listening = at(stage_id);
  // Samples of a job that is not watched are what an earlier one left in the ring.
  if (listening.job != sample.job) return;
  const EntropyVerdict verdict = listening.watch->feed(sample.token, sample.entropy_nats);
  if (verdict.hint) hint(stage_id, listening, *verdict.hint);
  if (verdict.degeneration) preempt(stage_id, sample.job, *verdict.degeneration);
}

void EntropyMonitor::hint(messages::StageId stage_id, const Listening& listening, HintKind kind) {
  runtime().hints.push({trace_scope().next(), listening.job, stage_id,
                        static_cast<std::uint8_t>(kind), listening.watch->n_tokens(),
                        listening.watch->mean_entropy_nats()});
}

void EntropyMonitor::preempt(messages::StageId stage_id, messages::JobNumber job,
                             Degeneration degeneration) {
  messages::PreemptStage order;
  order.job = job;
  order.stage_id = stage_id;
  order.reason = reason_of(degeneration);
  // The flag stops the token loop now; the message reaches the stage after it, for the trace and
  // for a job yet to begin.
  runtime().preempt(job, order.reason);
  send_urgent(book().stage(stage_id).handle, order);
}

std::size_t EntropyMonitor::drain(messages::StageId stage_id) {
  return messages::drain_traced(
      trace_scope(), runtime().channels.at(stage_id).samples, "token_samples",
      [this, stage_id](const messages::TokenSample& sample) { feed(stage_id, sample); });
}

void EntropyMonitor::begin_polling() {
  if (!runtime().backoff.is_polling || is_polling_) return;
  is_polling_ = true;
  send_to_self(messages::PollSamples{});
}

void EntropyMonitor::poll() {
  std::size_t n = 0;
  for (messages::StageId stage_id = 0; stage_id < listening_.size(); ++stage_id)
    n += drain(stage_id);
  if (n_running_ == 0) {
    is_polling_ = false;
    return;
  }
  if (n == 0) {
    runtime().backoff.wait([this] {
      for (messages::StageId stage_id = 0; stage_id < listening_.size(); ++stage_id) {
        if (runtime().channels.at(stage_id).samples.size() > 0) return true;
      }
      return false;
    });
  }
  send_to_self(messages::PollSamples{});
}

}  // namespace blue::actors
