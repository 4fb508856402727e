#include "actors/scheduling/restart_policy.h"

namespace blue::actors {

std::string_view to_text(ActorKind kind) {
  switch (kind) {
    case ActorKind::supervisor: return "supervisor";
    case ActorKind::scheduler: return "scheduler";
    case ActorKind::cascade: return "cascade";
    case ActorKind::stage: return "stage";
    case ActorKind::entropy_monitor: return "entropy_monitor";
    case ActorKind::tiering: return "tiering";
    case ActorKind::dma_engine: return "dma_engine";
    case ActorKind::kv_library: return "kv_library";
    case ActorKind::watchdog: return "watchdog";
    case ActorKind::tracer: return "tracer";
    case ActorKind::application: return "application";
  }
  return "unknown";
}

DownDecision RestartPolicy::decide(ActorKind kind, Nanoseconds now_ns) {
  if (kind == ActorKind::cascade) return DownDecision::end_run;
  // The application's promises to its callers died with it; the supervisor has no parent.
  if (kind == ActorKind::application || kind == ActorKind::supervisor) return DownDecision::give_up;
  std::deque<Nanoseconds>& recent = recent_[static_cast<std::size_t>(kind)];
  while (!recent.empty() && now_ns - recent.front() > kWithin_ns) recent.pop_front();
  if (recent.size() >= kMaxRestarts) return DownDecision::give_up;
  recent.push_back(now_ns);
  ++n_restarts_;
  return kind == ActorKind::stage ? DownDecision::restart_lose_job : DownDecision::restart;
}

}  // namespace blue::actors
