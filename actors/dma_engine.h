// DmaEngine: owns the copy queues, the staging halves and the checksums (all in memory::Mover). It
// executes the tiering actors' moves one after the other, and between them reads the channels' miss
// rings, which it turns into fetches.
// Depends on actors/. Threads: its own, like its file reader and stream. After a restart it
// abandons what its predecessor was loading and reports it failed.
#pragma once

#include <memory>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "hal/file_reader.h"
#include "memory/tiers/mover.h"

namespace blue::actors {

class DmaEngine final : public PinnedActor<DmaEngineHandle> {
 public:
  DmaEngine(caf::actor_config& config, ActorHost& host, TierMemory& tiers, StageChannels& channels);
  Behavior make_behavior() override;
  void on_exit() override;

 private:
  void abandon_unfinished();
  [[nodiscard]] Status open();
  void move(const messages::Move& order);
  [[nodiscard]] Result<memory::MoveReport> copy(const messages::Move& order);
  void report_failure(const messages::Move& order, messages::MoveFailure failure,
                      std::string error);
  [[nodiscard]] bool has_misses() const;
  std::size_t take_misses();
  void poll();
  void begin_polling();

  TierMemory& tiers_;
  StageChannels& channels_;
  std::unique_ptr<hal::FileReader> reader_;
  std::unique_ptr<memory::Mover> mover_;
  Nanoseconds last_work_ns_ = 0;
  bool is_polling_ = false;
};

}  // namespace blue::actors
