// RunTable: the plans of the runs of one runtime, by number: what is too large or too rich for a
// message. Messages name a plan; its readers look it up. A plan in the table is immutable, except
// its buffer, which has its own lock.
// Depends on the policies of actors/ and memory/text. Threads: any. Owned by the runtime.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/cascade/run_record.h"
#include "base/mutex.h"
#include "memory/text/thinking_buffer.h"
#include "messages/ids.h"
#include "messages/stages.h"

namespace blue::actors {

enum class RunStart : std::uint8_t { anew, resumed };

/// A run of a cascade (generation empty), or a single generation (everything else empty).
struct RunPlan {
  messages::RunNumber number;
  std::string log_path;
  RunStart start = RunStart::anew;
  RunRecord record;  ///< of a resumed run too: read from its log beforehand
  std::optional<messages::JobSpec> generation;
};

class RunTable {
 public:
  [[nodiscard]] messages::RunNumber next_run() {
    return {next_run_.fetch_add(1, std::memory_order_relaxed)};
  }
  [[nodiscard]] messages::JobNumber next_job() {
    return {next_job_.fetch_add(1, std::memory_order_relaxed)};
  }

  void put(RunPlan plan) {
    const MutexLock lock(mutex_);
    const messages::RunNumber number = plan.number;
    entries_[number].plan = std::make_shared<const RunPlan>(std::move(plan));
  }
  /// Null when there is no such run, or it has ended and was removed.
  [[nodiscard]] std::shared_ptr<const RunPlan> find(messages::RunNumber run) const {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(run);
    return found == entries_.end() ? nullptr : found->second.plan;
  }
  void set_buffer(messages::RunNumber run, std::shared_ptr<memory::ThinkingBuffer> buffer) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(run);
    if (found != entries_.end()) found->second.buffer = std::move(buffer);
  }
  /// What the run has written so far; null before it began.
  [[nodiscard]] std::shared_ptr<memory::ThinkingBuffer> buffer(messages::RunNumber run) const {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(run);
    return found == entries_.end() ? nullptr : found->second.buffer;
  }
  void forget(messages::RunNumber run) {
    const MutexLock lock(mutex_);
    entries_.erase(run);
  }

 private:
  struct Entry {
    std::shared_ptr<const RunPlan> plan;
    std::shared_ptr<memory::ThinkingBuffer> buffer;
  };
  mutable Mutex mutex_;
  std::map<messages::RunNumber, Entry> entries_ BLUE_GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> next_run_{1};
  std::atomic<std::uint64_t> next_job_{1};
};

}  // namespace blue::actors
