#include "memory/tiers/inline_tiers.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "memory/tiers/tier_room.h"

namespace blue::memory {
namespace {

/// Loads that the reload rate looks back over.
constexpr std::uint32_t kThrashWindow = 256;

}  // namespace

InlineTiers::InlineTiers(BlockCatalog& catalog, Residency& residency)
    : catalog_(catalog),
      residency_(residency),
      vram_(Tier::vram, nullptr, {}, catalog.capacity()),
      ram_(Tier::ram, nullptr, {}, catalog.capacity()),
      predictor_({}, catalog.capacity()),
      thrash_(catalog.capacity(), kThrashWindow) {}

Result<std::unique_ptr<InlineTiers>> InlineTiers::open(hal::Device& device, hal::FileReader& reader,
                                                       BlockCatalog& catalog, Residency& residency,
                                                       TierBudgets budgets) {
  BLUE_CHECK(residency.n_blocks() >= catalog.capacity());
  auto tiers = std::unique_ptr<InlineTiers>(new InlineTiers(catalog, residency));
  BLUE_TRY_ASSIGN(tiers->arena_, device.allocate(budgets.vram));
  tiers->vram_ = TierLedger(Tier::vram, tiers->arena_->base(), budgets.vram, catalog.capacity());
  if (device.info().kind != hal::DeviceKind::cpu && budgets.ram.count > 0) {
    BLUE_TRY_ASSIGN(tiers->pool_, PinnedPool::open(device, budgets.ram));
    tiers->ram_ =
        TierLedger(Tier::ram, tiers->pool_->bytes().data(), budgets.ram, catalog.capacity());
  }
  BLUE_TRY_ASSIGN(tiers->mover_, Mover::open(device, reader, catalog, residency, Mover::Options{}));
  return tiers;
}

InlineTiers::~InlineTiers() {
  // The residency may outlive these arenas: leave no address behind. A lease that is still held is
  // a bug of its holder; its entry stays, since unpinning an absent block would be a second one.
  for (TierLedger* ledger : {&vram_, &ram_}) {
    while (!ledger->held().empty()) {
      const BlockId block = ledger->held().back().block;
      if (!evict_block(*ledger, residency_, block)) ledger->release(block);
    }
  }
}

Result<Lease> InlineTiers::lease(BlockId block, const StopToken& stop) {
  predictor_.used(block);
  if (std::optional<Lease> held = residency_.try_lease(block, Tier::vram)) {
    counts_.n_hits += 1;
    return std::move(*held);
  }
  const Block& wanted = catalog_.at(block);
  if (stop.is_stopped())
    return Error(MemoryError::stopped, "stopped before block " + wanted.name + " was loaded");
  counts_.n_misses += 1;
  return miss(wanted);
}

void InlineTiers::hint(BlockId) {}

void InlineTiers::follow(std::vector<BlockId> order) {
  predictor_ = PrefetchPredictor(std::move(order), catalog_.capacity());
}

bool InlineTiers::forget(const std::vector<BlockId>& blocks) {
  bool all_left = true;
  for (TierLedger* ledger : {&vram_, &ram_}) {
    for (const BlockId block : blocks) {
      if (ledger->find(block) != nullptr && !evict_block(*ledger, residency_, block))
        all_left = false;
    }
  }
  return all_left;
}

Result<Lease> InlineTiers::miss(const Block& block) {
  Lease in_ram;
  if (has_ram() && TierArena::occupied(block.size) <= ram_.size()) {
    BLUE_TRY_ASSIGN(in_ram, lease_from_ram(block));
  }
  Result<std::vector<BlockId>> left = make_room(vram_, residency_, block.size, &predictor_);
  if (!left) {
    if (!in_ram.is_held() || !pool_->is_page_locked()) return std::move(left).error();
    counts_.n_in_place += 1;
    return in_ram;
  }
  for (const BlockId victim : *left) thrash_.evicted(victim);
  counts_.n_evictions += left->size();

  if (in_ram.is_held()) {
    const MoveRoute route =
        pool_->is_page_locked() ? MoveRoute::locked_to_device : MoveRoute::pageable_to_device;
    BLUE_TRY(load(vram_, block, route, ram_.address(block.id)));
    counts_.bytes_copied += block.size;
  } else {
    BLUE_TRY(load(vram_, block, MoveRoute::file_to_device, nullptr));
    counts_.bytes_read += block.size;
  }
  thrash_.loaded(block.id);
  return take(block.id, Tier::vram);
}

Result<Lease> InlineTiers::lease_from_ram(const Block& block) {
  if (std::optional<Lease> held = residency_.try_lease(block.id, Tier::ram))
    return std::move(*held);
  Result<std::vector<BlockId>> left = make_room(ram_, residency_, block.size, &predictor_);
  // Tier 1 is full of blocks that are read in place: the block bypasses it.
  if (!left) return Lease();
  BLUE_TRY(load(ram_, block, MoveRoute::file_to_host, nullptr));
  counts_.bytes_read += block.size;
  return take(block.id, Tier::ram);
}

Status InlineTiers::load(TierLedger& ledger, const Block& block, MoveRoute route,
                         const std::byte* from) {
  const Tier tier = ledger.tier();
  BLUE_CHECK(residency_.begin_load(block.id, tier),
             "somebody else loads into the tiers of InlineTiers");
  const std::optional<std::byte*> into = ledger.reserve(block.id, block.size);
  BLUE_CHECK(into.has_value());
  const bool is_read_in_place = tier == Tier::ram && pool_->is_page_locked();
  const MoveOrder order{.block = block.id,
                        .route = route,
                        .from = from,
                        .into = *into,
                        .tier = tier,
                        .address = is_read_in_place ? pool_->device_address(*into) : *into};
  const Result<MoveReport> moved = mover_->move(order);
  if (!moved) {
    ledger.release(block.id);
    return moved.error();
  }
  return {};
}

Lease InlineTiers::take(BlockId block, Tier tier) {
  std::optional<Lease> lease = residency_.try_lease(block, tier);
  BLUE_CHECK(lease.has_value(), "a block left right after it was published");
  return std::move(*lease);
}

}  // namespace blue::memory
