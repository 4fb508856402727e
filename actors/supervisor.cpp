#include "actors/supervisor.h"

#include <utility>

namespace blue::actors {

Supervisor::Supervisor(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::supervisor, "supervisor") {}

Supervisor::Behavior Supervisor::make_behavior() {
  bind_thread();
  spawn_all();
  return {
      on([this](const messages::OpenRun& order) { open_run(order.run); }),
      on([this](const messages::OpenGeneration& order) { open_generation(order.run); }),
      on([this](const messages::RunDone& ended) { close_run(ended.run); }),
      on([this](const messages::Ping&) {
        messages::Pong pong;
        pong.n_actors = static_cast<std::uint32_t>(children_.size());
        pong.n_restarts = policy_.n_restarts();
        return pong;
      }),
  };
}

void Supervisor::on_exit() {
  // However it came to this, nobody below may go on alone: all work stops, all actors end, all
  // handles go.
  runtime().close();
  runtime().book.close();
  for (auto& [name, child] : children_) child.end();
  children_.clear();
  watch_.clear();
  runtime().events.end_all(ErrorKind::failed, "the runtime's supervisor has ended");
  PinnedActor::on_exit();
}

void Supervisor::open_run(messages::RunNumber run) {
  const auto plan = runtime().runs.find(run);
  if (!plan) return;
  const Status raised = spawn_stages_of(*plan);
  if (!raised) return end_run(run, raised.error());
  spawn_cascade(run);
  open_runs_.insert(run);
  messages::SubmitRun submit;
  submit.run = run;
  send(book().get(&Addresses::scheduler), submit);
}

void Supervisor::open_generation(messages::RunNumber run) {
  const auto plan = runtime().runs.find(run);
  if (!plan || !plan->generation) return;
  const auto channel = runtime().channels.open("generate");
  if (!channel) return end_run(run, channel.error());
  if (incarnations_[(*channel)->index] == 0) spawn_stage((*channel)->index);
  const StageJob& job = *plan->generation;
  const models::SamplingSpec& sampling = job.sampling;
  messages::StageReady ready;
  ready.run = run;
  ready.job = job.job;
  ready.stage_id = (*channel)->index;
  ready.model = job.model;
  ready.system = job.system;
  ready.prompt = job.prompt;
  ready.max_tokens = job.max_tokens;
  ready.sampling = {messages::FloatBits::of(sampling.temperature), sampling.top_k,
                    messages::FloatBits::of(sampling.top_p),
                    messages::FloatBits::of(sampling.min_p), sampling.seed};
  generations_[run] = ready;
  send(book().get(&Addresses::scheduler), std::move(ready));
}

void Supervisor::child_down(const std::string& name, const std::string& why) {
  const auto found = children_.find(name);
  if (found == children_.end()) return;
  const Child child = std::move(found->second);
  children_.erase(found);
  runtime().log.write(LogLevel::error, "actor " + name + " has died: " + why);
  switch (policy_.decide(child.kind, monotonic_now_ns())) {
    case DownDecision::end_run: {
      const auto run =
          static_cast<messages::RunNumber>(std::stoull(name.substr(name.find('.') + 1)));
      const Error error(ActorsError::actor_down, "the run's " + name + " actor has died (" + why +
                                                     "); committed slots are kept, resume the run");
      return end_run(run, error);
    }
    case DownDecision::restart_lose_job: {
      // Told before the new one is known, so that no job given to it can be meant.
      messages::StageLost lost;
      for (messages::StageId stage_id = 0; stage_id < runtime().channels.size(); ++stage_id) {
        if (name == "stage." + runtime().channels.at(stage_id).name) lost.stage_id = stage_id;
      }
      lost.incarnation = incarnations_[lost.stage_id];
      lost.error = "the actor of " + name + " has died (" + why + "); it was started again";
      child.start();
      return send(book().get(&Addresses::scheduler), lost);
    }
    case DownDecision::restart: child.start(); return after_restart(child.kind, why);
    case DownDecision::give_up:
      runtime().events.end_all(ErrorKind::failed, "actor " + name + " has died (" + why +
                                                      ") and can't be started again");
      return this->quit(caf::exit_reason::unhandled_exception);
  }
}

void Supervisor::after_restart(ActorKind kind, const std::string&) {
  if (kind != ActorKind::scheduler) return;
  for (const messages::RunNumber run : open_runs_) {
    messages::SubmitRun submit;
    submit.run = run;
    send(book().get(&Addresses::scheduler), submit);
    messages::SchedulerRestarted restarted;
    restarted.run = run;
    send(book().cascade(run), restarted);
  }
  for (const auto& [run, ready] : generations_) send(book().get(&Addresses::scheduler), ready);
}

void Supervisor::end_run(messages::RunNumber run, const Error& error) {
  messages::RunDone ended;
  ended.run = run;
  ended.outcome = messages::Outcome::failed;
  ended.kind = static_cast<std::uint8_t>(error.kind());
  ended.error = error.message();
  send(book().get(&Addresses::application), ended);
  send(book().get(&Addresses::scheduler), ended);
  close_run(run);
}

void Supervisor::close_run(messages::RunNumber run) {
  generations_.erase(run);
  open_runs_.erase(run);
  runtime().book.update([run](Addresses& addresses) { addresses.cascades.erase(run); });
  const auto found = children_.find("cascade." + std::to_string(run));
  if (found == children_.end()) return;
  const Child child = std::move(found->second);
  children_.erase(found);
  child.end();
}

}  // namespace blue::actors
