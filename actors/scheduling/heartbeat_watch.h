// HeartbeatWatch: which of the watched heartbeats stands still for too long. Pure: times come from
// outside.
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

  void begin(messages::StageId stage_id, messages::JobNumber job, std::uint64_t heartbeat,
             Nanoseconds now_ns) {
    watched_[stage_id] = {job, heartbeat, now_ns, false};
  }
  /// Nothing happens when another job runs at the stage_id meanwhile.
  void end(messages::StageId stage_id, messages::JobNumber job) {
    const auto found = watched_.find(stage_id);
    if (found != watched_.end() && found->second.job == job) watched_.erase(found);
  }
  struct Stall {
    messages::JobNumber job = 0;
    Nanoseconds silent_ns = 0;
  };
  /// Looks at one stage_id's heartbeat; a stall is said once per job.
  [[nodiscard]] std::optional<Stall> look(messages::StageId stage_id, std::uint64_t heartbeat,
                                          Nanoseconds now_ns) {
    const auto found = watched_.find(stage_id);
    if (found == watched_.end()) return std::nullopt;
    Watched& watched = found->second;
    if (watched.heartbeat != heartbeat) {
      watched.heartbeat = heartbeat;
      watched.moved_ns = now_ns;
      return std::nullopt;
    }
    if (watched.is_reported || now_ns - watched.moved_ns < deadline_ns_) return std::nullopt;
    watched.is_reported = true;
    return Stall{watched.job, now_ns - watched.moved_ns};
  }
  [[nodiscard]] bool is_idle() const { return watched_.empty(); }
  [[nodiscard]] Nanoseconds deadline_ns() const { return deadline_ns_; }

 private:
  struct Watched {
    messages::JobNumber job = 0;
    std::uint64_t heartbeat = 0;
    Nanoseconds moved_ns = 0;
    bool is_reported = false;
  };
  Nanoseconds deadline_ns_;
  std::map<messages::StageId, Watched> watched_;
};

}  // namespace blue::actors
