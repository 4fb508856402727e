#include "actors/stage/stage_channel.h"

#include "base/check.h"

namespace blue::actors {
namespace {
/// Capacities hold what a stage produces while its readers are blocked for a second or two; a full
/// ring drops a sample (counted), or delays a piece of text or a miss (both are sent again).
constexpr std::size_t kSamples = 8192;
constexpr std::size_t kTextRecords = 16384;
constexpr std::size_t kMisses = 1024;
}  // namespace

StageChannel::StageChannel(messages::StageId id_of_stage, std::string name_of_stage)
    : index(id_of_stage),
      name(std::move(name_of_stage)),
      samples(kSamples),
      text(kTextRecords),
      misses(kMisses) {}

std::optional<StopToken> StageChannel::begin_job(messages::JobNumber job) {
  const MutexLock lock(mutex_);
  if (is_closed_) {
    reason_ = messages::PreemptReason::cancelled;
    return std::nullopt;
  }
  for (const Refusal& refusal : refused_) {
    if (refusal.job != job) continue;
    reason_ = refusal.reason;
    return std::nullopt;
  }
  current_job_.store(job, std::memory_order_release);
  heartbeat.fetch_add(1, std::memory_order_relaxed);
  return StopToken(stop_);
}

void StageChannel::end_job() {
  const MutexLock lock(mutex_);
  current_job_.store({}, std::memory_order_release);
}

void StageChannel::preempt(messages::JobNumber job, messages::PreemptReason reason) {
  const MutexLock lock(mutex_);
  if (current_job() == job) {
    reason_ = reason;
    stop_.raise();
    return;
  }
  refused_[n_refused_++ % kRemembered] = {job, reason};
}

void StageChannel::close() {
  const MutexLock lock(mutex_);
  is_closed_ = true;
  reason_ = messages::PreemptReason::cancelled;
  stop_.raise();
}

messages::PreemptReason StageChannel::last_reason() const {
  const MutexLock lock(mutex_);
  return reason_;
}

Result<StageChannel*> StageChannels::open(const std::string& name) {
  const MutexLock lock(mutex_);
  const std::uint32_t n = size();
  for (std::uint32_t i = 0; i < n; ++i) {
    if (channels_[i]->name == name) return channels_[i].get();
  }
  if (n == kMaxStages) {
    return Error(ActorsError::bad_request,
                 "stage '" + name + "': this runtime has " + std::to_string(kMaxStages) +
                     " stages of other names already; use one of their names, or another runtime");
  }
  channels_[n] = std::make_unique<StageChannel>(messages::StageId{n}, name);
  if (is_closed_) channels_[n]->close();
  n_channels_.store(n + 1, std::memory_order_release);
  return channels_[n].get();
}

StageChannel& StageChannels::at(messages::StageId index) const {
  BLUE_CHECK(index.value < size());
  return *channels_[index.value];
}

void StageChannels::preempt(messages::JobNumber job, messages::PreemptReason reason) {
  for_each([&](StageChannel& channel) { channel.preempt(job, reason); });
  if (on_stop_) on_stop_();
}

void StageChannels::close_all() {
  const MutexLock lock(mutex_);
  is_closed_ = true;
  for_each([](StageChannel& channel) { channel.close(); });
}

}  // namespace blue::actors
