#include "actors/entropy_monitor.h"

namespace blue::actors {

EntropyMonitor::EntropyMonitor(caf::actor_config& config, ActorHost& host, StageChannels& channels,
                               messages::HintRing& hints, const EntropyWatchLimits& limits)
    : PinnedActor(config, host, ActorKind::entropy_monitor, "entropy"),
      channels_(channels),
      hints_(hints),
      limits_(limits) {}

EntropyMonitor::Behavior EntropyMonitor::make_behavior() {
  bind_thread();
  begin_polling();
  return {
      on([this](const messages::JobBegan&) { begin_polling(); }),
      on([this](const messages::LookAgain&) { poll(); }),
  };
}

void EntropyMonitor::feed(StageChannel& channel, const messages::TokenSample& sample) {
  while (watched_.size() <= channel.index.value) {
    watched_.push_back({{}, std::make_unique<EntropyWatch>(limits_)});
  }
  Watched& watched = watched_[channel.index.value];
  if (watched.job != sample.job) {
    watched.job = sample.job;
    watched.watch->begin(sample.max_tokens - sample.index);
  }
  const EntropyVerdict verdict = watched.watch->feed(sample.token, sample.entropy_nats);
  if (verdict.hint) {
    hints_.push({trace_scope().next(), sample.job, channel.index, *verdict.hint,
                 watched.watch->n_tokens(), watched.watch->mean_entropy_nats()});
  }
  if (verdict.degeneration) channels_.preempt(sample.job, *verdict.degeneration);
}

std::size_t EntropyMonitor::drain(StageChannel& channel) {
  return messages::drain_traced(
      trace_scope(), channel.samples, "token_samples",
      [&](const messages::TokenSample& sample) { feed(channel, sample); });
}

std::size_t EntropyMonitor::drain_all() {
  std::size_t n = 0;
  channels_.for_each([&](StageChannel& channel) { n += drain(channel); });
  return n;
}

void EntropyMonitor::begin_polling() {
  if (!backoff().is_polling) {
    drain_all();
    return;
  }
  if (is_polling_) return;
  is_polling_ = true;
  send_to_self(messages::LookAgain{});
}

void EntropyMonitor::poll() {
  // Before the rings: the samples of a job that ends after this check are read by the next poll.
  bool is_running = false;
  channels_.for_each(
      [&](StageChannel& channel) { is_running |= channel.current_job().is_valid(); });
  const std::size_t n = drain_all();
  if (!is_running) {
    is_polling_ = false;
    return;
  }
  if (n == 0) {
    backoff().wait([this] {
      bool has_samples = false;
      channels_.for_each([&](StageChannel& channel) { has_samples |= channel.samples.size() > 0; });
      return has_samples;
    });
  }
  send_to_self(messages::LookAgain{});
}

}  // namespace blue::actors
