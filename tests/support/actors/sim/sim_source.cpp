#include "tests/support/actors/sim/sim_source.h"

#include <functional>
#include <stdexcept>
#include <utility>

namespace blue::sim {
namespace {

std::uint64_t fingerprint_of(const std::string& model) { return std::hash<std::string>{}(model); }

}  // namespace

Status SimSource::go_wrong_maybe() {
  simulation_.let_others_go_on();
  if (simulation_.plan().strikes(Fault::stage_throws))
    throw std::runtime_error("simulated exception");
  if (simulation_.plan().strikes(Fault::source_error))
    return Error(actors::ActorsError::bad_request, "simulated error");
  return {};
}

Result<actors::SourceBegin> SimSource::begin(const messages::JobSpec& job, const StopToken&) {
  model_ = job.model;
  words_ = words_of(model_);
  next_ = 0;
  BLUE_TRY(go_wrong_maybe());
  return actors::SourceBegin{1, 0};
}

Result<std::optional<actors::SourceToken>> SimSource::next(const StopToken& stop) {
  BLUE_TRY(go_wrong_maybe());
  if (next_ == words_.size()) return std::optional<actors::SourceToken>();
  if (BlockGround* ground = simulation_.ground(); ground != nullptr) {
    const std::uint64_t at = fingerprint_of(model_) + next_;
    const auto block = static_cast<std::uint32_t>(at % BlockGround::kBlocks);
    BLUE_TRY_ASSIGN(const memory::Lease held, lease(ground->blocks[block], stop));
    simulation_.let_others_go_on();
    const std::byte right = BlockGround::content(block);
    if (held.address()[0] != right || held.address()[BlockGround::kBlockBytes - 1] != right)
      simulation_.violate("a leased block has another's bytes");
  }
  const std::string& word = words_[next_++];
  return std::optional(actors::SourceToken{static_cast<TokenId>(next_), 0.5F, word});
}

std::optional<actors::TokenSource::KvSwitch> SimSource::leave_for(const messages::JobSpec& job) {
  if (model_ == job.model) return std::nullopt;
  KvSwitch change;
  change.entering_fingerprint = fingerprint_of(job.model);
  if (model_.empty()) return change;
  change.leaving = model_;
  change.rows = actors::KvSnapshot{fingerprint_of(model_), {1}, {std::byte{1}}};
  return change;
}

Status SimSource::enter_with(const messages::JobSpec& job, const actors::KvSnapshot& snapshot) {
  if (snapshot.fingerprint != fingerprint_of(job.model))
    simulation_.violate("a stage was given another model's snapshot");
  return {};
}

void SimSource::ask(memory::BlockId block) {
  messages::MissRecord record;
  record.block = block;
  link_.send_miss(record);
  simulation_.ground()->tiers->note_progress();
}

Result<memory::Lease> SimSource::lease(memory::BlockId block, const StopToken& stop) {
  actors::TierMemory& tiers = *simulation_.ground()->tiers;
  if (auto held = tiers.residency().try_lease(block, memory::Tier::vram)) return std::move(*held);
  ++n_misses_;
  tiers.clear_failure(block);
  constexpr int kMostAsked = 60;
  for (int n_asked = 0; n_asked < kMostAsked; ++n_asked) {
    ask(block);
    for (int n_steps = 0; n_steps < 400; ++n_steps) {
      if (stop.is_stopped()) return Error(memory::MemoryError::stopped, "stopped");
      if (auto held = tiers.residency().try_lease(block, memory::Tier::vram))
        return std::move(*held);
      const std::optional<Error> failure = tiers.wait_for(block, stop, 0);
      if (failure && failure->is(memory::MemoryError::tier_full) && tiers.is_ram_page_locked()) {
        if (auto in_place = tiers.residency().try_lease(block, memory::Tier::ram))
          return std::move(*in_place);
      }
      if (failure) return *failure;
      if (!simulation_.step()) break;  // all actors are idle: ask again, as after a timeout
    }
  }
  simulation_.violate("a stage waits for a block that never comes");
  return Error(memory::MemoryError::stopped, "never came");
}

}  // namespace blue::sim
