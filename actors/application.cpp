#include "actors/application.h"

#include <algorithm>
#include <utility>

namespace blue::actors {

using messages::Outcome;

Application::Application(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::application, "application"), runtime_(runtime) {}

Application::Behavior Application::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::OpenRun& order) { open(order); }),
      on([this](const messages::CancelRun& order) {
        send_urgent(book().get(&Addresses::scheduler), order);
      }),
      on([this](const messages::StageStarted& started) {
        const messages::JobKey& key = started.key;
        runtime_.events.push(key.run,
                             RunEvent::of(RunEvent::Kind::stage_started, key.stage, started.name));
        bind(key, started.name);
      }),
      on([this](const messages::SlotWritten& written) {
        RunEvent event = RunEvent::of(RunEvent::Kind::slot_written, written.stage, written.slot,
                                      end_job(written.run, written.text));
        event.was_resumed = written.was_resumed;
        event.figures = written.figures;
        runtime_.events.push(written.run, std::move(event));
      }),
      on([this](const messages::StageSkipped& skipped) {
        runtime_.events.push(skipped.run, RunEvent::of(RunEvent::Kind::stage_skipped, skipped.stage,
                                                       skipped.name, skipped.why));
      }),
      on([this](const messages::SlotPreempted& preempted) {
        runtime_.events.push(preempted.run,
                             RunEvent::of(RunEvent::Kind::stage_preempted, preempted.stage,
                                          preempted.name, std::string(to_text(preempted.reason))));
      }),
      on([this](const messages::RunDone& ended) {
        finish(ended.run, RunEvent::finished(ended.outcome, ended.kind, ended.error));
      }),
      on([this](const messages::StageDone& result) {
        RunEvent last = RunEvent::finished(Outcome::completed, {}, "");
        last.figures = result.figures;
        last.end = result.end;
        end_generation(result.key, result.text, std::move(last));
      }),
      on([this](const messages::StagePreempted& preempted) {
        const bool is_cancelled = preempted.reason == messages::PreemptReason::cancelled;
        RunEvent last = RunEvent::finished(
            is_cancelled ? Outcome::cancelled : Outcome::failed,
            is_cancelled ? ErrorKind::cancelled : ErrorKind::failed,
            "the generation was stopped: " + std::string(to_text(preempted.reason)));
        last.preempted = preempted.reason;
        last.figures = preempted.figures;
        end_generation(preempted.key, preempted.text, std::move(last));
      }),
      on([this](const messages::StageFailed& failed) {
        end_generation(failed.key, failed.text,
                       RunEvent::finished(Outcome::failed, failed.kind, failed.error));
      }),
      on([this](const messages::GenerateText& order) { return generate(order); }),
      on([this](const messages::LookAgain&) { poll(); }),
  };
}

messages::Promise<messages::GeneratedText> Application::generate(
    const messages::GenerateText& order) {
  auto promise = make_response_promise<messages::Promise<messages::GeneratedText>>();
  RunPlan plan;
  plan.number = runtime_.runs.next_run();
  plan.generation = order.spec;
  plan.generation->key = {plan.number, runtime_.runs.next_job(), 0, {}};
  messages::OpenRun opened;
  opened.run = plan.number;
  promises_.emplace(plan.number, promise);
  runtime_.runs.put(std::move(plan));
  open(opened);
  return promise;
}

void Application::on_exit() {
  promises_.clear();
  runtime_.events.end_all(ErrorKind::cancelled, "the runtime was shut down");
  PinnedActor::on_exit();
}

void Application::open(const messages::OpenRun& order) {
  const auto plan = runtime_.runs.find(order.run);
  if (!plan) return;
  present_[order.run] = {};
  if (plan->generation) bind(plan->generation->key, "generate");
  send(book().get(&Addresses::supervisor), order);
  if (!backoff().is_polling || std::exchange(is_polling_, true)) return;
  send_to_self(messages::LookAgain{});
}

void Application::bind(const messages::JobKey& key, const std::string& name) {
  present_[key.run] = key.job;
  Job& job = jobs_[key.job];
  job.run = key.run;
  job.stage = key.stage;
  job.name = name;
  show(job);
}

void Application::show(Job& job) {
  if (!job.run.is_valid() || job.n_shown >= job.text.size()) return;
  runtime_.events.push(job.run, RunEvent::of(RunEvent::Kind::text, job.stage, job.name,
                                             job.text.substr(job.n_shown)));
  job.n_shown = job.text.size();
}

std::size_t Application::drain() {
  std::size_t n = 0;
  runtime_.channels.for_each([&](StageChannel& channel) {
    n += messages::drain_traced(trace_scope(), channel.text, "text",
                                [this](const messages::TextRecord& record) {
                                  std::string& text = jobs_[record.job].text;
                                  // Always so, unless a failed stage's job was forgotten before
                                  // its last records were read.
                                  if (record.offset == text.size()) text += record.text();
                                });
  });
  if (n > 0) {
    for (auto& [number, job] : jobs_) show(job);
  }
  return n;
}

std::string Application::end_job(messages::RunNumber run, const messages::JobText& text) {
  const auto present = present_.find(run);
  if (present == present_.end() || !present->second.is_valid()) return text.text;
  drain();
  const auto found = jobs_.find(std::exchange(present->second, {}));
  if (found == jobs_.end()) return text.text;
  Job job = std::move(found->second);
  jobs_.erase(found);
  // More is there when the job ran twice (scheduler and stage died) and ended earlier this time.
  job.text.resize(std::min<std::size_t>(job.text.size(), text.n_streamed));
  job.text += text.text;
  show(job);
  return std::move(job.text);
}

void Application::end_generation(const messages::JobKey& key, const messages::JobText& text,
                                 RunEvent last) {
  const auto present = present_.find(key.run);
  if (present == present_.end() || present->second != key.job) return;
  last.text = end_job(key.run, text);
  messages::RunDone ended;
  ended.run = key.run;
  ended.outcome = last.outcome;
  send(book().get(&Addresses::supervisor), ended);
  finish(key.run, std::move(last));
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
  runtime_.runs.forget(run);
  runtime_.events.push(run, std::move(last));
}

void Application::poll() {
  const std::size_t n = drain();
  if (present_.empty()) {
    // What a failed job left in the rings has no reader any more.
    jobs_.clear();
    is_polling_ = false;
    return;
  }
  if (n == 0) {
    backoff().wait([this] {
      bool has_text = false;
      runtime_.channels.for_each(
          [&](StageChannel& channel) { has_text |= channel.text.size() > 0; });
      return has_text;
    });
  }
  send_to_self(messages::LookAgain{});
}

}  // namespace blue::actors
