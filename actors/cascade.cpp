#include "actors/cascade.h"

#include <utility>

namespace blue::actors {
namespace {

messages::SamplingBits bits_of(const models::SamplingSpec& sampling) {
  return {messages::FloatBits::of(sampling.temperature), sampling.top_k,
          messages::FloatBits::of(sampling.top_p), messages::FloatBits::of(sampling.min_p),
          sampling.seed};
}

}  // namespace

Cascade::Cascade(caf::actor_config& config, RuntimeContext& runtime, messages::RunNumber run)
    : PinnedActor(config, runtime, ActorKind::cascade, "cascade." + std::to_string(run)),
      run_(run) {}

Cascade::Behavior Cascade::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::BeginRun&) { begin(); }),
      on([this](const messages::StageDone& result) { stage_done(result); }),
      on([this](const messages::StagePreempted& preempted) { stage_preempted(preempted); }),
      on([this](const messages::StageFailed& failed) { stage_failed(failed); }),
      on([this](const messages::CancelRun&) {
        // What runs is stopped already and comes back as stage_preempted; only a run between stages
        // ends here.
        if (!pending_)
          finish(messages::Outcome::cancelled, ErrorKind::cancelled, "the run was cancelled");
      }),
      on([this](const messages::SchedulerRestarted&) {
        if (pending_) send(book().get(&Addresses::scheduler), *pending_);
      }),
  };
}

void Cascade::begin() {
  if (policy_ || is_over_) return;
  const auto plan = runtime().runs.find(run_);
  if (!plan) return;
  auto started = plan->start == RunStart::anew ? CascadeRun::start(plan->record, plan->log_path)
                                               : CascadeRun::resume(plan->log_path);
  if (!started) return fail(started.error());
  policy_ = std::move(started).value();
  runtime().runs.set_buffer(run_, policy_->buffer());
  show_resumed();
  go_on();
}

void Cascade::show_resumed() {
  const CascadeSpec& cascade = policy_->record().cascade;
  messages::SlotWritten task;
  task.slot = cascade.input;
  task.text = policy_->record().task;
  tell(std::move(task));
  for (const std::uint32_t stage : policy_->resumed_stages()) {
    for (const memory::SlotText& slot : policy_->buffer()->observe()) {
      if (slot.name != cascade.stages[stage].writes) continue;
      messages::SlotWritten written;
      written.stage = stage;
      written.slot = slot.name;
      written.text = slot.text;
      written.was_resumed = 1;
      tell(std::move(written));
    }
  }
}

void Cascade::go_on() {
  pending_.reset();
  for (;;) {
    auto step = policy_->next();
    if (!step) return fail(step.error());
    if (std::holds_alternative<CascadeRun::Finished>(*step)) {
      return finish(messages::Outcome::completed, ErrorKind::failed, "");
    }
    if (const auto* next = std::get_if<CascadeRun::StageToRun>(&*step)) return ask_for(*next);
    const auto& skipped = std::get<CascadeRun::Skipped>(*step);
    const StageSpec& stage = policy_->record().cascade.stages[skipped.stage];
    messages::StageSkipped told;
    told.stage = skipped.stage;
    told.name = stage.name;
    told.why = skipped.why;
    tell(std::move(told));
    for (const memory::SlotText& slot : policy_->buffer()->observe()) {
      if (slot.name == stage.writes) tell_written(skipped.stage, slot.text, {});
    }
  }
}

