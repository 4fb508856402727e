#include "actors/actor_runtime.h"

#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <chrono>
#include <utility>

#include "actors/supervisor.h"

namespace blue::actors {
namespace {

const caf::duration kPatience{std::chrono::seconds(5)};

}  // namespace

template <class Reply, class Handle, class Message>
std::optional<Reply> ActorRuntime::ask(const Handle& to, Message message, caf::duration patience) {
  if (!system_ || !to) return std::nullopt;
  if (context_.traces.is_on()) message.trace = child_of(TraceContext{});
  std::optional<Reply> answered;
  caf::scoped_actor self(*system_);
  auto pending = self->request(to, patience, std::move(message));
  settle();
  pending.receive([&](const Reply& reply) { answered = reply; }, [](const caf::error&) {});
  return answered;
}

void ActorRuntime::settle() {
  if (!system_ || context_.spawn == SpawnMode::detached) return;
  dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler()).run();
}

ActorRuntime::ActorRuntime(RuntimeContextOptions options, LogSink& log)
    : context_(std::move(options), log),
      config_(context_.spawn == SpawnMode::detached ? messages::Scheduling::threads
                                                    : messages::Scheduling::deterministic),
      system_(std::make_unique<caf::actor_system>(config_)) {
  if (context_.options.tiers) {
    // The only message that a stage's miss may cause, and only when the engine sleeps.
    context_.options.tiers->set_wake_tiering(
        [this] { send(&Addresses::tiering, messages::WakeTiering{}); });
  }
  auto supervisor = spawn_pinned<Supervisor>(*system_, context_);
  context_.book.update([&](Addresses& addresses) { addresses.supervisor = supervisor; });
}

ActorRuntime::~ActorRuntime() { stop(); }

void ActorRuntime::stop() {
  if (!system_) return;
  // First: otherwise a waiting thread would get the supervisor's end, as if that were a fault.
  context_.events.end_all(ErrorKind::cancelled, "the runtime was shut down");
  context_.close();
  {
    const SupervisorHandle supervisor = context_.book.get(&Addresses::supervisor);
    if (supervisor) messages::send_exit_to(supervisor);
  }
  settle();
  // A supervisor that is still starting drops the book's handles itself when it ends.
  system_.reset();
  context_.book.close();
}

caf::actor_system& ActorRuntime::system() {
  BLUE_CHECK(system_ != nullptr, "the actor runtime was stopped");
  return *system_;
}

bool ActorRuntime::flush_traces() {
  return ask<messages::TracesFlushed>(context_.book.get(&Addresses::tracer),
                                      messages::FlushTraces{}, kPatience)
      .has_value();
}

std::optional<messages::Pong> ActorRuntime::ping() {
  return ask<messages::Pong>(context_.book.get(&Addresses::supervisor), messages::Ping{},
                             kPatience);
}

Status ActorRuntime::unload_model(const std::string& path) {
  messages::UnloadModel order;
  order.model = path;
  const auto unloaded = ask<messages::ModelUnloaded>(context_.book.get(&Addresses::scheduler),
                                                     std::move(order), caf::infinite);
  if (!unloaded) return Error(ActorsError::actor_down, path + ": the scheduler did not answer");
  if (unloaded->error.empty()) return {};
  return Error(
      unloaded->kind == ErrorKind::bad_input ? ActorsError::bad_request : ActorsError::actor_down,
      unloaded->error);
}

}  // namespace blue::actors
