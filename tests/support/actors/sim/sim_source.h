// SimSource: the token source of a simulated stage. It writes the words of its job's model, takes a
// block's lease for each, and lets the other actors run meanwhile.
// Depends on tests/support/actors/sim/simulation.h. Threads: the simulation's. The simulation
// outlives it.
#pragma once

#include "actors/stage/stage_link.h"
#include "actors/stage/token_source.h"
#include "actors/tiering/tier_memory.h"
#include "tests/support/actors/sim/simulation.h"

namespace blue::sim {

class SimSource final : public actors::TokenSource {
 public:
  SimSource(Simulation& simulation, actors::StageLink& link)
      : simulation_(simulation), link_(link) {}

  Result<actors::SourceBegin> begin(const messages::JobSpec& job, const StopToken& stop) override;
  Result<std::optional<actors::SourceToken>> next(const StopToken& stop) override;
  std::string_view rest() override { return {}; }
  messages::StageEnd end() const override { return messages::StageEnd::end_token; }
  std::uint64_t n_misses() const override { return n_misses_; }
  std::optional<KvSwitch> leave_for(const messages::JobSpec& job) override;
  Status enter_with(const messages::JobSpec& job, const actors::KvSnapshot& snapshot) override;

 private:
  [[nodiscard]] Status go_wrong_maybe();
  /// As actors::RingLeases, with the waiting done by the simulation.
  [[nodiscard]] Result<memory::Lease> lease(memory::BlockId block, const StopToken& stop);
  void ask(memory::BlockId block);

  Simulation& simulation_;
  actors::StageLink& link_;
  std::string model_;
  std::vector<std::string> words_;
  std::size_t next_ = 0;
  std::uint64_t n_misses_ = 0;
};

}  // namespace blue::sim
