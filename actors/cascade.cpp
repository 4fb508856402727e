#include "actors/cascade.h"

#include <utility>

namespace blue::actors {
namespace {

/// A cascade's jobs return the whole text; this is the part that did not cross the ring.
messages::JobText not_streamed(const messages::JobText& text) {
  return {text.n_streamed, std::string(text.not_streamed(messages::TextReturn::whole))};
}

}  // namespace

Cascade::Cascade(caf::actor_config& config, ActorHost& host, RunTable& runs,
                 StageChannels& channels, messages::RunNumber run)
    : PinnedActor(config, host, ActorKind::cascade, "cascade." + std::to_string(run.value)),
      runs_(runs),
      channels_(channels),
      run_(run) {}

Cascade::Behavior Cascade::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::BeginRun&) { begin(); }),
      on([this](const messages::StageDone& result) { stage_done(result); }),
      on([this](const messages::StagePreempted& preempted) { stage_preempted(preempted); }),
      on([this](const messages::StageFailed& failed) { stage_failed(failed); }),
      on([this](const messages::CancelRun&) {
        // A running stage is stopped already and returns stage_preempted; only a run between stages
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
  const auto plan = runs_.find(run_);
  if (!plan) return;
  auto started = plan->start == RunStart::anew ? CascadeRun::start(plan->record, plan->log_path)
                                               : CascadeRun::resume(plan->log_path);
  if (!started) return fail(started.error());
  policy_ = std::move(started).value();
  runs_.set_buffer(run_, policy_->buffer());
  report_resumed();
  go_on();
}

void Cascade::report_resumed() {
  const CascadeSpec& cascade = policy_->record().cascade;
  messages::SlotWritten task;
  task.slot = cascade.input;
  task.text.text = policy_->record().task;
  report(std::move(task));
  for (const std::uint32_t stage : policy_->resumed_stages()) {
    for (const memory::SlotText& slot : policy_->buffer()->observe()) {
      if (slot.name != cascade.stages[stage].writes) continue;
      messages::SlotWritten written;
      written.stage = stage;
      written.slot = slot.name;
      written.text.text = slot.text;
      written.was_resumed = true;
      report(std::move(written));
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
    messages::StageSkipped notice;
    notice.stage = skipped.stage;
    notice.name = stage.name;
    notice.why = skipped.why;
    report(std::move(notice));
    for (const memory::SlotText& slot : policy_->buffer()->observe()) {
      if (slot.name == stage.writes) report_written(skipped.stage, {0, slot.text}, {});
    }
  }
}

void Cascade::ask_for(const CascadeRun::StageToRun& next) {
  const std::vector<StageSpec>& stages = policy_->record().cascade.stages;
  const StageSpec& stage = stages[next.stage];
  auto channel = channels_.open(stage.name);
  if (!channel) return fail(channel.error());
  messages::StageReady ready;
  ready.spec.key = {run_, runs_.next_job(), next.stage, (*channel)->index};
  ready.spec.model = stage.model;
  ready.spec.system = stage.system;
  ready.spec.prompt = next.prompt;
  ready.spec.max_tokens = stage.max_tokens;
  ready.spec.sampling = messages::SamplingBits::of(stage.sampling);
  if (next.stage + 1 < stages.size()) ready.next_model = stages[next.stage + 1].model;
  pending_ = ready;

  // Before the stage can begin, so that the application can tell whose text it reads.
  messages::StageStarted started;
  started.key = ready.spec.key;
  started.name = stage.name;
  report(std::move(started));
  send(book().get(&Addresses::scheduler), std::move(ready));
}

void Cascade::stage_done(const messages::StageDone& result) {
  if (!is_awaited(result.key)) return;
  const Status kept = policy_->stage_done(result.key.stage, result.text.text, result.figures);
  if (!kept) return fail(kept.error());
  report_written(result.key.stage, not_streamed(result.text), result.figures);
  go_on();
}

void Cascade::stage_preempted(const messages::StagePreempted& preempted) {
  if (!is_awaited(preempted.key)) return;
  const std::uint32_t stage = preempted.key.stage;
  const std::string& name = policy_->record().cascade.stages[stage].name;
  const bool is_degenerate = preempted.reason != messages::PreemptReason::cancelled &&
                             preempted.reason != messages::PreemptReason::stalled;
  if (!is_degenerate) {
    const Status kept = policy_->stage_lost(stage, preempted.text.text);
    if (!kept) return fail(kept.error());
    if (preempted.reason == messages::PreemptReason::cancelled) {
      return finish(messages::Outcome::cancelled, ErrorKind::cancelled,
                    "the run was cancelled in stage '" + name + "'");
    }
    return fail(
        Error(ActorsError::timed_out, "stage '" + name + "' made no progress and was stopped"));
  }
  const Status kept =
      policy_->stage_preempted(stage, preempted.text.text, preempted.reason, preempted.figures);
  if (!kept) return fail(kept.error());
  messages::SlotPreempted notice;
  notice.stage = stage;
  notice.name = name;
  notice.reason = preempted.reason;
  report(std::move(notice));
  report_written(stage, not_streamed(preempted.text), preempted.figures);
  go_on();
}

void Cascade::stage_failed(const messages::StageFailed& failed) {
  if (!is_awaited(failed.key)) return;
  const std::string& name = policy_->record().cascade.stages[failed.key.stage].name;
  // The partial text is for people; that it could not be kept must not hide why the stage failed.
  const Status kept = policy_->stage_lost(failed.key.stage, failed.text.text);
  const std::string also = kept ? "" : "; " + kept.error().message();
  finish(messages::Outcome::failed, failed.kind, "stage '" + name + "': " + failed.error + also);
}

void Cascade::report_written(std::uint32_t stage, messages::JobText not_streamed,
                             const messages::StageFigures& figures) {
  messages::SlotWritten written;
  written.stage = stage;
  written.slot = policy_->record().cascade.stages[stage].writes;
  written.text = std::move(not_streamed);
  written.figures = figures;
  report(std::move(written));
}

void Cascade::finish(messages::Outcome outcome, ErrorKind kind, const std::string& error) {
  if (std::exchange(is_over_, true)) return;
  pending_.reset();
  messages::RunDone ended;
  ended.run = run_;
  ended.outcome = outcome;
  ended.kind = kind;
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
  send(book().get(&Addresses::supervisor), ended);  // which passes it on to the scheduler
}

}  // namespace blue::actors
