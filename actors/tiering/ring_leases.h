// RingLeases: a stage's lease source. A hit is a few atomics; a miss goes over the stage's link to
// the tiering actor, and the stage waits in the tier memory's wait queue.
// Depends on the policies of actors/, memory/tiers. Threads: its stage's. Lifetime: tiers and link
// outlive it.
#pragma once

#include <optional>
#include <span>

#include "actors/stage/stage_link.h"
#include "actors/tiering/tier_memory.h"
#include "memory/tiers/lease_source.h"

namespace blue::actors {

class RingLeases final : public memory::LeaseSource {
 public:
  RingLeases(TierMemory& tiers, StageLink& link) : tiers_(tiers), link_(link) {}

  [[nodiscard]] Result<memory::Lease> lease(memory::BlockId block, const StopToken& stop) override;
  [[nodiscard]] std::optional<memory::Lease> try_lease(memory::BlockId block) override;
  void request(std::span<const memory::BlockId> blocks) override;
  void begin_step() override { tiers_.residency().begin_step(); }
  void set_place(std::uint32_t place) override;

  /// The model whose order set_place() means.
  void follow(std::optional<memory::OrderId> order) { order_ = order; }

  /// Leases on blocks that were there.
  [[nodiscard]] std::uint64_t n_hits() const { return n_hits_; }
  /// Leases that it waited for.
  [[nodiscard]] std::uint64_t n_misses() const { return n_misses_; }
  [[nodiscard]] Nanoseconds stall_ns() const { return stall_ns_; }

 private:
  void ask(memory::BlockId block);
  [[nodiscard]] Result<memory::Lease> miss(memory::BlockId block, const StopToken& stop);

  TierMemory& tiers_;
  StageLink& link_;
  std::optional<memory::OrderId> order_;
  std::uint64_t n_hits_ = 0;
  std::uint64_t n_misses_ = 0;
  Nanoseconds stall_ns_ = 0;
};

}  // namespace blue::actors
