#include "actors/dma_engine.h"

#include <optional>
#include <utility>

#include "actors/tiering.h"

namespace blue::actors {
namespace {

using memory::BlockId;
using memory::BlockState;
using memory::Tier;

/// After its last move the engine polls the rings for so long before it sleeps: a step that missed
/// one block will most likely miss the next.
constexpr Nanoseconds kStayAwake_ns = 2'000'000;

}  // namespace

DmaEngine::DmaEngine(caf::actor_config& config, ActorHost& host, TierMemory& tiers,
                     StageChannels& channels)
    : PinnedActor(config, host, ActorKind::dma_engine, "dma"), tiers_(tiers), channels_(channels) {}

DmaEngine::Behavior DmaEngine::make_behavior() {
  bind_thread();
  abandon_unfinished();
  return {
      on([this](const messages::Move& order) { move(order); }),
      on([this](const messages::WakeMisses&) { begin_polling(); }),
      on([this](const messages::LookAgain&) { poll(); }),
  };
}

void DmaEngine::on_exit() {
  tiers_.is_engine_asleep.store(true);
  mover_.reset();
  reader_.reset();
  PinnedActor::on_exit();
}

void DmaEngine::report_failure(const messages::Move& order, messages::MoveFailure failure,
                               std::string error) {
  messages::MoveFailed failed;
  failed.block = order.block;
  failed.failure = failure;
  failed.error = std::move(error);
  send(book().tier(order.tier), std::move(failed));
}

void DmaEngine::abandon_unfinished() {
  for (std::uint32_t i = 0; i < tiers_.catalog().capacity(); ++i) {
    for (const Tier tier : {Tier::vram, Tier::ram}) {
      if (tiers_.residency().state({i}, tier) != BlockState::loading) continue;
      tiers_.residency().abandon({i}, tier);
      messages::Move order;
      order.block = {i};
      order.tier = tier;
      report_failure(
          order, messages::MoveFailure::refused,
          "the DMA engine died while it moved block " + std::to_string(i) + "; ask again");
    }
  }
}

Status DmaEngine::open() {
  if (mover_) return {};
  BLUE_TRY_ASSIGN(reader_, tiers_.open_reader());
  BLUE_TRY_ASSIGN(mover_, memory::Mover::open(tiers_.device(), *reader_, tiers_.catalog(),
                                              tiers_.residency(), memory::Mover::Options{}));
  if (const std::string refusal = mover_->staging_refusal(); !refusal.empty())
    log().write_once(LogLevel::info, "copies to the device are slower: " + refusal);
  return {};
}

Result<memory::MoveReport> DmaEngine::copy(const messages::Move& order) {
  if (const Status opened = open(); !opened) {
    tiers_.residency().abandon(order.block, order.tier);
    return opened.error();
  }
  std::byte* const into = tiers_.base(order.tier) + order.offset;
  const bool is_to_ram = order.tier == Tier::ram;
  memory::MoveOrder carried{
      .block = order.block,
      .route = is_to_ram ? memory::MoveRoute::file_to_host : memory::MoveRoute::file_to_device,
      .into = into,
      .tier = order.tier,
      .address = is_to_ram ? tiers_.ram_address(into) : into};
  // The lease pins tier ram's copy until it was copied on.
  std::optional<memory::Lease> in_ram;
  if (!is_to_ram && tiers_.has_ram()) in_ram = tiers_.residency().try_lease(order.block, Tier::ram);
  if (in_ram) {
    carried.from = tiers_.ram_host(in_ram->address());
    carried.route = tiers_.is_ram_page_locked() ? memory::MoveRoute::locked_to_device
                                                : memory::MoveRoute::pageable_to_device;
  }
  messages::TraceScope::Handling span(trace_scope(), "copy");
  auto report = mover_->move(carried);
  if (report) span.set_copy(report->bytes.count, to_text(order.tier).data());
  return report;
}

void DmaEngine::move(const messages::Move& order) {
  // Not loading any more: a predecessor's order, already reported failed.
  if (tiers_.residency().state(order.block, order.tier) != BlockState::loading) return;
  const auto report = copy(order);
  last_work_ns_ = monotonic_now_ns();
  if (report) {
    tiers_.wake_waiters();
    messages::Moved moved;
    moved.block = order.block;
    send(book().tier(order.tier), moved);
  } else {
    report_failure(order,
                   report.error().is(memory::MemoryError::block_corrupt)
                       ? messages::MoveFailure::corrupt
                       : messages::MoveFailure::refused,
                   report.error().message());
  }
  take_misses();
  begin_polling();
}

std::size_t DmaEngine::take_misses() {
  const auto ask_for = [this](const messages::MissRecord& miss) {
    // A span for each, so that a copy becomes a child of the step that waited for it.
    const messages::TraceScope::Handling span(trace_scope(), miss.trace, "miss");
    messages::Fetch fetch;
    fetch.blocks = {miss.block};
    fetch.want = miss.want;
    if (miss.want == messages::Want::demanded) {
      send_urgent(book().tier(Tier::vram), std::move(fetch));
    } else {
      send(book().tier(Tier::vram), std::move(fetch));
    }
  };
  std::size_t n = 0;
  channels_.for_each([&](StageChannel& channel) { n += channel.misses.drain(ask_for); });
  return n;
}

bool DmaEngine::has_misses() const {
  bool has_some = false;
  channels_.for_each([&](StageChannel& channel) { has_some |= channel.misses.size() > 0; });
  return has_some;
}

void DmaEngine::begin_polling() {
  if (!backoff().is_polling) {
    take_misses();
    return;
  }
  if (std::exchange(is_polling_, true)) return;
  tiers_.is_engine_asleep.store(false);
  last_work_ns_ = monotonic_now_ns();
  send_to_self(messages::LookAgain{});
}

void DmaEngine::poll() {
  if (take_misses() > 0) last_work_ns_ = monotonic_now_ns();
  if (monotonic_now_ns() - last_work_ns_ > kStayAwake_ns) {
    is_polling_ = false;
    // Publishes that it sleeps, then reads the rings once more; see RingLeases::ask.
    tiers_.is_engine_asleep.store(true, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (take_misses() > 0) begin_polling();
    return;
  }
  const Backoff& usual = backoff();
  Backoff{true, usual.spin_ns, usual.nap_ns / 10}.wait([this] { return has_misses(); });
  send_to_self(messages::LookAgain{});
}

}  // namespace blue::actors
