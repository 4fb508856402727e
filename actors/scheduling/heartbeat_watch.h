// HeartbeatWatch: which stage's heartbeat has not advanced for too long. Pure: jobs, heartbeats and
// times are passed in.
// Depends on base and messages' ids. Threads: the watchdog's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/units.h"
#include "messages/ids.h"

namespace blue::actors {

class HeartbeatWatch {
 public:
  explicit HeartbeatWatch(Nanoseconds deadline_ns) : deadline_ns_(deadline_ns) {}

  struct Stall {
    messages::JobNumber job;
    Nanoseconds silent_ns = 0;
  };
  /// What a stage's channel shows now; `job` not valid when it has none. A job's deadline begins
  /// when it is first seen. A stall is reported once per job.
  [[nodiscard]] std::optional<Stall> look(messages::StageId stage_id, messages::JobNumber job,
                                          std::uint64_t heartbeat, Nanoseconds now_ns) {
    if (!job.is_valid()) {
      watched_.erase(stage_id);
      return std::nullopt;
    }
    Watched& watched = watched_[stage_id];
    if (watched.job != job) watched = {job, heartbeat, now_ns, false};
    if (watched.heartbeat != heartbeat) {
      watched.heartbeat = heartbeat;
      watched.moved_ns = now_ns;
    }
    if (watched.is_reported || now_ns - watched.moved_ns < deadline_ns_) return std::nullopt;
    watched.is_reported = true;
    return Stall{job, now_ns - watched.moved_ns};
  }
  /// Had no channel a job at the last check?
  [[nodiscard]] bool is_idle() const { return watched_.empty(); }
  [[nodiscard]] Nanoseconds deadline_ns() const { return deadline_ns_; }

 private:
  struct Watched {
    messages::JobNumber job;
    std::uint64_t heartbeat = 0;
    Nanoseconds moved_ns = 0;
    bool is_reported = false;
  };
  Nanoseconds deadline_ns_;
  std::map<messages::StageId, Watched> watched_;
};

}  // namespace blue::actors
