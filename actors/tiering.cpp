#include "actors/tiering.h"

#include <algorithm>
#include <utility>

namespace blue::actors {
namespace {

using memory::BlockId;
using memory::Tier;

memory::MemoryError error_of(messages::MoveFailure failure) {
  switch (failure) {
    case messages::MoveFailure::corrupt: return memory::MemoryError::block_corrupt;
    case messages::MoveFailure::stopped: return memory::MemoryError::stopped;
    case messages::MoveFailure::refused: break;
  }
  return memory::MemoryError::read_failed;
}

}  // namespace

std::string_view to_text(memory::Tier tier) {
  switch (tier) {
    case Tier::vram: return "vram";
    case Tier::ram: return "ram";
    case Tier::nvme: return "nvme";
  }
  return "unknown";
}

Tiering::Tiering(caf::actor_config& config, ActorHost& host, TierMemory& tiers,
                 const ModelRegistry* registry, StageChannels& channels)
    : PinnedActor(config, host, ActorKind::tiering, "tiering"),
      tiers_(tiers),
      registry_(registry),
      channels_(channels),
      scheduler_(tiers.catalog(), tiers.residency(), tiers.ledger(Tier::vram),
                 tiers.ledger(Tier::ram), tiers.orders(), tiers.scheduling()) {}

Tiering::Behavior Tiering::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::PrefetchModel& order) { prefetch(order); }),
      on([this](const messages::Moved& moved) {
        std::erase_if(ordered_, [&](const Ordered& o) {
          return o.block == moved.block && o.to == moved.tier;
        });
        scheduler_.moved(moved.block, moved.tier);
        tiers_.wake_waiters();
        advance();
        answer_evictions();
      }),
      on([this](const messages::MoveFailed& failed) {
        if (failed.failure == messages::MoveFailure::corrupt)
          log().write(LogLevel::error, failed.error);
        std::erase_if(ordered_, [&](const Ordered& o) {
          return o.block == failed.block && o.to == failed.tier;
        });
        scheduler_.failed(failed.block, failed.tier);
        tiers_.post_failure(failed.block, Error(error_of(failed.failure), failed.error));
        advance();
        answer_evictions();
      }),
      on([this](const messages::EngineStarted& started) { engine_started(started); }),
      on([this](const messages::Evict& order) { return evict(order); }),
      on([this](const messages::WakeTiering&) { begin_polling(); }),
      on([this](const messages::LookAgain&) { poll(); }),
  };
}

void Tiering::on_exit() {
  tiers_.is_tiering_asleep.store(true);
  evictions_.clear();
  PinnedActor::on_exit();
}

void Tiering::advance() {
  const std::uint64_t incarnation = tiers_.engine_incarnation.load();
  if (incarnation == 0) return;  // no engine yet: engine_started calls again
  moves_.clear();
  scheduler_.next(moves_);
  for (const memory::TierScheduler::Move& decided : moves_) {
    messages::Move move;
    move.block = decided.block;
    move.from = decided.from;
    move.to = decided.to;
    move.urgency = decided.urgency;
    move.offset = decided.offset;
    move.from_offset = decided.from_offset;
    move.incarnation = incarnation;
    ordered_.push_back({decided.block, decided.to, incarnation});
    (decided.from == Tier::nvme ? tiers_.n_bytes_read : tiers_.n_bytes_copied)
        .fetch_add(tiers_.catalog().at(decided.block).size.count, std::memory_order_relaxed);
    send(book().get(&Addresses::dma_engine), move);
  }
  for (auto& refusal : scheduler_.take_refusals())
    tiers_.post_failure(refusal.block, std::move(refusal.error));
  for (const Tier tier : {Tier::vram, Tier::ram}) {
    if (!scheduler_.take_pressure(tier)) continue;
    messages::TierPressure pressure;
    pressure.tier = tier;
    pressure.n_bytes_total = tiers_.budget(tier).count;
    send(book().get(&Addresses::scheduler), pressure);
  }
}

void Tiering::engine_started(const messages::EngineStarted& started) {
  for (std::size_t i = 0; i < ordered_.size();) {
    const Ordered lost = ordered_[i];
    if (lost.incarnation >= started.incarnation) {
      ++i;
      continue;
    }
    ordered_.erase(ordered_.begin() + static_cast<std::ptrdiff_t>(i));
    const memory::BlockState state = tiers_.residency().state(lost.block, lost.to);
    if (state == memory::BlockState::loading) tiers_.residency().abandon(lost.block, lost.to);
    if (state == memory::BlockState::resident) {
      scheduler_.moved(lost.block, lost.to);
      tiers_.wake_waiters();
      continue;
    }
    scheduler_.failed(lost.block, lost.to);
    tiers_.post_failure(lost.block, Error(memory::MemoryError::read_failed,
                                          "the DMA engine died while it moved block " +
                                              std::to_string(lost.block.value) + "; ask again"));
  }
  advance();
  answer_evictions();
}

void Tiering::prefetch(const messages::PrefetchModel& order) {
  if (registry_ == nullptr) return;
  const auto model = registry_->open(order.model);
  // A guess about a model that can't be opened: the stage that needs it reports the error.
  if (!model) return;
  memory::StepOrders& orders = tiers_.orders();
  {
    const MutexLock lock(orders.mutex);
    // One model is next at a time.
    for (std::uint32_t i = 0; i < orders.n_orders(); ++i)
      if (orders.is({i}, memory::Activity::next)) orders.set_activity({i}, memory::Activity::idle);
    if (orders.activity((*model)->order) == memory::Activity::idle)
      orders.set_activity((*model)->order, memory::Activity::next);
  }
  for (const BlockId block : (*model)->blocks) scheduler_.guess(block);
  advance();
}

messages::Promise<messages::Evicted> Tiering::evict(const messages::Evict& order) {
  auto promise = make_response_promise<messages::Promise<messages::Evicted>>();
  evictions_.push_back({order.blocks, promise});
  answer_evictions();
  return promise;
}

void Tiering::answer_evictions() {
  std::erase_if(evictions_, [this](Eviction& eviction) {
    const memory::TierScheduler::Kept kept = scheduler_.evict(eviction.blocks);
    if (kept.n_loading > 0) return false;
    messages::Evicted evicted;
    evicted.n_pinned = kept.n_pinned;
    answer(eviction.promise, evicted);
    return true;
  });
}

}  // namespace blue::actors
