#include "actors/stage.h"

#include <utility>

namespace blue::actors {

Stage::Stage(caf::actor_config& config, ActorHost& host, StageChannel& channel, KvCacheStore& kv,
             TokenSourceFactory make_source)
    : PinnedActor(config, host, ActorKind::stage, "stage." + channel.name),
      name_(channel.name),
      id_(channel.index),
      link_(channel, kv, trace_scope()),
      make_source_(std::move(make_source)) {}

Stage::Behavior Stage::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::RunStage& order) { start_job(order.spec); }),
      on([this](const messages::ReleaseModel& order) {
        if (source_) source_->release(order.model);
        return messages::ModelReleased{};
      }),
  };
}

void Stage::on_exit() {
  source_.reset();
  PinnedActor::on_exit();
}

void Stage::start_job(const messages::JobSpec& job) {
  const auto is_of_job = [&](const auto& message) { return message.key.job == job.key.job; };
  if (last_outcome_ && std::visit(is_of_job, *last_outcome_)) return send_outcome();
  if (!source_) source_ = make_source_(link_);
  auto change = source_->leave_for(job);
  if (!change) return run(job);
  run_after_switch(job, std::move(*change));
}

void Stage::save_kv(TokenSource::KvSwitch& change) {
  messages::SaveKv save;
  save.name = kv_name(change.leaving);
  save.snapshot = link_.give_kv(std::move(*change.rows));
  ask<messages::KvSaved>(
      book().get(&Addresses::kv_library), save,
      [this](const messages::KvSaved& saved) {
        if (!saved.error.empty()) log().write_once(LogLevel::info, saved.error);
      },
      [this, number = save.snapshot](const std::string& why) {
        (void)link_.take_kv(number);  // the library did not
        log().write_once(LogLevel::warning, "kv library: " + why);
      });
}

void Stage::run_after_switch(const messages::JobSpec& job, TokenSource::KvSwitch change) {
  if (change.rows) save_kv(change);
  messages::LoadKv load;
  load.name = kv_name(job.model);
  load.fingerprint = change.entering_fingerprint;
  ask<messages::KvLoaded>(
      book().get(&Addresses::kv_library), load,
      [this, job](const messages::KvLoaded& loaded) {
        const auto snapshot = loaded.snapshot.is_valid() ? link_.take_kv(loaded.snapshot) : nullptr;
        if (snapshot) {
          const Status entered = source_->enter_with(job, *snapshot);
          if (!entered)
            log().write_once(LogLevel::info, "kv rows not reused: " + entered.error().message());
        }
        run(job);
      },
      // Without the library a prompt is computed anew: slower, the same tokens.
      [this, job](const std::string& why) {
        log().write_once(LogLevel::warning, "kv library: " + why);
        run(job);
      });
}

void Stage::run(const messages::JobSpec& job) {
  {
    const JobScope scope(link_, job.key.job);
    messages::JobBegan began;
    began.stage_id = id_;
    send(book().get(&Addresses::entropy_monitor), began);
    send(book().get(&Addresses::watchdog), began);
    keep_outcome(job.key, run_stage_job(job, scope, *source_, link_));
  }
  send_outcome();
}

void Stage::keep_outcome(const messages::JobKey& key, StageOutcome outcome) {
  if (outcome.error) {
    messages::StageFailed failed{{}, key, std::move(outcome.text), {}, {}};
    failed.kind = outcome.error->kind();
    failed.error = outcome.error->message();
    last_outcome_ = std::move(failed);
  } else if (outcome.preempted) {
    last_outcome_ = messages::StagePreempted{
        {}, key, std::move(outcome.text), *outcome.preempted, outcome.figures};
  } else {
    last_outcome_ =
        messages::StageDone{{}, key, std::move(outcome.text), outcome.end, outcome.figures};
  }
}

void Stage::send_outcome() {
  std::visit([this](const auto& message) { send(book().get(&Addresses::scheduler), message); },
             *last_outcome_);
}

}  // namespace blue::actors
