#include "actors/tiering.h"

namespace blue::actors {
namespace {

using memory::BlockId;
using memory::Tier;
using Want = TierScheduler::Want;

std::vector<BlockId> blocks_of(const std::vector<std::uint32_t>& numbers) {
  std::vector<BlockId> blocks;
  for (const std::uint32_t number : numbers) blocks.push_back({number});
  return blocks;
}

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

Tiering::Tiering(caf::actor_config& config, RuntimeContext& runtime, memory::Tier tier)
    : PinnedActor(config, runtime, ActorKind::tiering, "tier." + std::string(to_text(tier))),
      tier_(tier),
      scheduler_(*runtime.options.tiers, tier) {}

Tiering::Behavior Tiering::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::PrefetchModel& order) { prefetch(order); }),
      on([this](const messages::Fetch& fetch) {
        execute(scheduler_.fetch(blocks_of(fetch.blocks),
                                 fetch.is_demanded != 0 ? Want::demanded : Want::guessed));
      }),
      on([this](const messages::Evict& evict) { scheduler_.evict(blocks_of(evict.blocks)); }),
      on([this](const messages::PinReport& report) {
        messages::PinCounts counts;
        counts.pins = scheduler_.pins(blocks_of(report.blocks));
        return counts;
      }),
      on([this](const messages::Moved& moved) { execute(scheduler_.moved({moved.block})); }),
      on([this](const messages::MoveCorrupt& corrupt) {
        runtime().log.write(LogLevel::error, corrupt.error);
        execute(scheduler_.move_failed({corrupt.block},
                                       Error(memory::MemoryError::block_corrupt, corrupt.error)));
      }),
      on([this](const messages::MoveFailed& failed) {
        execute(scheduler_.move_failed({failed.block},
                                       Error(memory::MemoryError::read_failed, failed.error)));
      }),
      on([this](const messages::BlockReady& ready) {
        execute(scheduler_.below_ready({ready.block}));
      }),
  };
}

void Tiering::prefetch(const messages::PrefetchModel& order) {
  if (!runtime().options.registry) return;
  const auto model = runtime().options.registry->open(order.model);
  // A guess about a model that can't be opened: the stage that needs it will say so.
  if (!model) return;
  execute(scheduler_.fetch((*model)->blocks, Want::guessed));
}

void Tiering::send_fetches(const std::vector<TierScheduler::BlockWant>& fetches) {
  for (const Want want : {Want::demanded, Want::guessed}) {
    messages::Fetch fetch;
    fetch.is_demanded = want == Want::demanded ? 1 : 0;
    for (const TierScheduler::BlockWant& wanted : fetches) {
      if (wanted.want == want) fetch.blocks.push_back(wanted.block.value);
    }
    if (!fetch.blocks.empty()) send(book().tier(below(tier_)), std::move(fetch));
  }
}

void Tiering::execute(const TierScheduler::Orders& orders) {
  for (const TierScheduler::Booked& wanted : orders.moves) {
    messages::Move move;
    move.block = wanted.block.value;
    move.tier = static_cast<std::uint8_t>(tier_);
    move.offset = wanted.offset;
    move.is_demanded = wanted.want == Want::demanded ? 1 : 0;
    // What a stage waits for overtakes guesses.
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
      ready.block = block.value;
      ready.tier = static_cast<std::uint8_t>(tier_);
      send(book().tier(tier_ == Tier::nvme ? Tier::ram : Tier::vram), ready);
    }
  }
  if (!orders.had_to_evict) return;
  messages::TierPressure pressure;
  pressure.tier = static_cast<std::uint8_t>(tier_);
  const memory::TierLedger& ledger = runtime().options.tiers->ledger(tier_);
  pressure.n_bytes_total = ledger.size().count;
  pressure.n_bytes_used = (ledger.size() - ledger.free_bytes()).count;
  send(book().get(&Addresses::scheduler), pressure);
}

}  // namespace blue::actors
