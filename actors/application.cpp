#include "actors/application.h"

#include <utility>

namespace blue::actors {

using messages::Outcome;

Application::Application(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::application, "application") {}

Application::Behavior Application::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::OpenRun& order) { open(order); }),
      on([this](const messages::OpenGeneration& order) { open(order); }),
      on([this](const messages::CancelRun& order) {
        send_urgent(book().get(&Addresses::scheduler), order);
      }),
      on([this](const messages::StageStarted& started) {
        runtime().events.push(
            started.run, RunEvent::of(RunEvent::Kind::stage_started, started.stage, started.name));
        bind(started.run, started.job, started.stage, started.name);
      }),
      on([this](const messages::SlotWritten& written) {
        end_job(written.run, written.text);
        RunEvent event =
            RunEvent::of(RunEvent::Kind::slot_written, written.stage, written.slot, written.text);
        event.was_resumed = written.was_resumed != 0;
        event.figures = written.figures;
        runtime().events.push(written.run, std::move(event));
      }),
      on([this](const messages::StageSkipped& skipped) {
        runtime().events.push(skipped.run, RunEvent::of(RunEvent::Kind::stage_skipped,
                                                        skipped.stage, skipped.name, skipped.why));
      }),
      on([this](const messages::SlotPreempted& preempted) {
        runtime().events.push(preempted.run,
                              RunEvent::of(RunEvent::Kind::stage_preempted, preempted.stage,
                                           preempted.name, std::string(to_text(preempted.reason))));
      }),
      on([this](const messages::RunDone& ended) {
        finish(ended.run,
               RunEvent::finished(ended.outcome, static_cast<ErrorKind>(ended.kind), ended.error));
      }),
      on([this](const messages::StageDone& result) {
        RunEvent last = RunEvent::finished(Outcome::completed, {}, "");
        last.figures = result.figures;
        last.end = result.end;
        end_generation(result.run, result.job, result.text, std::move(last));
      }),
      on([this](const messages::StagePreempted& preempted) {
        const bool is_cancelled = preempted.reason == messages::PreemptReason::cancelled;
        RunEvent last = RunEvent::finished(
            is_cancelled ? Outcome::cancelled : Outcome::failed,
            is_cancelled ? ErrorKind::cancelled : ErrorKind::failed,
            "the generation was stopped: " + std::string(to_text(preempted.reason)));
        last.preempted = preempted.reason;
        last.figures = preempted.figures;
        end_generation(preempted.run, preempted.job, preempted.text, std::move(last));
      }),
      on([this](const messages::StageFailed& failed) {
        end_generation(
            failed.run, failed.job, failed.text,
            RunEvent::finished(Outcome::failed, static_cast<ErrorKind>(failed.kind), failed.error));
      }),
      on([this](const messages::GenerateText& order) { return generate(order); }),
      on([this](const messages::PollText&) { poll(); }),
  };
}

messages::Promise<messages::GeneratedText> Application::generate(
    const messages::GenerateText& order) {
  auto promise = make_response_promise<messages::Promise<messages::GeneratedText>>();
  const messages::SamplingBits& bits = order.sampling;
  RunPlan plan;
  plan.number = runtime().runs.next_run();
  plan.generation = StageJob{
      plan.number,
      runtime().runs.next_job(),
      0,
      order.model,
      order.system,
      order.prompt,
      order.max_tokens,
      {bits.temperature.value(), bits.top_k, bits.top_p.value(), bits.min_p.value(), bits.seed}};
  messages::OpenGeneration opened;
  opened.run = plan.number;
  promises_.emplace(plan.number, promise);
  runtime().runs.put(std::move(plan));
  open(opened);
  return promise;
}

void Application::on_exit() {
  promises_.clear();
  runtime().events.end_all(ErrorKind::cancelled, "the runtime was shut down");
  PinnedActor::on_exit();
}

template <class Order>
void Application::open(const Order& order) {
  const auto plan = runtime().runs.find(order.run);
  if (!plan) return;
  present_[order.run] = 0;
  if (plan->generation) bind(order.run, plan->generation->job, 0, "generate");
  send(book().get(&Addresses::supervisor), order);
  if (!runtime().backoff.is_polling || std::exchange(is_polling_, true)) return;
  send_to_self(messages::PollText{});
}

void Application::bind(messages::RunNumber run, messages::JobNumber number, std::uint32_t stage,
                       const std::string& name) {
  present_[run] = number;
  Job& job = jobs_[number];
  job.run = run;
  job.stage = stage;
  job.name = name;
  show(job);
}

void Application::show(Job& job) {
  if (job.run == 0 || job.text.empty()) return;
  runtime().events.push(job.run, RunEvent::of(RunEvent::Kind::text, job.stage, job.name,
                                              std::exchange(job.text, {})));
}

std::size_t Application::drain() {
  std::size_t n = 0;
  for (messages::StageId stage_id = 0; stage_id < runtime().channels.size(); ++stage_id) {
    n += messages::drain_traced(trace_scope(), runtime().channels.at(stage_id).text, "text",
                                [this](const messages::TextRecord& record) {
                                  Job& job = jobs_[record.job];
                                  job.text += job.reassembler.feed(record);
                                });
  }
  if (n > 0) {
    for (auto& [number, job] : jobs_) show(job);
  }
  return n;
}

void Application::end_job(messages::RunNumber run, const std::string& full_text) {
  const auto present = present_.find(run);
  if (present == present_.end() || present->second == 0) return;
  drain();
  const auto found = jobs_.find(present->second);
  present->second = 0;
  if (found == jobs_.end()) return;
  Job& job = found->second;
  job.text += job.reassembler.finish(full_text);
  show(job);
  jobs_.erase(found);
}

void Application::end_generation(messages::RunNumber run, messages::JobNumber job,
                                 const std::string& full_text, RunEvent last) {
  const auto present = present_.find(run);
  if (present == present_.end() || present->second != job) return;
  end_job(run, full_text);
  last.text = full_text;
  messages::RunDone ended;
  ended.run = run;
  ended.outcome = last.outcome;
  send(book().get(&Addresses::supervisor), ended);
  finish(run, std::move(last));
}

void Application::finish(messages::RunNumber run, RunEvent last) {
  const auto present = present_.find(run);
  if (present == present_.end()) return;
  drain();
  jobs_.erase(present->second);
  present_.erase(present);
  if (const auto promise = promises_.find(run); promise != promises_.end()) {
    messages::GeneratedText reply;
    reply.text = last.text;
    reply.figures = last.figures;
    reply.error = last.error;
    answer(promise->second, std::move(reply));
    promises_.erase(promise);
  }
  runtime().runs.forget(run);
  runtime().events.push(run, std::move(last));
}

void Application::poll() {
  const std::size_t n = drain();
  if (present_.empty()) {
    // What a preempted job left in the rings belongs to nobody any more.
    jobs_.clear();
    is_polling_ = false;
    return;
  }
  if (n == 0) {
    runtime().backoff.wait([this] {
      for (messages::StageId stage_id = 0; stage_id < runtime().channels.size(); ++stage_id) {
        if (runtime().channels.at(stage_id).text.size() > 0) return true;
      }
      return false;
    });
  }
  send_to_self(messages::PollText{});
}

}  // namespace blue::actors
