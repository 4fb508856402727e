#include "actors/scheduler.h"

#include <utility>

#include "actors/tiering.h"

namespace blue::actors {

Scheduler::Scheduler(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::scheduler, "scheduler"), runtime_(runtime) {}

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
        queue_.finish(result.key.job, &result.figures);
        forward(result);
      }),
      on([this](const messages::StagePreempted& preempted) {
        queue_.finish(preempted.key.job, nullptr);
        forward(preempted);
      }),
      on([this](const messages::StageFailed& failed) {
        queue_.finish(failed.key.job, nullptr);
        forward(failed);
      }),
      on([this](const messages::StageLost& lost) { fail_running(lost.incarnation, lost); }),
      on([this](const messages::CancelRun& order) { cancel(order); }),
      on([this](const messages::RunDone& ended) {
        open_runs_.erase(ended.run);
        queue_.cancel(ended.run);
        stop_running(ended.run);  // a run whose cascade died may still have a running stage
        begin_runs();
      }),
      on([this](const messages::Stalled& stalled) {
        log().write(LogLevel::warning, "stage '" + runtime_.channels.at(stalled.stage_id).name +
                                           "' made no progress and is stopped");
        runtime_.channels.preempt(stalled.job, messages::PreemptReason::stalled);
      }),
      on([this](const messages::TierPressure& pressure) {
        log().write_once(LogLevel::info, "tier " + std::string(to_text(pressure.tier)) +
                                             " is full (" + to_text(Bytes{pressure.n_bytes_total}) +
                                             "): blocks are evicted to make room");
      }),
      on([this](const messages::LookAgain&) { poll(); }),
      on([this](const messages::UnloadModel& order) { return unload(order); }),
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
  if (unload_) return;
  auto next = queue_.take();
  if (!next) return;
  const StageAddress stage = book().stage(next->spec.key.stage_id);
  running_incarnation_ = stage.incarnation;
  messages::RunStage order;
  order.spec = std::move(next->spec);
  send(stage.handle, std::move(order));
  begin_polling();
}

template <class Outcome>
void Scheduler::forward(const Outcome& outcome) {
  drain_hints();  // the last hints of the ended job
  const auto plan = runtime_.runs.find(outcome.key.run);
  if (plan && plan->generation) {
    send(book().get(&Addresses::application), outcome);
  } else {
    send(book().cascade(outcome.key.run), outcome);
  }
  dispatch();
}

void Scheduler::fail_running(std::uint64_t incarnation, const messages::StageLost& lost) {
  const auto& running = queue_.running();
  if (!running || running->spec.key.stage_id != lost.stage_id || running_incarnation_ > incarnation)
    return;
  messages::StageFailed failed;
  failed.key = running->spec.key;
  failed.kind = ErrorKind::failed;
  failed.text.n_streamed = messages::JobText::kUnknown;
  failed.error = lost.error;
  queue_.finish(failed.key.job, nullptr);
  forward(failed);
}

void Scheduler::cancel(const messages::CancelRun& order) {
  std::erase(submitted_, order.run);
  for (const messages::StageReady& dropped : queue_.cancel(order.run)) {
    messages::StagePreempted preempted;
    preempted.key = dropped.spec.key;
    preempted.reason = messages::PreemptReason::cancelled;
    forward(preempted);
  }
  stop_running(order.run);
  send_urgent(book().cascade(order.run), order);
}

void Scheduler::stop_running(messages::RunNumber run) {
  const auto& running = queue_.running();
  if (!running || running->spec.key.run != run) return;
  runtime_.channels.preempt(running->spec.key.job, messages::PreemptReason::cancelled);
}

void Scheduler::take_hint(const messages::HintRecord& hint) {
  runtime_.hint_log.add(hint);
  const auto& running = queue_.running();
  if (!running || running->spec.key.job != hint.job || running->next_model.empty()) return;
  if (hint.kind != messages::HintKind::prefetch_now) return;
  messages::PrefetchModel prefetch;
  prefetch.model = running->next_model;
  send(book().get(&Addresses::tiering), prefetch);
}

void Scheduler::begin_polling() {
  if (!backoff().is_polling || is_polling_) return;
  is_polling_ = true;
  send_to_self(messages::LookAgain{});
}

std::size_t Scheduler::drain_hints() {
  return messages::drain_traced(trace_scope(), runtime_.hints, "hints",
                                [this](const messages::HintRecord& hint) { take_hint(hint); });
}

void Scheduler::poll() {
  const std::size_t n = drain_hints();
  if (!queue_.running()) {
    is_polling_ = false;
    return;
  }
  if (n == 0) backoff().wait([this] { return runtime_.hints.size() > 0; });
  send_to_self(messages::LookAgain{});
}

}  // namespace blue::actors
