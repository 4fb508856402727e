#include "actors/dma_engine.h"

#include <optional>
#include <utility>

namespace blue::actors {
namespace {

using memory::BlockId;
using memory::BlockState;
using memory::Tier;

/// After its last move the engine looks at the rings for so long before it sleeps: a step that
/// missed one block will most likely miss the next.
constexpr Nanoseconds kStayAwake_ns = 2'000'000;

template <class Failure>
Failure failure_of(const messages::Move& order, const Error& error) {
  Failure failure;
  failure.block = order.block;
  failure.tier = order.tier;
  failure.error = error.message();
  return failure;
}

}  // namespace

DmaEngine::DmaEngine(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::dma_engine, "dma") {}

DmaEngine::Behavior DmaEngine::make_behavior() {
  bind_thread();
  abandon_unfinished();
  return {
      on([this](const messages::Move& order) { move(order); }),
      on([this](const messages::WakeMisses&) { begin_polling(); }),
      on([this](const messages::PollMisses&) { poll(); }),
  };
}

void DmaEngine::on_exit() {
  runtime().options.tiers->is_engine_asleep.store(true);
  mover_.reset();
  reader_.reset();
  PinnedActor::on_exit();
}

void DmaEngine::abandon_unfinished() {
  TierMemory& tiers = *runtime().options.tiers;
  for (std::uint32_t i = 0; i < tiers.catalog().capacity(); ++i) {
    for (const Tier tier : {Tier::vram, Tier::ram}) {
      if (tiers.residency().state({i}, tier) != BlockState::loading) continue;
      tiers.residency().abandon({i}, tier);
      messages::MoveFailed failed;
      failed.block = i;
      failed.tier = static_cast<std::uint8_t>(tier);
      failed.error =
          "the DMA engine died while it moved block " + std::to_string(i) + "; ask again";
      send(book().tier(tier), failed);
    }
  }
}

Status DmaEngine::open() {
  if (mover_) return {};
  TierMemory& tiers = *runtime().options.tiers;
  BLUE_TRY_ASSIGN(reader_, tiers.open_reader());
  BLUE_TRY_ASSIGN(mover_, memory::Mover::open(tiers.device(), *reader_, tiers.catalog(),
                                              memory::Mover::Options{}));
  return {};
}

Result<memory::MoveReport> DmaEngine::carry(const messages::Move& order) {
  TierMemory& tiers = *runtime().options.tiers;
  const BlockId block{order.block};
  const auto tier = static_cast<Tier>(order.tier);
  if (const Status opened = open(); !opened) {
    tiers.residency().abandon(block, tier);
    return opened.error();
  }
  std::byte* const into = tiers.base(tier) + order.offset;
  memory::MoveOrder carried{.block = block,
                            .route = tier == Tier::ram ? memory::MoveRoute::file_to_host
                                                       : memory::MoveRoute::file_to_device,
                            .into = into,
                            .tier = tier,
                            .address = tier == Tier::ram ? tiers.ram_address(into) : into};
  // The lease keeps tier ram's copy where it is until it has been carried on.
  std::optional<memory::Lease> in_ram;
  if (tier == Tier::vram && tiers.has_ram()) in_ram = tiers.residency().try_lease(block, Tier::ram);
  if (in_ram) {
    carried.from = tiers.ram_host(in_ram->address());
    carried.route = tiers.is_ram_page_locked() ? memory::MoveRoute::locked_to_device
                                               : memory::MoveRoute::pageable_to_device;
  }
  return mover_->move(carried, tiers.residency());
}

void DmaEngine::move(const messages::Move& order) {
  TierMemory& tiers = *runtime().options.tiers;
  const auto tier = static_cast<Tier>(order.tier);
  // Not loading any more: a predecessor's order, already reported failed.
  if (tiers.residency().state({order.block}, tier) != BlockState::loading) return;
  const auto report = carry(order);
  last_work_ns_ = monotonic_now_ns();
  if (report) {
    tiers.wake_waiters();
    messages::Moved moved;
    moved.block = order.block;
    moved.tier = order.tier;
    moved.n_bytes = report->bytes.count;
    moved.took_ns = report->total_ns;
    send(book().tier(tier), moved);
  } else if (report.error().is(memory::MemoryError::block_corrupt)) {
    send(book().tier(tier), failure_of<messages::MoveCorrupt>(order, report.error()));
  } else {
    send(book().tier(tier), failure_of<messages::MoveFailed>(order, report.error()));
  }
  take_misses();
  begin_polling();
}

std::size_t DmaEngine::take_misses() {
  std::size_t n = 0;
  for (messages::StageId stage_id = 0; stage_id < runtime().channels.size(); ++stage_id) {
    n += messages::drain_traced(trace_scope(), runtime().channels.at(stage_id).misses, "misses",
                                [this](const messages::MissRecord& miss) {
                                  messages::Fetch fetch;
                                  fetch.blocks = {miss.block};
                                  fetch.is_demanded = miss.is_demanded ? 1 : 0;
                                  if (miss.is_demanded) {
                                    send_urgent(book().tier(Tier::vram), std::move(fetch));
                                  } else {
                                    send(book().tier(Tier::vram), std::move(fetch));
                                  }
                                });
  }
  return n;
}

void DmaEngine::begin_polling() {
  if (!runtime().backoff.is_polling) {
    take_misses();
    return;
  }
  if (std::exchange(is_polling_, true)) return;
  runtime().options.tiers->is_engine_asleep.store(false);
  last_work_ns_ = monotonic_now_ns();
  send_to_self(messages::PollMisses{});
}

void DmaEngine::poll() {
  if (take_misses() > 0) last_work_ns_ = monotonic_now_ns();
  if (monotonic_now_ns() - last_work_ns_ > kStayAwake_ns) {
    is_polling_ = false;
    // Says that it sleeps, then looks once more; see RingLeases::ask.
    runtime().options.tiers->is_engine_asleep.store(true, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (take_misses() > 0) begin_polling();
    return;
  }
  const Backoff backoff{true, runtime().backoff.spin_ns, runtime().backoff.nap_ns / 10};
  backoff.wait([this] {
    for (messages::StageId stage_id = 0; stage_id < runtime().channels.size(); ++stage_id) {
      if (runtime().channels.at(stage_id).misses.size() > 0) return true;
    }
    return false;
  });
  send_to_self(messages::PollMisses{});
}

}  // namespace blue::actors
