// DmaEngine: owns the copy queues, the staging slots and the checksums (all in memory::Mover). It
// carries the tiering actor's moves, several at once, and reports each end.
// Depends on actors/. Threads: its own, like its file reader and stream. After a restart the moves
// of its predecessor are lost; it announces itself, so that the tiering actor reports them failed.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/tiering/tier_memory.h"
#include "hal/file_reader.h"
#include "memory/tiers/mover.h"

namespace blue::actors {

class DmaEngine final : public PinnedActor<DmaEngineHandle> {
 public:
  DmaEngine(caf::actor_config& config, ActorHost& host, TierMemory& tiers);
  Behavior make_behavior() override;
  void on_exit() override;

 private:
  /// A move under way; the lease keeps its source in ram where it is.
  struct Carried {
    messages::Move order;
    memory::Lease source;
  };

  [[nodiscard]] Status open();
  void take(const messages::Move& order);
  /// Hands waiting moves to the mover, as many as it takes.
  void submit_waiting();
  void advance(memory::Mover::Poll poll);
  void end(memory::MoveEnd& end);
  void report_failure(const messages::Move& order, const Error& error);
  void poll();
  void begin_polling();

  TierMemory& tiers_;
  std::uint64_t incarnation_ = 0;
  std::unique_ptr<hal::FileReader> reader_;
  std::unique_ptr<memory::Mover> mover_;
  std::deque<messages::Move> waiting_;
  std::vector<Carried> carried_;
  std::vector<memory::MoveEnd> ended_;
  Nanoseconds last_work_ns_ = 0;
  bool is_polling_ = false;
};

}  // namespace blue::actors
