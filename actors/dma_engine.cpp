#include "actors/dma_engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "actors/tiering.h"

namespace blue::actors {
namespace {

using memory::Tier;

/// With a core of its own the engine looks for orders for so long after the last one: waking it
/// takes longer than an order.
constexpr Nanoseconds kStayAwake_ns = 2'000'000;

memory::TierScheduler::Move decided(const messages::Move& order) {
  return {order.block, order.from, order.to, order.urgency, order.offset, order.from_offset};
}

}  // namespace

DmaEngine::DmaEngine(caf::actor_config& config, ActorHost& host, TierMemory& tiers)
    : PinnedActor(config, host, ActorKind::dma_engine, "dma"), tiers_(tiers) {}

DmaEngine::Behavior DmaEngine::make_behavior() {
  bind_thread();
  incarnation_ = tiers_.engine_incarnation.fetch_add(1) + 1;
  messages::EngineStarted started;
  started.incarnation = incarnation_;
  send(book().get(&Addresses::tiering), started);
  return {
      on([this](const messages::Move& order) { take(order); }),
      on([this](const messages::LookAgain&) { poll(); }),
  };
}

void DmaEngine::on_exit() {
  // Waits until nothing touches the blocks' memory any more, and abandons them.
  mover_.reset();
  carried_.clear();
  reader_.reset();
  PinnedActor::on_exit();
}

Status DmaEngine::open() {
  if (mover_) return {};
  BLUE_TRY_ASSIGN(reader_, tiers_.open_reader());
  memory::Mover::Options options;
  options.max_in_flight = tiers_.scheduling().max_in_flight;
  BLUE_TRY_ASSIGN(mover_, memory::Mover::open(tiers_.device(), *reader_, tiers_.catalog(),
                                              tiers_.residency(), options));
  if (const std::string refusal = mover_->staging_refusal(); !refusal.empty())
    log().write_once(LogLevel::info, "copies to the device are slower: " + refusal);
  return {};
}

void DmaEngine::report_failure(const messages::Move& order, const Error& error) {
  messages::MoveFailed failed;
  failed.block = order.block;
  failed.tier = order.to;
  failed.failure = error.is(memory::MemoryError::block_corrupt) ? messages::MoveFailure::corrupt
                   : error.is(memory::MemoryError::stopped)     ? messages::MoveFailure::stopped
                                                                : messages::MoveFailure::refused;
  failed.error = error.message();
  send(book().get(&Addresses::tiering), std::move(failed));
}

void DmaEngine::take(const messages::Move& order) {
  // A predecessor's order: the tiering actor has given it up.
  if (order.incarnation != incarnation_) return;
  if (const Status opened = open(); !opened) {
    tiers_.residency().abandon(order.block, order.to);
    return report_failure(order, opened.error());
  }
  // A demand overtakes what has not begun.
  if (order.urgency == memory::Urgency::demanded) {
    const auto place = std::ranges::find_if(waiting_, [](const messages::Move& waiting) {
      return waiting.urgency != memory::Urgency::demanded;
    });
    waiting_.insert(place, order);
  } else {
    waiting_.push_back(order);
  }
  submit_waiting();
  if (backoff().is_polling) return begin_polling();
  while (mover_->n_in_flight() > 0) advance(memory::Mover::Poll::wait);
}

void DmaEngine::submit_waiting() {
  while (!waiting_.empty()) {
    const messages::Move& order = waiting_.front();
    Carried carried{order, {}};
    if (order.from == Tier::ram) {
      auto source = tiers_.residency().try_lease(order.block, Tier::ram);
      if (!source) {
        tiers_.residency().abandon(order.block, order.to);
        report_failure(order, Error(memory::MemoryError::read_failed,
                                    "its copy in tier ram has left; ask again"));
        waiting_.pop_front();
        continue;
      }
      carried.source = std::move(*source);
    }
    if (!mover_->submit(tiers_.space().order_of(decided(order)))) return;
    carried_.push_back(std::move(carried));
    waiting_.pop_front();
  }
}

void DmaEngine::advance(memory::Mover::Poll poll) {
  ended_.clear();
  mover_->poll(ended_, poll);
  for (memory::MoveEnd& ended : ended_) end(ended);
  submit_waiting();
  if (ended_.empty()) return;
  last_work_ns_ = monotonic_now_ns();
  if (const std::string refusal = reader_->refusal(); !refusal.empty())
    log().write_once(LogLevel::info, "files are read more slowly from now on: " + refusal);
}

void DmaEngine::end(memory::MoveEnd& ended) {
  const auto found = std::ranges::find_if(carried_, [&](const Carried& carried) {
    return carried.order.block == ended.block && carried.order.to == ended.tier;
  });
  BLUE_CHECK(found != carried_.end(), "a move ended that this engine does not carry");
  const Carried carried = std::move(*found);
  carried_.erase(found);
  if (!ended.outcome) return report_failure(carried.order, ended.outcome.error());
  trace_scope().add_copy(carried.order.trace, ended.outcome->total_ns, ended.outcome->bytes.count,
                         to_text(ended.tier).data());
  tiers_.wake_waiters();
  messages::Moved moved;
  moved.block = ended.block;
  moved.tier = ended.tier;
  send(book().get(&Addresses::tiering), moved);
}

void DmaEngine::begin_polling() {
  last_work_ns_ = monotonic_now_ns();
  if (std::exchange(is_polling_, true)) return;
  send_to_self(messages::LookAgain{});
}

void DmaEngine::poll() {
  if (mover_ && mover_->n_in_flight() > 0) {
    // Orders that come meanwhile wait for a part of a block, about a millisecond.
    advance(memory::Mover::Poll::wait);
  } else if (backoff().spin_ns == 0 || monotonic_now_ns() - last_work_ns_ > kStayAwake_ns) {
    is_polling_ = false;
    return;
  }
  send_to_self(messages::LookAgain{});
}

}  // namespace blue::actors
