// DispatchQueue: the scheduler's policy: which jobs wait, which runs, what models cost, and which
// job gets the device next. Stages of one device take turns: two at once would halve
// each other's bandwidth and double the weights in use.
//   cost of a job = time to load its model (none when it ran last)
//                 + tokens of its budget x its time per token
// The cheapest goes first, but no job is passed over more than kMaxPasses times.
// Depends on base and messages' plain parts; pure: no clock, no CAF. Threads: the scheduler's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "messages/stages.h"

namespace blue::actors {

class DispatchQueue {
 public:
  static constexpr std::uint32_t kMaxPasses = 3;

  /// Queues a job. False when it waits or runs already (sent again after a restart).
  bool add(messages::StageReady stage);
  /// The job to run now; nothing while one runs, or none waits.
  [[nodiscard]] std::optional<messages::StageReady> take();
  /// A job has ended, in any way; `figures` null when it gave none. False when it was not the
  /// running one.
  bool finish(messages::JobNumber job, const messages::StageFigures* figures);
  /// Drops the waiting jobs of a run and returns them. The caller preempts the running one.
  std::vector<messages::StageReady> cancel(messages::RunNumber run);

  /// The running job, if any.
  [[nodiscard]] const std::optional<messages::StageReady>& running() const { return running_; }
  /// Does a job run or wait with this model?
  [[nodiscard]] bool uses(const std::string& model) const;
  [[nodiscard]] std::size_t n_waiting() const { return waiting_.size(); }
  /// Expected time of a job by its model's earlier jobs; 0 for a model never seen.
  [[nodiscard]] Nanoseconds expected_cost(const messages::StageReady& stage) const;

 private:
  /// Moving averages: each new figure weighs a quarter.
  struct ModelCost {
    Nanoseconds load_ns = 0;
    Nanoseconds token_ns = 0;
    std::uint64_t n_seen = 0;
  };
  struct Waiting {
    messages::StageReady stage;
    std::uint32_t n_passes = 0;
  };
  std::vector<Waiting> waiting_;  ///< in order of arrival
  std::optional<messages::StageReady> running_;
  std::string last_model_;
  std::map<std::string, ModelCost> costs_;
};

}  // namespace blue::actors
