#include "actors/tiering.h"

namespace blue::actors {
namespace {

using memory::BlockId;
using memory::Tier;
using Want = TierScheduler::Want;

Tier below(Tier tier) { return tier == Tier::vram ? Tier::ram : Tier::nvme; }

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
                 const ModelRegistry* registry, memory::Tier tier)
    : PinnedActor(config, host, ActorKind::tiering, "tier." + std::string(to_text(tier))),
      tiers_(tiers),
      registry_(registry),
      tier_(tier),
      scheduler_(tiers, tier) {}

Tiering::Behavior Tiering::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::PrefetchModel& order) { prefetch(order); }),
      on([this](const messages::Fetch& fetch) {
        execute(scheduler_.fetch(fetch.blocks, fetch.want));
      }),
      on([this](const messages::Moved& moved) {
        execute(scheduler_.moved(moved.block));
        answer_evictions();
      }),
      on([this](const messages::MoveFailed& failed) {
        const bool is_corrupt = failed.failure == messages::MoveFailure::corrupt;
        if (is_corrupt) log().write(LogLevel::error, failed.error);
        execute(scheduler_.move_failed(failed.block,
                                       Error(is_corrupt ? memory::MemoryError::block_corrupt
                                                        : memory::MemoryError::read_failed,
                                             failed.error)));
        answer_evictions();
      }),
      on([this](const messages::BlockReady& ready) {
        execute(scheduler_.below_ready(ready.block));
      }),
      on([this](const messages::Evict& order) { return evict(order); }),
  };
}

void Tiering::on_exit() {
  evictions_.clear();
  PinnedActor::on_exit();
}

void Tiering::prefetch(const messages::PrefetchModel& order) {
  if (registry_ == nullptr) return;
  const auto model = registry_->open(order.model);
  // A guess about a model that can't be opened: the stage that needs it reports the error.
  if (!model) return;
  execute(scheduler_.fetch((*model)->blocks, Want::guessed));
}

messages::Promise<messages::Evicted> Tiering::evict(const messages::Evict& order) {
  auto promise = make_response_promise<messages::Promise<messages::Evicted>>();
  evictions_.push_back({order.blocks, promise});
  answer_evictions();
  return promise;
}

void Tiering::answer_evictions() {
  std::erase_if(evictions_, [this](Eviction& eviction) {
    const TierScheduler::Kept kept = scheduler_.evict(eviction.blocks);
    if (kept.n_loading > 0) return false;
    messages::Evicted evicted;
    evicted.n_pinned = kept.n_pinned;
    answer(eviction.promise, evicted);
    return true;
  });
}

void Tiering::send_fetches(const std::vector<TierScheduler::BlockWant>& fetches) {
  for (const Want want : {Want::demanded, Want::guessed}) {
    messages::Fetch fetch;
    fetch.want = want;
    for (const TierScheduler::BlockWant& wanted : fetches) {
      if (wanted.want == want) fetch.blocks.push_back(wanted.block);
    }
    if (!fetch.blocks.empty()) send(book().tier(below(tier_)), std::move(fetch));
  }
}

void Tiering::execute(const TierScheduler::Orders& orders) {
  for (const TierScheduler::Booked& wanted : orders.moves) {
    messages::Move move;
    move.block = wanted.block;
    move.tier = tier_;
    move.offset = wanted.offset;
    // A demanded block overtakes guessed ones.
    if (wanted.want == Want::demanded) {
      send_urgent(book().get(&Addresses::dma_engine), move);
    } else {
      send(book().get(&Addresses::dma_engine), move);
    }
  }
  send_fetches(orders.fetches);
  if (tier_ != Tier::vram) {
    for (const BlockId block : orders.ready) {
      messages::BlockReady ready;
      ready.block = block;
      send(book().tier(tier_ == Tier::nvme ? Tier::ram : Tier::vram), ready);
    }
  }
  if (!orders.had_to_evict) return;
  messages::TierPressure pressure;
  pressure.tier = tier_;
  pressure.n_bytes_total = tiers_.ledger(tier_).size().count;
  send(book().get(&Addresses::scheduler), pressure);
}

}  // namespace blue::actors
