// TraceStore: the spans that the tracer has drained, for trace files and reports. It outlives the
// tracer, so that a restarted one continues. Bounded: further spans are counted, not kept.
// Depends on base. Threads: any. Owned by the runtime.
#pragma once

#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "base/trace_context.h"

namespace blue::actors {

class TraceStore {
 public:
  explicit TraceStore(std::size_t max_spans) : max_spans_(max_spans) {}

  /// Drains the hub into the store. One drain at a time; callers wait for each other.
  void drain(TraceHub& hub) {
    const MutexLock lock(mutex_);
    const std::size_t n_before = spans_.size();
    hub.drain(spans_);
    n_taken_ += spans_.size() - n_before;
    if (spans_.size() > max_spans_) {
      n_beyond_ += spans_.size() - max_spans_;
      spans_.resize(max_spans_);
    }
  }
  [[nodiscard]] std::vector<TraceSpan> spans() const {
    const MutexLock lock(mutex_);
    return spans_;
  }
  [[nodiscard]] std::uint64_t n_taken() const {
    const MutexLock lock(mutex_);
    return n_taken_;
  }
  /// Drained but not kept.
  [[nodiscard]] std::uint64_t n_beyond() const {
    const MutexLock lock(mutex_);
    return n_beyond_;
  }
  void clear() {
    const MutexLock lock(mutex_);
    spans_.clear();
  }

 private:
  const std::size_t max_spans_;
  mutable Mutex mutex_;
  std::vector<TraceSpan> spans_ BLUE_GUARDED_BY(mutex_);
  std::uint64_t n_taken_ BLUE_GUARDED_BY(mutex_) = 0;
  std::uint64_t n_beyond_ BLUE_GUARDED_BY(mutex_) = 0;
};

}  // namespace blue::actors
