#include "actors/house.h"

#include <caf/scoped_actor.hpp>
#include <chrono>
#include <utility>

#include "actors/supervisor.h"

namespace blue::actors {
namespace {

constexpr std::chrono::seconds kPatience{5};

template <class Reply, class Handle, class Message>
std::optional<Reply> ask_from_outside(caf::actor_system& system, const Handle& to, Message message) {
  if (!to) return std::nullopt;
  std::optional<Reply> answered;
  caf::scoped_actor self(system);
  self->request(to, kPatience, std::move(message))
      .receive([&](const Reply& reply) { answered = reply; }, [](const caf::error&) {});
  return answered;
}

}  // namespace

House::House(FabricOptions options, LogSink& log)
    : fabric_(std::move(options), log),
      config_(fabric_.options.spawn == SpawnMode::detached ? messages::Scheduling::threads
                                                           : messages::Scheduling::deterministic),
      system_(std::make_unique<caf::actor_system>(config_)) {
  if (fabric_.options.tiers) {
    // The one message that a stage's miss may cost, and only when the engine sleeps.
    fabric_.options.tiers->set_bell([this](messages::DeskIndex desk) {
      messages::WakeMisses wake;
      wake.desk = desk;
      say(&Addresses::dma_engine, wake);
    });
  }
  auto supervisor = spawn_seated<Supervisor>(*system_, fabric_);
  fabric_.book.update([&](Addresses& addresses) { addresses.supervisor = supervisor; });
}

House::~House() { stop(); }

void House::stop() {
  if (!system_) return;
  fabric_.close();
  {
    const SupervisorHandle supervisor = fabric_.book.get(&Addresses::supervisor);
    if (supervisor) messages::send_exit_to(supervisor);
  }
  // A supervisor that is only just beginning drops the book's handles itself when it ends.
  system_.reset();
  fabric_.book.close();
  fabric_.events.end_all(ErrorKind::cancelled, "the runtime was shut down");
}

caf::actor_system& House::system() {
  BLUE_CHECK(system_ != nullptr, "the house was stopped");
  return *system_;
}

bool House::flush_traces() {
  if (!system_) return false;
  messages::FlushTraces order;
  if (fabric_.traces.is_on()) order.trace = child_of(TraceContext{});
  return ask_from_outside<messages::TracesFlushed>(*system_, fabric_.book.get(&Addresses::tracer), order)
      .has_value();
}

std::optional<messages::Pong> House::ping() {
  if (!system_) return std::nullopt;
  messages::Ping order;
  if (fabric_.traces.is_on()) order.trace = child_of(TraceContext{});
  return ask_from_outside<messages::Pong>(*system_, fabric_.book.get(&Addresses::supervisor), order);
}

}  // namespace blue::actors
