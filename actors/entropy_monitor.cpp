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

EntropyMonitor::EntropyMonitor(caf::actor_config& config, Fabric& fabric)
    : SeatedActor(config, fabric, ActorKind::entropy_monitor, "entropy") {}

EntropyMonitor::Behavior EntropyMonitor::make_behavior() {
  take_seat();
  for (messages::StageId channel = 0; channel < fabric().channels.size(); ++channel) {
    const messages::JobNumber job = fabric().channels.at(channel).current_job();
    if (job != 0) begin(channel, job, kUnknownBudget);
  }
  return {
      on([this](const messages::WatchTokens& watch) { begin(watch.channel, watch.job, watch.max_tokens); }),
      on([this](const messages::UnwatchTokens& unwatch) { end(unwatch.channel, unwatch.job); }),
      on([this](const messages::PollSamples&) { poll(); }),
  };
}

EntropyMonitor::Listening& EntropyMonitor::at(messages::StageId channel) {
  while (listening_.size() <= channel) {
    listening_.push_back({0, std::make_unique<EntropyWatch>(fabric().options.entropy)});
  }
  return listening_[channel];
}

void EntropyMonitor::begin(messages::StageId channel, messages::JobNumber job, std::uint32_t max_tokens) {
  Listening& listening = at(channel);
  if (listening.job == job) return;
  if (listening.job == 0) ++n_running_;
  listening.job = job;
  listening.watch->begin(max_tokens);
  begin_polling();
}

void EntropyMonitor::end(messages::StageId channel, messages::JobNumber job) {
  drain(channel);
  Listening& listening = at(channel);
  if (listening.job != job) return;
  if (const auto verdict = listening.watch->finish(); verdict.hint) hint(channel, listening, *verdict.hint);
  listening.job = 0;
  --n_running_;
}

void EntropyMonitor::feed(messages::StageId channel, const messages::TokenSample& sample) {
  Listening& listening = at(channel);
  // Samples of a job that is not watched are what an earlier one left in the ring.
  if (listening.job != sample.job) return;
  const EntropyVerdict verdict = listening.watch->feed(sample.token, sample.entropy_nats);
  if (verdict.hint) hint(channel, listening, *verdict.hint);
  if (verdict.degeneration) preempt(channel, sample.job, *verdict.degeneration);
}

void EntropyMonitor::hint(messages::StageId channel, const Listening& listening, HintKind kind) {
  fabric().hints.push({seat().next(), listening.job, channel, static_cast<std::uint8_t>(kind),
                       listening.watch->n_tokens(), listening.watch->mean_entropy_nats()});
}

void EntropyMonitor::preempt(messages::StageId channel, messages::JobNumber job, Degeneration degeneration) {
  messages::PreemptStage order;
  order.job = job;
  order.channel = channel;
  order.reason = reason_of(degeneration);
  // The flag stops the token loop now; the message reaches the stage after it, for the trace and for a job yet to begin.
  fabric().preempt(job, order.reason);
  say_urgent(book().stage(channel).handle, order);
}

std::size_t EntropyMonitor::drain(messages::StageId channel) {
  return messages::drain_traced(
      seat(), fabric().channels.at(channel).samples, "token_samples",
      [this, channel](const messages::TokenSample& sample) { feed(channel, sample); });
}

void EntropyMonitor::begin_polling() {
  if (!fabric().pace.is_polling || is_polling_) return;
  is_polling_ = true;
  say_to_self(messages::PollSamples{});
}

void EntropyMonitor::poll() {
  std::size_t n = 0;
  for (messages::StageId channel = 0; channel < listening_.size(); ++channel) n += drain(channel);
  if (n_running_ == 0) {
    is_polling_ = false;
    return;
  }
  if (n == 0) {
    fabric().pace.wait([this] {
      for (messages::StageId channel = 0; channel < listening_.size(); ++channel) {
        if (fabric().channels.at(channel).samples.size() > 0) return true;
      }
      return false;
    });
  }
  say_to_self(messages::PollSamples{});
}

}  // namespace blue::actors
