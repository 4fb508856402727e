// RunEventQueue: the events of runs, pushed by the application actor and awaited by threads that
// are no actors.
// Depends on base and messages' plain parts. Threads: any on both sides; one mutex. Owned by the
// runtime.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "messages/ids.h"
#include "messages/stages.h"

namespace blue::actors {

struct RunEvent {
  enum class Kind : std::uint8_t {
    stage_started,    ///< name
    text,             ///< the next piece of a stage's text; name
    slot_written,     ///< name is the slot, text its whole text; figures
    stage_skipped,    ///< name, text: why
    stage_preempted,  ///< name, text: why
    /// outcome and error; of a single generation also figures, end, preempted and all its text
    finished,
  };
  Kind kind{};
  std::uint32_t stage = 0;
  std::string name;
  std::string text;
  bool was_resumed = false;
  messages::StageFigures figures;
  messages::StageEnd end{};
  messages::Outcome outcome{};
  std::optional<messages::PreemptReason> preempted;  ///< a single generation: why it was cut short
  ErrorKind error_kind{};
  std::string error;

  static RunEvent of(Kind kind, std::uint32_t stage, std::string name, std::string text = {}) {
    RunEvent event;
    event.kind = kind;
    event.stage = stage;
    event.name = std::move(name);
    event.text = std::move(text);
    return event;
  }
  static RunEvent finished(messages::Outcome outcome, ErrorKind kind, std::string error) {
    RunEvent event;
    event.kind = Kind::finished;
    event.outcome = outcome;
    event.error_kind = kind;
    event.error = std::move(error);
    return event;
  }
};

class RunEventQueue {
 public:
  void open(messages::RunNumber run) {
    const MutexLock lock(mutex_);
    waiting_[run];
  }
  /// Dropped when the run was not opened, or was closed since.
  void push(messages::RunNumber run, RunEvent event) {
    {
      const MutexLock lock(mutex_);
      const auto found = waiting_.find(run);
      if (found == waiting_.end()) return;
      found->second.push_back(std::move(event));
    }
    changed_.notify_all();
  }
  /// What has happened since the last call; waits up to `patience` for something. Empty when
  /// nothing did.
  std::vector<RunEvent> take(messages::RunNumber run, std::chrono::nanoseconds patience) {
    const MutexLock lock(mutex_);
    if (patience.count() > 0) {
      const auto deadline = std::chrono::steady_clock::now() + patience;
      while (!has_news(run) && changed_.wait_until(mutex_, deadline)) {
      }
    }
    const auto found = waiting_.find(run);
    if (found == waiting_.end()) return {};
    std::vector<RunEvent> taken = std::move(found->second);
    found->second.clear();
    if (taken.empty() && is_ended_) taken.push_back(ended_);
    return taken;
  }
  void close(messages::RunNumber run) {
    const MutexLock lock(mutex_);
    waiting_.erase(run);
  }
  /// The actors have ended: every open run, and every one opened later, ends with this.
  void end_all(ErrorKind kind, std::string error) {
    {
      const MutexLock lock(mutex_);
      if (is_ended_) return;
      is_ended_ = true;
      ended_.kind = RunEvent::Kind::finished;
      ended_.outcome =
          kind == ErrorKind::cancelled ? messages::Outcome::cancelled : messages::Outcome::failed;
      ended_.error_kind = kind;
      ended_.error = std::move(error);
    }
    changed_.notify_all();
  }

 private:
  [[nodiscard]] bool has_news(messages::RunNumber run) const BLUE_REQUIRES(mutex_) {
    const auto found = waiting_.find(run);
    return is_ended_ || found == waiting_.end() || !found->second.empty();
  }

  Mutex mutex_;
  ConditionVariable changed_;
  std::map<messages::RunNumber, std::vector<RunEvent>> waiting_ BLUE_GUARDED_BY(mutex_);
  bool is_ended_ BLUE_GUARDED_BY(mutex_) = false;
  RunEvent ended_ BLUE_GUARDED_BY(mutex_);
};

}  // namespace blue::actors
