// One simulated history of the real actors: several runs and generations at once, on a scheduler
// that handles one message at a time in an order drawn from the seed, on a virtual clock, over a
// fake device and token sources that let the other actors run between two tokens. A FaultPlan gives
// the faults. What must hold in every history is checked by violations().
// Depends on actors/, tests/support. Threads: one. A Simulation is run once.
#pragma once

#include <caf/scheduler/test_coordinator.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/actor_runtime.h"
#include "hal/file_reader.h"
#include "tests/support/actors/sim/fault_plan.h"
#include "tests/support/memory/fake_device.h"
#include "tests/support/scratch_folder.h"

namespace blue::sim {

/// The words that a model writes: all of its text, in tokens.
std::vector<std::string> words_of(const std::string& model);
std::string text_of(const std::string& model);

/// Blocks in a file, and the tiers over a fake device that hold a few at a time.
class BlockGround {
 public:
  static constexpr std::uint32_t kBlocks = 8;
  static constexpr std::uint64_t kBlockBytes = 4096;

  BlockGround(const std::string& folder, FaultPlan& plan);
  [[nodiscard]] static std::byte content(std::uint32_t block) {
    return static_cast<std::byte>(block * 7 + 1);
  }
  /// What is wrong with the tiers at rest; empty when nothing is.
  [[nodiscard]] std::string fault_at_rest();

  memory::test::FakeDevice device;
  std::shared_ptr<actors::TierMemory> tiers;
  std::vector<memory::BlockId> blocks;

 private:
  NullLogSink log_;
};

class Simulation {
 public:
  /// `told`: faults and events are lines on stderr.
  enum class Story : std::uint8_t { silent, told };
  Simulation(std::uint64_t seed, const std::string& folder, Story story);
  ~Simulation();

  /// The whole history. What did not hold, one a line; empty when all did.
  std::string run();

  /// For the sources: the other actors go on for a moment, and something may go wrong.
  void let_others_go_on();
  /// One message of one actor; false when none waits.
  bool step();
  FaultPlan& plan() { return plan_; }
  BlockGround* ground() { return ground_.get(); }
  actors::RuntimeContext& context() { return runtime_->context(); }
  void violate(const std::string& what);

 private:
  struct RunState {
    bool is_cascade = false;
    std::string log_path;
    actors::CascadeSpec cascade;
    std::string model;                         ///< of a generation
    std::map<std::string, std::string> texts;  ///< live text by stage
    std::map<std::string, std::string> slots;  ///< as they were shown
    std::uint32_t n_ends = 0;
    messages::Outcome outcome{};
    std::string error;
  };

  void start_runtime();
  messages::RunNumber open(RunState state, actors::RunPlan plan);
  void open_one();
  void maybe_fault();
  void kill_somebody();
  void fill_disk();
  void collect();
  void take_event(messages::RunNumber number, RunState& run, const actors::RunEvent& event);
  [[nodiscard]] std::string model_of(const RunState& run, const std::string& stage) const;
  [[nodiscard]] bool is_right(const std::string& text, const std::string& model) const;
  [[nodiscard]] bool is_live_text(const std::string& live, const std::string& slot) const;
  [[nodiscard]] bool all_ended() const;
  void settle();
  void check_ends();
  void check_logs();
  void send_stale_messages();
  void check_that_it_goes_on();
  void resume_all();

  FaultPlan plan_;
  const std::string folder_;
  const Story story_;
  NullLogSink log_;
  std::unique_ptr<BlockGround> ground_;
  std::unique_ptr<actors::ActorRuntime> runtime_;
  caf::scheduler::test_coordinator* coordinator_ = nullptr;
  std::map<messages::RunNumber, RunState> runs_;
  std::string violations_;
  std::uint64_t disk_is_full_for_ = 0;  ///< steps
  bool is_shut_down_ = false;
  std::uint32_t depth_ = 0;  ///< stages inside stages
};

}  // namespace blue::sim
