// StageChannel: what a stage and its readers share without messages: its rings, its stop flag, its
// current job, its heartbeat. StageChannels: all channels of a runtime; channels are added and
// never removed, so that an index stays valid. Depends on base and messages' plain parts; no CAF.
// Owned by the runtime, which outlives every actor.
// Threads: a ring's two ends are the actors named in messages/rings.h; everything else is any
// thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/actors_error.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/stop_token.h"
#include "messages/rings.h"
#include "messages/stages.h"

namespace blue::actors {

class StageChannel {
 public:
  StageChannel(messages::StageId index, std::string name);

  const messages::StageId index;
  const std::string name;  ///< the stage's: "code"

  messages::SampleRing samples;
  messages::TextRing text;
  messages::MissRing misses;
  /// Grows with every token and every block that a step takes; what the watchdog compares.
  std::atomic<std::uint64_t> heartbeat{0};

  /// Publishes the stage's job. Nothing when it was preempted before it began; last_reason() then
  /// returns why.
  [[nodiscard]] std::optional<StopToken> begin_job(messages::JobNumber job);
  void end_job();
  /// Not valid when no job runs.
  [[nodiscard]] messages::JobNumber current_job() const {
    return current_job_.load(std::memory_order_acquire);
  }

  /// Stops `job` if it runs, and refuses it if it is yet to begin. A stop never reaches another
  /// job.
  void preempt(messages::JobNumber job, messages::PreemptReason reason);
  /// Stops what runs and refuses everything from now on: shutdown.
  void close();
  /// Why the last job was stopped or refused.
  [[nodiscard]] messages::PreemptReason last_reason() const;

 private:
  static constexpr std::size_t kRemembered = 64;

  mutable Mutex mutex_;
  StopFlag stop_;
  std::atomic<messages::JobNumber> current_job_{messages::JobNumber{}};
  messages::PreemptReason reason_ BLUE_GUARDED_BY(mutex_){};
  struct Refusal {
    messages::JobNumber job;
    messages::PreemptReason reason{};
  };
  std::array<Refusal, kRemembered> refused_
      BLUE_GUARDED_BY(mutex_){};  ///< the latest, for jobs that have not begun
  std::size_t n_refused_ BLUE_GUARDED_BY(mutex_) = 0;
  bool is_closed_ BLUE_GUARDED_BY(mutex_) = false;
};

class StageChannels {
 public:
  static constexpr std::uint32_t kMaxStages = 32;

  /// The channel of the stage of this name; made when there is none. Errors: bad_request when all
  /// channels are taken.
  [[nodiscard]] Result<StageChannel*> open(const std::string& name);
  /// Called after every stop, so that a waiting stage reads its flag. Set once, before any actor
  /// runs.
  void set_on_stop(std::function<void()> on_stop) { on_stop_ = std::move(on_stop); }
  /// Channels have the ids 0 to size() - 1.
  [[nodiscard]] std::uint32_t size() const { return n_channels_.load(std::memory_order_acquire); }
  [[nodiscard]] StageChannel& at(messages::StageId index) const;
  /// Calls `use(channel)` for every channel that exists now.
  template <class Use>
  void for_each(Use&& use) const {
    const std::uint32_t n = size();
    for (std::uint32_t i = 0; i < n; ++i) use(*channels_[i]);
  }
  /// On whichever channel the job runs, or will run.
  void preempt(messages::JobNumber job, messages::PreemptReason reason);
  void close_all();

 private:
  Mutex mutex_;
  std::array<std::unique_ptr<StageChannel>, kMaxStages> channels_;
  std::atomic<std::uint32_t> n_channels_{0};
  std::function<void()> on_stop_;
  bool is_closed_ BLUE_GUARDED_BY(mutex_) = false;
};

}  // namespace blue::actors
