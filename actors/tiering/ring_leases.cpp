#include "actors/tiering/ring_leases.h"

#include <string>
#include <utility>

namespace blue::actors {
namespace {
/// A miss is sent again after so long: the actor that handled it may have died, or the block may
/// have been evicted again.
constexpr Nanoseconds kAskAgain_ns = 50'000'000;
}  // namespace

Result<memory::Lease> RingLeases::lease(memory::BlockId block, const StopToken& stop) {
  // A step that makes progress takes leases: a long prompt, or weights that come from a slow drive,
  // are no stall.
  link_.beat();
  if (auto held = tiers_.residency().try_lease(block, memory::Tier::vram)) {
    ++n_hits_;
    return std::move(*held);
  }
  const Nanoseconds began_ns = monotonic_now_ns();
  auto lease = miss(block, stop);
  stall_ns_ += monotonic_now_ns() - began_ns;
  return lease;
}

std::optional<memory::Lease> RingLeases::try_lease(memory::BlockId block) {
  link_.beat();
  auto lease = tiers_.residency().try_lease(block, memory::Tier::vram);
  if (lease) ++n_hits_;
  return lease;
}

void RingLeases::set_place(std::uint32_t place) {
  if (!order_) return;
  tiers_.orders().set_place(*order_, place);
  tiers_.note_progress();
}

void RingLeases::request(std::span<const memory::BlockId> blocks) {
  for (const memory::BlockId block : blocks) {
    if (tiers_.residency().state(block, memory::Tier::vram) != memory::BlockState::absent) continue;
    tiers_.clear_failure(block);
    link_.send_miss({link_.trace().next(), block});
  }
  tiers_.note_progress();
}

void RingLeases::ask(memory::BlockId block) {
  link_.send_miss({link_.trace().next(), block});
  tiers_.note_progress();
}

Result<memory::Lease> RingLeases::miss(memory::BlockId block, const StopToken& stop) {
  ++n_misses_;
  const messages::TraceScope::Handling span(link_.trace(), "lease_wait");
  tiers_.clear_failure(block);
  for (;;) {
    if (stop.is_stopped()) {
      return Error(memory::MemoryError::stopped,
                   "stopped while block " + tiers_.catalog().at(block).name + " was on its way");
    }
    ask(block);
    const std::optional<Error> failure = tiers_.wait_for(block, stop, kAskAgain_ns);
    if (auto held = tiers_.residency().try_lease(block, memory::Tier::vram))
      return std::move(*held);
    if (!failure) continue;
    // No room in tier 0 beside what is pinned: the device may read page-locked memory in place.
    if (failure->is(memory::MemoryError::tier_full) && tiers_.is_ram_page_locked()) {
      if (auto in_place = tiers_.residency().try_lease(block, memory::Tier::ram))
        return std::move(*in_place);
    }
    return *failure;
  }
}

}  // namespace blue::actors
