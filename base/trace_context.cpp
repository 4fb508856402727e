#include "base/trace_context.h"

#include <random>

namespace blue {

std::uint64_t random_id() {
  thread_local std::uint64_t state = [] {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) ^ device();
  }();
  // splitmix64 (Steele, Lea, Flood 2014): full period over 64 bits, so ids of one thread never
  // repeat.
  state += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  return z != 0 ? z : 1;
}

TraceContext root_context() { return {random_id(), random_id(), 0, 0, 0}; }

TraceContext child_of(const TraceContext& running) {
  TraceContext child = running.trace_low != 0 ? running : root_context();
  child.parent = running.span;
  child.span = random_id();
  child.sent_ns = monotonic_now_ns();
  return child;
}

TraceSpanWriter& TraceHub::add_writer(std::string name, std::string kind) {
  const MutexLock lock(mutex_);
  const auto index = static_cast<std::uint32_t>(writers_.size());
  const std::size_t capacity = is_on() ? spans_per_actor_ : 1;
  writers_.push_back(
      std::make_unique<TraceSpanWriter>(index, std::move(name), std::move(kind), capacity));
  return *writers_.back();
}

void TraceHub::drain(std::vector<TraceSpan>& out) {
  std::size_t n_writers = 0;
  for (;; ++n_writers) {
    TraceSpanWriter* writer = nullptr;
    {
      const MutexLock lock(mutex_);
      if (n_writers >= writers_.size()) return;
      writer = writers_[n_writers].get();
    }
    writer->ring.drain([&out](const TraceSpan& span) { out.push_back(span); });
  }
}

std::uint64_t TraceHub::dropped() const {
  const MutexLock lock(mutex_);
  std::uint64_t total = 0;
  for (const auto& writer : writers_) total += writer->ring.dropped();
  return total;
}

std::vector<TraceHub::Writer> TraceHub::writers() const {
  const MutexLock lock(mutex_);
  std::vector<Writer> all;
  all.reserve(writers_.size());
  for (const auto& writer : writers_) all.push_back({writer->name, writer->kind});
  return all;
}

}  // namespace blue
