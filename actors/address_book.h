// AddressBook: the handles of the running actors. The supervisor writes it when it starts or
// restarts an actor; a sender looks the handle up for each message, so that none keeps a handle to
// an actor that died, and shutdown drops every handle in one place.
// Depends on actors/handles.h. Threads: any. Owned by the runtime; empty before the actor
// system ends.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "actors/handles.h"
#include "base/mutex.h"
#include "messages/ids.h"

namespace blue::actors {

/// A stage's actor, and which incarnation of it.
struct StageAddress {
  StageHandle handle;
  std::uint64_t incarnation = 0;
};

struct Addresses {
  SupervisorHandle supervisor;
  SchedulerHandle scheduler;
  EntropyMonitorHandle entropy_monitor;
  TieringHandle tiering;
  DmaEngineHandle dma_engine;
  KvLibraryHandle kv_library;
  WatchdogHandle watchdog;
  TracerHandle tracer;
  ApplicationHandle application;
  std::map<messages::StageId, StageAddress> stages;
  std::map<messages::RunNumber, CascadeHandle> cascades;
};

class AddressBook {
 public:
  /// A copy; empty when there is no such actor now. Drop it at the end of the handler.
  template <class Handle>
  [[nodiscard]] Handle get(Handle Addresses::*member) const {
    const MutexLock lock(mutex_);
    return addresses_.*member;
  }
  [[nodiscard]] StageAddress stage(messages::StageId stage_id) const {
    const MutexLock lock(mutex_);
    const auto found = addresses_.stages.find(stage_id);
    return found == addresses_.stages.end() ? StageAddress{} : found->second;
  }
  [[nodiscard]] std::vector<StageHandle> stages() const {
    const MutexLock lock(mutex_);
    std::vector<StageHandle> stages;
    for (const auto& [stage_id, stage] : addresses_.stages) stages.push_back(stage.handle);
    return stages;
  }
  [[nodiscard]] CascadeHandle cascade(messages::RunNumber run) const {
    const MutexLock lock(mutex_);
    const auto found = addresses_.cascades.find(run);
    return found == addresses_.cascades.end() ? CascadeHandle{} : found->second;
  }

  /// For the supervisor: `change` gets the addresses under the lock. Does nothing after close().
  template <class Change>
  void update(Change&& change) {
    const MutexLock lock(mutex_);
    if (!is_closed_) change(addresses_);
  }
  /// Empties the book for good.
  void close() {
    Addresses dropped;  // handles die outside the lock: the last one may end a thread
    const MutexLock lock(mutex_);
    is_closed_ = true;
    std::swap(dropped, addresses_);
  }

 private:
  mutable Mutex mutex_;
  Addresses addresses_ BLUE_GUARDED_BY(mutex_);
  bool is_closed_ BLUE_GUARDED_BY(mutex_) = false;
};

}  // namespace blue::actors
