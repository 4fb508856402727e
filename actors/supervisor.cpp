#include "actors/supervisor.h"

#include <utility>

namespace blue::actors {

Supervisor::Supervisor(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::supervisor, "supervisor"), runtime_(runtime) {}

Supervisor::Behavior Supervisor::make_behavior() {
  bind_thread();
  spawn_all();
  return {
      on([this](const messages::OpenRun& order) { open_run(order.run); }),
      on([this](const messages::RunDone& ended) { close_run(ended); }),
      on([this](const messages::Ping&) {
        messages::Pong pong;
        pong.n_actors = static_cast<std::uint32_t>(children_.size());
        pong.n_restarts = policy_.n_restarts();
        return pong;
      }),
  };
}

void Supervisor::on_exit() {
  // No actor runs without a supervisor: stops all work, ends all actors, drops all handles.
  runtime_.close();
  runtime_.book.close();
  for (auto& [name, child] : children_) child.end();
  children_.clear();
  watch_.clear();
  runtime_.events.end_all(ErrorKind::failed, "the runtime's supervisor has ended");
  PinnedActor::on_exit();
}

void Supervisor::open_run(messages::RunNumber run) {
  const auto plan = runtime_.runs.find(run);
  if (!plan) return;
  const Status opened =
      plan->generation ? open_generation(*plan->generation) : spawn_stages_of(*plan);
  if (!opened) return end_run(run, opened.error());
  if (plan->generation) return;
  spawn_cascade(run);
  open_runs_.insert(run);
  messages::SubmitRun submit;
  submit.run = run;
  send(book().get(&Addresses::scheduler), submit);
}

Status Supervisor::open_generation(messages::JobSpec job) {
  BLUE_TRY_ASSIGN(const StageChannel* channel, runtime_.channels.open("generate"));
  if (incarnations_[channel->index] == 0) {
    BLUE_TRY(can_spawn(1));
    spawn_stage(channel->index);
  }
  job.key.stage_id = channel->index;
  job.text_return = messages::TextReturn::not_streamed;
  messages::StageReady ready;
  ready.spec = std::move(job);
  generations_[ready.spec.key.run] = ready;
  send(book().get(&Addresses::scheduler), std::move(ready));
  return {};
}

void Supervisor::child_down(const std::string& name, const std::string& why) {
  const auto found = children_.find(name);
  if (found == children_.end()) return;
  const Child child = std::move(found->second);
  children_.erase(found);
  log().write(LogLevel::error, "actor " + name + " has died: " + why);
  DownDecision decision = policy_.decide(child.kind, monotonic_now_ns());
  if (decision != DownDecision::end_run && !can_spawn(1)) decision = DownDecision::give_up;
  switch (decision) {
    case DownDecision::end_run: {
      const messages::RunNumber run{std::stoull(name.substr(name.find('.') + 1))};
      const Error error(ActorsError::actor_down, "the run's " + name + " actor has died (" + why +
                                                     "); committed slots are kept, resume the run");
      return end_run(run, error);
    }
    case DownDecision::restart_lose_job: return restart_lost_job(child, why);
    case DownDecision::restart: child.start(); return after_restart(child.kind);
    case DownDecision::give_up:
      runtime_.events.end_all(ErrorKind::failed, "actor " + name + " has died (" + why +
                                                     ") and can't be started again");
      return this->quit(caf::exit_reason::unhandled_exception);
  }
}

void Supervisor::restart_lost_job(const Child& child, const std::string& why) {
  // Made before the new actor starts: it names the old incarnation, so that no job given to the
  // new one can be meant.
  messages::StageLost lost;
  runtime_.channels.for_each([&](const StageChannel& channel) {
    if (child.name == "stage." + channel.name) lost.stage_id = channel.index;
  });
  lost.incarnation = incarnations_[lost.stage_id];
  lost.error = "the actor of " + child.name + " has died (" + why + "); it was started again";
  child.start();
  send(book().get(&Addresses::scheduler), lost);
}

void Supervisor::after_restart(ActorKind kind) {
  if (kind != ActorKind::scheduler) return;
  for (const messages::RunNumber run : open_runs_) {
    messages::SubmitRun submit;
    submit.run = run;
    send(book().get(&Addresses::scheduler), submit);
    send(book().cascade(run), messages::SchedulerRestarted{});
  }
  for (const auto& [run, ready] : generations_) send(book().get(&Addresses::scheduler), ready);
}

void Supervisor::end_run(messages::RunNumber run, const Error& error) {
  messages::RunDone ended;
  ended.run = run;
  ended.outcome = messages::Outcome::failed;
  ended.kind = error.kind();
  ended.error = error.message();
  send(book().get(&Addresses::application), ended);
  close_run(ended);
}

void Supervisor::close_run(const messages::RunDone& ended) {
  // From the sender of submit_run, so that it never overtakes it.
  send(book().get(&Addresses::scheduler), ended);
  const messages::RunNumber run = ended.run;
  generations_.erase(run);
  open_runs_.erase(run);
  runtime_.book.update([run](Addresses& addresses) { addresses.cascades.erase(run); });
  const auto found = children_.find("cascade." + std::to_string(run.value));
  if (found == children_.end()) return;
  const Child child = std::move(found->second);
  children_.erase(found);
  child.end();
}

}  // namespace blue::actors
