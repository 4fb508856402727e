#include "actors/scheduler.h"

#include <utility>

namespace blue::actors {

Scheduler::Scheduler(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::scheduler, "scheduler") {}

Scheduler::Behavior Scheduler::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::SubmitRun& submit) {
        submitted_.push_back(submit.run);
        begin_runs();
      }),
      on([this](const messages::StageReady& ready) {
        if (queue_.add(ready)) dispatch();
      }),
      on([this](const messages::StageDone& result) {
        queue_.finish(result.job, &result.figures);
        forward(result);
      }),
      on([this](const messages::StagePreempted& preempted) {
        queue_.finish(preempted.job, nullptr);
        forward(preempted);
      }),
      on([this](const messages::StageFailed& failed) {
        queue_.finish(failed.job, nullptr);
        forward(failed);
      }),
      on([this](const messages::StageLost& lost) { fail_running(lost.incarnation, lost); }),
      on([this](const messages::CancelRun& order) { cancel(order); }),
      on([this](const messages::RunDone& ended) {
        open_runs_.erase(ended.run);
        queue_.cancel(ended.run);
        stop_running(ended.run);  // a run whose cascade died may still have a stage at work
        begin_runs();
      }),
      on([this](const messages::Stalled& stalled) {
        runtime().log.write(LogLevel::warning, "stage '" +
                                                   runtime().channels.at(stalled.stage_id).name +
                                                   "' made no progress and is stopped");
        messages::PreemptStage preempt;
        preempt.job = stalled.job;
        preempt.stage_id = stalled.stage_id;
        preempt.reason = messages::PreemptReason::stalled;
        runtime().preempt(stalled.job, preempt.reason);
        send_urgent(book().stage(stalled.stage_id).handle, preempt);
      }),
      on([this](const messages::TierPressure& pressure) {
        runtime().log.write_once(LogLevel::info, "tier " + std::to_string(pressure.tier) +
                                                     " is full (" +
                                                     to_text(Bytes{pressure.n_bytes_total}) +
                                                     "): blocks are evicted to make room");
      }),
      on([this](const messages::PollHints&) { poll(); }),
  };
}

void Scheduler::begin_runs() {
  while (!submitted_.empty() && open_runs_.size() < kMaxOpenRuns) {
    messages::BeginRun begin;
    begin.run = submitted_.front();
    submitted_.pop_front();
    open_runs_.insert(begin.run);
    send(book().cascade(begin.run), begin);
  }
}

void Scheduler::dispatch() {
  auto next = queue_.take();
  if (!next) return;
  const StageAddress stage = book().stage(next->stage_id);
  running_incarnation_ = stage.incarnation;
  messages::RunStage order;
  order.run = next->run;
  order.job = next->job;
  order.stage = next->stage;
  order.stage_id = next->stage_id;
  order.model = std::move(next->model);
  order.system = std::move(next->system);
  order.prompt = std::move(next->prompt);
  order.max_tokens = next->max_tokens;
  order.sampling = next->sampling;
  send(stage.handle, order);
  begin_polling();
}

template <class Outcome>
void Scheduler::forward(const Outcome& outcome) {
  drain_hints();  // what was said at the stage's end belongs to it
  const auto plan = runtime().runs.find(outcome.run);
  if (plan && plan->generation) {
    send(book().get(&Addresses::application), outcome);
  } else {
    send(book().cascade(outcome.run), outcome);
  }
  dispatch();
}

void Scheduler::fail_running(std::uint64_t incarnation, const messages::StageLost& lost) {
  const auto& running = queue_.running();
  if (!running || running->stage_id != lost.stage_id || running_incarnation_ > incarnation) return;
  messages::StageFailed failed;
  failed.run = running->run;
  failed.job = running->job;
  failed.stage = running->stage;
  failed.stage_id = running->stage_id;
  failed.kind = static_cast<std::uint8_t>(ErrorKind::failed);
  failed.error = lost.error;
  queue_.finish(failed.job, nullptr);
  forward(failed);
}

void Scheduler::cancel(const messages::CancelRun& order) {
  std::erase(submitted_, order.run);
  const auto end_job = [this](const messages::StageReady& stage) {
    messages::StagePreempted preempted;
    preempted.run = stage.run;
    preempted.job = stage.job;
    preempted.stage = stage.stage;
    preempted.stage_id = stage.stage_id;
    preempted.reason = messages::PreemptReason::cancelled;
    return preempted;
  };
  for (const messages::StageReady& dropped : queue_.cancel(order.run)) forward(end_job(dropped));
  stop_running(order.run);
  send_urgent(book().cascade(order.run), order);
}

void Scheduler::stop_running(messages::RunNumber run) {
  const auto& running = queue_.running();
  if (!running || running->run != run) return;
  messages::PreemptStage preempt;
  preempt.job = running->job;
  preempt.stage_id = running->stage_id;
  preempt.reason = messages::PreemptReason::cancelled;
  runtime().preempt(preempt.job, preempt.reason);
  send_urgent(book().stage(preempt.stage_id).handle, preempt);
}

void Scheduler::take_hint(const messages::HintRecord& hint) {
  runtime().hint_log.add(hint);
  const auto& running = queue_.running();
  if (!running || running->job != hint.job || running->next_model.empty()) return;
  if (hint.kind != static_cast<std::uint8_t>(HintKind::prefetch_now)) return;
  messages::PrefetchModel prefetch;
  prefetch.model = running->next_model;
  send(book().tier(memory::Tier::vram), prefetch);
}

void Scheduler::begin_polling() {
  if (!runtime().backoff.is_polling || is_polling_) return;
  is_polling_ = true;
  send_to_self(messages::PollHints{});
}

std::size_t Scheduler::drain_hints() {
  return messages::drain_traced(trace_scope(), runtime().hints, "hints",
                                [this](const messages::HintRecord& hint) { take_hint(hint); });
}

void Scheduler::poll() {
  const std::size_t n = drain_hints();
  if (!queue_.running()) {
    is_polling_ = false;
    return;
  }
  if (n == 0) runtime().backoff.wait([this] { return runtime().hints.size() > 0; });
  send_to_self(messages::PollHints{});
}

}  // namespace blue::actors
