// RestartPolicy: what the supervisor does when an actor has died. Pure: kinds and times in, a
// decision out.
//   state that can be rebuilt (from the tables that outlive actors): the actor is started again;
//   state that can't (a cascade's open run): the run ends with an error, its log stays;
//   an actor that dies again and again: the runtime ends, since the cause is outside of the actor.
// Depends on base. Threads: the supervisor's.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string_view>

#include "base/units.h"

namespace blue::actors {

enum class ActorKind : std::uint8_t {
  supervisor,
  scheduler,
  cascade,
  stage,
  entropy_monitor,
  tiering,
  dma_engine,
  kv_library,
  watchdog,
  tracer,
  application,
};
inline constexpr std::size_t kActorKinds = 11;
std::string_view to_text(ActorKind kind);

enum class DownDecision : std::uint8_t {
  restart,           ///< as it was
  restart_lose_job,  ///< a stage: its job failed, the stage itself starts afresh
  end_run,           ///< a cascade
  give_up,
};

class RestartPolicy {
 public:
  static constexpr std::size_t kMaxRestarts = 8;             ///< of one kind ...
  static constexpr Nanoseconds kWithin_ns = 10'000'000'000;  ///< ... within so long

  DownDecision decide(ActorKind kind, Nanoseconds now_ns);
  [[nodiscard]] std::uint32_t n_restarts() const { return n_restarts_; }

 private:
  std::array<std::deque<Nanoseconds>, kActorKinds> recent_;
  std::uint32_t n_restarts_ = 0;
};

}  // namespace blue::actors
