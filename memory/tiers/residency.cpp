#include "memory/tiers/residency.h"

#include <cmath>

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

float faded(float score, std::uint32_t n_steps) {
  return n_steps == 0 ? score
                      : score * std::exp2(-static_cast<float>(n_steps) / Residency::kHalfLife);
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
      entries_(std::make_unique<Entry[]>(static_cast<std::size_t>(n_blocks) * kTiers)),
      uses_(std::make_unique<Uses[]>(n_blocks)) {}

std::optional<Lease> Residency::try_lease(BlockId block, Tier tier) {
  Entry& e = entry(block, tier);
  std::uint32_t word = e.word.load(std::memory_order_relaxed);
  while (state_of(word) == BlockState::resident) {
    if (e.word.compare_exchange_weak(word, word + kOnePin, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      note_use(block);
      return Lease(*this, block, tier, e.address.load(std::memory_order_relaxed));
    }
  }
  return std::nullopt;
}

// Advice orders nothing, so relaxed is enough.
void Residency::note_use(BlockId block) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  Uses& uses = uses_[block.value];
  uses.last.store(tick_.fetch_add(1, kRelaxed) + 1, kRelaxed);
  uses.n.fetch_add(1, kRelaxed);
  const std::uint32_t step = step_.load(kRelaxed);
  const std::uint32_t n_steps = step - uses.scored_at.load(kRelaxed);
  uses.score.store(faded(uses.score.load(kRelaxed), n_steps) + 1.0F, kRelaxed);
  uses.scored_at.store(step, kRelaxed);
}

double Residency::worth(BlockId block, EvictionPolicy policy) const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  BLUE_CHECK(block.value < n_blocks_);
  const Uses& uses = uses_[block.value];
  switch (policy) {
    case EvictionPolicy::lru: return static_cast<double>(uses.last.load(kRelaxed));
    case EvictionPolicy::lfu: return uses.n.load(kRelaxed);
    case EvictionPolicy::automatic: break;
  }
  const std::uint32_t n_steps = step_.load(kRelaxed) - uses.scored_at.load(kRelaxed);
  return static_cast<double>(faded(uses.score.load(kRelaxed), n_steps));
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
  note_use(block);
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

}  // namespace blue::memory
