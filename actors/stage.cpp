#include "actors/stage.h"

#include <utility>

namespace blue::actors {
namespace {

StageJob job_of(const messages::RunStage& order) {
  const messages::SamplingBits& bits = order.sampling;
  return {
      order.run,
      order.job,
      order.stage,
      order.model,
      order.system,
      order.prompt,
      order.max_tokens,
      {bits.temperature.value(), bits.top_k, bits.top_p.value(), bits.min_p.value(), bits.seed}};
}

/// What the three endings have in common.
template <class OutcomeMessage>
OutcomeMessage outcome_message(const messages::RunStage& order, StageOutcome& outcome) {
  OutcomeMessage message;
  message.run = order.run;
  message.job = order.job;
  message.stage = order.stage;
  message.stage_id = order.stage_id;
  message.text = std::move(outcome.text);
  return message;
}

}  // namespace

Stage::Stage(caf::actor_config& config, RuntimeContext& runtime, messages::StageId stage_id)
    : PinnedActor(config, runtime, ActorKind::stage, "stage." + runtime.channels.at(stage_id).name),
      channel_(runtime.channels.at(stage_id)) {}

Stage::Behavior Stage::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::RunStage& order) { start_job(order); }),
      on([this](const messages::PreemptStage& preempt) {
        runtime().preempt(preempt.job, preempt.reason);
      }),
  };
}

void Stage::on_exit() {
  source_.reset();
  PinnedActor::on_exit();
}

void Stage::start_job(const messages::RunStage& order) {
  const bool was_done =
      last_outcome_ &&
      std::visit([&](const auto& message) { return message.job == order.job; }, *last_outcome_);
  if (was_done) return send_outcome();
  if (!source_) source_ = runtime().options.make_source(channel_);
  auto change = source_->leave_for(job_of(order));
  if (!change) return run(order);
  run_after_switch(order, std::move(*change));
}

void Stage::run_after_switch(const messages::RunStage& order, TokenSource::KvSwitch change) {
  const auto name_of = [this](const std::string& model) { return channel_.name + "@" + model; };
  if (change.rows) {
    messages::SaveKv save;
    save.name = name_of(change.leaving);
    save.snapshot = runtime().kv.put(std::move(*change.rows));
    ask<messages::KvSaved>(
        book().get(&Addresses::kv_library), save,
        [this](const messages::KvSaved& saved) {
          if (!saved.error.empty()) runtime().log.write_once(LogLevel::info, saved.error);
        },
        [this](const std::string& why) {
          runtime().log.write_once(LogLevel::warning, "kv library: " + why);
        });
  }
  messages::LoadKv load;
  load.name = name_of(order.model);
  load.fingerprint = change.entering_fingerprint;
  ask<messages::KvLoaded>(
      book().get(&Addresses::kv_library), load,
      [this, order](const messages::KvLoaded& loaded) {
        const auto snapshot = loaded.error.empty() ? runtime().kv.take(loaded.snapshot) : nullptr;
        if (snapshot) {
          const Status entered = source_->enter_with(job_of(order), *snapshot);
          if (!entered)
            runtime().log.write_once(LogLevel::info,
                                     "kv rows not reused: " + entered.error().message());
        }
        run(order);
      },
      // Without the library a prompt is computed anew: slower, the same tokens.
      [this, order](const std::string& why) {
        runtime().log.write_once(LogLevel::warning, "kv library: " + why);
        run(order);
      });
}

void Stage::run(const messages::RunStage& order) {
  messages::WatchTokens watch_tokens;
  watch_tokens.job = order.job;
  watch_tokens.stage_id = channel_.index;
  watch_tokens.max_tokens = order.max_tokens;
  send(book().get(&Addresses::entropy_monitor), watch_tokens);
  messages::WatchStage watch_stage;
  watch_stage.job = order.job;
  watch_stage.stage_id = channel_.index;
  send(book().get(&Addresses::watchdog), watch_stage);

  StageJob job = job_of(order);
  // What is too large for a message lies in the plan.
  if (const auto plan = runtime().runs.find(order.run); plan && plan->generation)
    job.prompt_tokens = plan->generation->prompt_tokens;
  StageOutcome outcome = run_stage_job(job, *source_, channel_, trace_scope().running());
  if (outcome.error) {
    auto failed = outcome_message<messages::StageFailed>(order, outcome);
    failed.kind = static_cast<std::uint8_t>(outcome.error->kind());
    failed.error = outcome.error->message();
    last_outcome_ = std::move(failed);
  } else if (outcome.preempted) {
    auto preempted = outcome_message<messages::StagePreempted>(order, outcome);
    preempted.reason = *outcome.preempted;
    preempted.figures = outcome.figures;
    last_outcome_ = std::move(preempted);
  } else {
    auto completed = outcome_message<messages::StageDone>(order, outcome);
    completed.end = outcome.end;
    completed.figures = outcome.figures;
    last_outcome_ = std::move(completed);
  }

  messages::UnwatchTokens unwatch_tokens;
  unwatch_tokens.job = order.job;
  unwatch_tokens.stage_id = channel_.index;
  send(book().get(&Addresses::entropy_monitor), unwatch_tokens);
  messages::UnwatchStage unwatch_stage;
  unwatch_stage.job = order.job;
  unwatch_stage.stage_id = channel_.index;
  send(book().get(&Addresses::watchdog), unwatch_stage);
  send_outcome();
}

void Stage::send_outcome() {
  std::visit([this](const auto& message) { send(book().get(&Addresses::scheduler), message); },
             *last_outcome_);
}

}  // namespace blue::actors
