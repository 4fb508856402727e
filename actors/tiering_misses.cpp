// The tiering actor's part that polls the miss rings.
#include <utility>

#include "actors/tiering.h"

namespace blue::actors {
namespace {

/// Without work it goes on looking at the rings for so long: the next miss of a step is near.
constexpr Nanoseconds kStayAwake_ns = 20'000'000;

}  // namespace

std::size_t Tiering::take_misses() {
  const auto demand = [this](const messages::MissRecord& miss) {
    // A span for each, so that a copy hangs under the step that waited for it.
    const messages::TraceScope::Handling span(trace_scope(), miss.trace, "miss");
    scheduler_.demand(miss.block);
    advance();
  };
  std::size_t n = 0;
  channels_.for_each([&](StageChannel& channel) { n += channel.misses.drain(demand); });
  return n;
}

bool Tiering::has_news() const {
  if (tiers_.n_progress.load(std::memory_order_relaxed) != n_progress_seen_) return true;
  bool has_some = false;
  channels_.for_each([&](StageChannel& channel) { has_some |= channel.misses.size() > 0; });
  return has_some;
}

void Tiering::begin_polling() {
  if (!backoff().is_polling) {
    take_misses();
    return advance();
  }
  if (std::exchange(is_polling_, true)) return;
  tiers_.is_tiering_asleep.store(false);
  last_work_ns_ = monotonic_now_ns();
  send_to_self(messages::LookAgain{});
}

void Tiering::poll() {
  const std::uint64_t n_progress = tiers_.n_progress.load(std::memory_order_relaxed);
  const bool is_new = has_news();
  n_progress_seen_ = n_progress;
  if (is_new || scheduler_.n_in_flight() > 0) last_work_ns_ = monotonic_now_ns();
  take_misses();
  if (is_new) advance();
  if (monotonic_now_ns() - last_work_ns_ > kStayAwake_ns) {
    is_polling_ = false;
    // Announces that it sleeps, then looks once more; see TierMemory::note_progress.
    tiers_.is_tiering_asleep.store(true, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (has_news()) begin_polling();
    return;
  }
  const Backoff& usual = backoff();
  Backoff{true, usual.spin_ns, usual.nap_ns / 10}.wait([this] { return has_news(); });
  send_to_self(messages::LookAgain{});
}

}  // namespace blue::actors