void Cascade::ask_for(const CascadeRun::StageToRun& next) {
  const std::vector<StageSpec>& stages = policy_->record().cascade.stages;
  const StageSpec& stage = stages[next.stage];
  auto channel = runtime().channels.open(stage.name);
  if (!channel) return fail(channel.error());
  messages::StageReady ready;
  ready.run = run_;
  ready.job = runtime().runs.next_job();
  ready.stage = next.stage;
  ready.stage_id = (*channel)->index;
  ready.model = stage.model;
  ready.system = stage.system;
  ready.prompt = next.prompt;
  ready.max_tokens = stage.max_tokens;
  ready.sampling = bits_of(stage.sampling);
  if (next.stage + 1 < stages.size()) ready.next_model = stages[next.stage + 1].model;
  pending_ = ready;

  // Before the stage can begin, so that its text finds the application informed.
  messages::StageStarted started;
  started.job = ready.job;
  started.stage = next.stage;
  started.name = stage.name;
  tell(std::move(started));
  send(book().get(&Addresses::scheduler), std::move(ready));
}

void Cascade::stage_done(const messages::StageDone& result) {
  if (!is_awaited(result.job)) return;
  const Status kept = policy_->stage_done(result.stage, result.text, result.figures);
  if (!kept) return fail(kept.error());
  tell_written(result.stage, result.text, result.figures);
  go_on();
}

void Cascade::stage_preempted(const messages::StagePreempted& preempted) {
  if (!is_awaited(preempted.job)) return;
  const bool is_degenerate = preempted.reason != messages::PreemptReason::cancelled &&
                             preempted.reason != messages::PreemptReason::stalled;
  if (!is_degenerate) {
    const Status kept = policy_->stage_lost(preempted.stage, preempted.text);
    if (!kept) return fail(kept.error());
    const std::string& name = policy_->record().cascade.stages[preempted.stage].name;
    if (preempted.reason == messages::PreemptReason::cancelled) {
      return finish(messages::Outcome::cancelled, ErrorKind::cancelled,
                    "the run was cancelled in stage '" + name + "'");
    }
    return fail(
        Error(ActorsError::timed_out, "stage '" + name + "' made no progress and was stopped"));
  }
  const Status kept = policy_->stage_preempted(preempted.stage, preempted.text, preempted.reason,
                                               preempted.figures);
  if (!kept) return fail(kept.error());
  messages::SlotPreempted told;
  told.stage = preempted.stage;
  told.name = policy_->record().cascade.stages[preempted.stage].name;
  told.reason = preempted.reason;
  tell(std::move(told));
  tell_written(preempted.stage, preempted.text, preempted.figures);
  go_on();
}

void Cascade::stage_failed(const messages::StageFailed& failed) {
  if (!is_awaited(failed.job)) return;
  const std::string& name = policy_->record().cascade.stages[failed.stage].name;
  // The partial text is for people; that it could not be kept must not hide why the stage failed.
  const Status kept = policy_->stage_lost(failed.stage, failed.text);
  const std::string also = kept ? "" : "; " + kept.error().message();
  finish(messages::Outcome::failed, static_cast<ErrorKind>(failed.kind),
         "stage '" + name + "': " + failed.error + also);
}

void Cascade::tell_written(std::uint32_t stage, const std::string& text,
                           const messages::StageFigures& figures) {
  messages::SlotWritten written;
  written.stage = stage;
  written.slot = policy_->record().cascade.stages[stage].writes;
  written.text = text;
  written.figures = figures;
  tell(std::move(written));
}

void Cascade::finish(messages::Outcome outcome, ErrorKind kind, const std::string& error) {
  if (std::exchange(is_over_, true)) return;
  pending_.reset();
  messages::RunDone ended;
  ended.run = run_;
  ended.outcome = outcome;
  ended.kind = static_cast<std::uint8_t>(kind);
  ended.error = error;
  if (policy_) {
    const Status logged = policy_->end(outcome, error);
    if (!logged && outcome == messages::Outcome::completed) {
      ended.outcome = messages::Outcome::failed;
      ended.error = logged.error().message();
    }
    policy_.reset();  // unlocks the log, so that a resume can have it
  }
  send(book().get(&Addresses::application), ended);
  send(book().get(&Addresses::scheduler), ended);
  send(book().get(&Addresses::supervisor), ended);
}

}  // namespace blue::actors
