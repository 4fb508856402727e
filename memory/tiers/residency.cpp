#include "memory/tiers/residency.h"

// The orders, argued once.
//
// publish stores the address (relaxed), then the word (release). A lease's compare-exchange
// acquires the word. What it reads is that store or a read-modify-write by another pin or unpin
// behind it; those extend the store's release sequence, so the lease sees the address and every
// byte the mover wrote before publishing.
//
// unpin is a fetch_sub with release: the holder's reads of the block happen before it.
// begin_evict's compare-exchange acquires a word whose pins are 0; it reads the last unpin, which
// is in the release sequence of all earlier unpins, so every reader is done before the owner
// gives the bytes away. finish_evict releases and begin_load acquires, so that two owners in
// succession (one thread evicts, another loads) hand the entry over in order.
//
// No address is seen after eviction: a lease exists only if its compare-exchange moved (resident,
// n) to (resident, n + 1); during its lifetime pins > 0, so begin_evict fails, and the address is
// changed only outside of resident.

namespace blue::memory {
namespace {

constexpr std::uint32_t kStateBits = 2;
constexpr std::uint32_t kStateMask = (1U << kStateBits) - 1;
constexpr std::uint32_t kOnePin = 1U << kStateBits;

constexpr std::uint32_t word_of(BlockState state) { return static_cast<std::uint32_t>(state); }
constexpr BlockState state_of(std::uint32_t word) {
  return static_cast<BlockState>(word & kStateMask);
}

}  // namespace

void Lease::release() {
  if (table_ == nullptr) return;
  table_->unpin(block_, tier_);
  table_ = nullptr;
  address_ = nullptr;
}

Residency::Residency(std::uint32_t n_blocks)
    : n_blocks_(n_blocks),
      entries_(std::make_unique<Entry[]>(static_cast<std::size_t>(n_blocks) * kTiers)) {}

std::optional<Lease> Residency::try_lease(BlockId block, Tier tier) {
  Entry& e = entry(block, tier);
  std::uint32_t word = e.word.load(std::memory_order_relaxed);
  while (state_of(word) == BlockState::resident) {
    if (e.word.compare_exchange_weak(word, word + kOnePin, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      // Advice for eviction only: it orders nothing, so relaxed is enough.
      e.last_used.store(tick_.fetch_add(1, std::memory_order_relaxed) + 1,
                        std::memory_order_relaxed);
      return Lease(*this, block, tier, e.address.load(std::memory_order_relaxed));
    }
  }
  return std::nullopt;
}

void Residency::unpin(BlockId block, Tier tier) {
  const std::uint32_t before =
      entry(block, tier).word.fetch_sub(kOnePin, std::memory_order_release);
  BLUE_CHECK(before >= kOnePin && state_of(before) == BlockState::resident,
             "a pin outlived its residency");
}

bool Residency::begin_load(BlockId block, Tier tier) {
  std::uint32_t expected = word_of(BlockState::absent);
  return entry(block, tier)
      .word.compare_exchange_strong(expected, word_of(BlockState::loading),
                                    std::memory_order_acquire, std::memory_order_relaxed);
}

void Residency::publish(BlockId block, Tier tier, std::byte* address) {
  BLUE_CHECK(address != nullptr);
  Entry& e = entry(block, tier);
  BLUE_CHECK(state_of(e.word.load(std::memory_order_relaxed)) == BlockState::loading,
             "publish without begin_load");
  e.address.store(address, std::memory_order_relaxed);
  // A block that was never leased counts as used when it came, or it would be the first to go
  // again.
  e.last_used.store(tick_.fetch_add(1, std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  e.word.store(word_of(BlockState::resident), std::memory_order_release);
}

void Residency::abandon(BlockId block, Tier tier) {
  Entry& e = entry(block, tier);
  BLUE_CHECK(state_of(e.word.load(std::memory_order_relaxed)) == BlockState::loading,
             "abandon without begin_load");
  e.word.store(word_of(BlockState::absent), std::memory_order_release);
}

bool Residency::begin_evict(BlockId block, Tier tier) {
  std::uint32_t expected = word_of(BlockState::resident);  // and no pins
  Entry& e = entry(block, tier);
  if (!e.word.compare_exchange_strong(expected, word_of(BlockState::evicting),
                                      std::memory_order_acquire, std::memory_order_relaxed)) {
    return false;
  }
  return true;
}

void Residency::finish_evict(BlockId block, Tier tier) {
  Entry& e = entry(block, tier);
  BLUE_CHECK(state_of(e.word.load(std::memory_order_relaxed)) == BlockState::evicting,
             "finish_evict without begin_evict");
  e.address.store(nullptr, std::memory_order_relaxed);
  e.word.store(word_of(BlockState::absent), std::memory_order_release);
}

BlockState Residency::state(BlockId block, Tier tier) const {
  return state_of(entry(block, tier).word.load(std::memory_order_acquire));
}

std::uint32_t Residency::pins(BlockId block, Tier tier) const {
  return entry(block, tier).word.load(std::memory_order_relaxed) >> kStateBits;
}

std::uint64_t Residency::last_used(BlockId block, Tier tier) const {
  return entry(block, tier).last_used.load(std::memory_order_relaxed);
}

}  // namespace blue::memory
