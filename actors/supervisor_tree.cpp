// The supervisor's tree: how each actor is started, and with which arguments; a restart repeats it.
#include "actors/supervisor.h"

#include <functional>
#include <set>
#include <utility>

#include "actors/application.h"
#include "actors/cascade.h"
#include "actors/dma_engine.h"
#include "actors/entropy_monitor.h"
#include "actors/kv_library.h"
#include "actors/scheduler.h"
#include "actors/stage.h"
#include "actors/tiering.h"
#include "actors/tracer.h"
#include "actors/watchdog.h"
#include "hal/thread_reserve.h"

namespace blue::actors {

template <class Actor, class Place, class... Args>
void Supervisor::spawn_child(ActorKind kind, const std::string& name, Place place, Args... args) {
  const auto handle = spawn_pinned<Actor>(*this, runtime_, args...);
  runtime_.book.update([&](Addresses& addresses) { place(addresses, handle); });
  Child child;
  child.kind = kind;
  child.name = name;
  child.end = [handle] { messages::send_exit_to(handle); };
  child.start = [this, kind, name, place, args...] {
    spawn_child<Actor>(kind, name, place, args...);
  };
  children_[name] = std::move(child);
  watch_.watch(this, handle, [this, name](const std::string& why) { child_down(name, why); });
}

void Supervisor::spawn_all() {
  const auto placed = [](auto Addresses::*member) {
    return [member](Addresses& addresses, const auto& handle) { addresses.*member = handle; };
  };
  spawn_child<Application>(ActorKind::application, "application", placed(&Addresses::application));
  spawn_child<Tracer>(ActorKind::tracer, "tracer", placed(&Addresses::tracer),
                      std::ref(runtime_.trace_store));
  spawn_child<Watchdog>(ActorKind::watchdog, "watchdog", placed(&Addresses::watchdog),
                        std::ref(runtime_.channels), runtime_.options.stall_deadline_ns);
  spawn_child<EntropyMonitor>(ActorKind::entropy_monitor, "entropy",
                              placed(&Addresses::entropy_monitor), std::ref(runtime_.channels),
                              std::ref(runtime_.hints), runtime_.options.entropy);
  spawn_child<KvLibrary>(ActorKind::kv_library, "kv", placed(&Addresses::kv_library),
                         std::ref(runtime_.kv));
  if (runtime_.options.tiers) spawn_tiers();
  spawn_child<Scheduler>(ActorKind::scheduler, "scheduler", placed(&Addresses::scheduler));
}

void Supervisor::spawn_tiers() {
  const auto tiers = std::ref(*runtime_.options.tiers);
  const auto place = [](Addresses& addresses, const TieringHandle& handle) {
    addresses.tiering = handle;
  };
  spawn_child<Tiering>(ActorKind::tiering, "tiering", place, tiers,
                       static_cast<const ModelRegistry*>(runtime_.options.registry.get()),
                       std::ref(runtime_.channels));
  const auto place_engine = [](Addresses& addresses, const DmaEngineHandle& handle) {
    addresses.dma_engine = handle;
  };
  spawn_child<DmaEngine>(ActorKind::dma_engine, "dma", place_engine, tiers);
}

void Supervisor::spawn_stage(messages::StageId stage_id) {
  StageChannel& channel = runtime_.channels.at(stage_id);
  const auto place = [this, stage_id](Addresses& addresses, const StageHandle& handle) {
    addresses.stages[stage_id] = {handle, ++incarnations_[stage_id]};
  };
  spawn_child<Stage>(ActorKind::stage, "stage." + channel.name, place, std::ref(channel),
                     std::ref(runtime_.kv), runtime_.options.make_source);
}

Status Supervisor::spawn_stages_of(const RunPlan& plan) {
  std::set<messages::StageId> absent;
  for (const StageSpec& stage : plan.record.cascade.stages) {
    BLUE_TRY_ASSIGN(const StageChannel* channel, runtime_.channels.open(stage.name));
    if (incarnations_[channel->index] == 0) absent.insert(channel->index);
  }
  BLUE_TRY(can_spawn(absent.size() + 1));  // and the cascade
  for (const messages::StageId stage_id : absent) spawn_stage(stage_id);
  return {};
}

Status Supervisor::can_spawn(std::size_t n) {
  if (runtime_.options.spawn != SpawnMode::detached) return {};
  return hal::can_start_threads(n);
}

void Supervisor::spawn_cascade(messages::RunNumber run) {
  const auto place = [run](Addresses& addresses, const CascadeHandle& handle) {
    addresses.cascades[run] = handle;
  };
  spawn_child<Cascade>(ActorKind::cascade, "cascade." + std::to_string(run.value), place,
                       std::ref(runtime_.runs), std::ref(runtime_.channels), run);
}

}  // namespace blue::actors
