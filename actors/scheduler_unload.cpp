// The scheduler's part that unloads a model.
#include "actors/scheduler.h"

#include <utility>

namespace blue::actors {

std::string Scheduler::reason_to_keep(const std::string& model) const {
  if (unload_) return "another model is being unloaded; try again when that is done";
  if (!runtime_.options.registry || !runtime_.options.registry->find(model))
    return "this model is not loaded";
  if (queue_.uses(model))
    return "a job runs or waits with this model; cancel it or wait for its end";
  return "";
}

Scheduler::UnloadPromise Scheduler::unload(const messages::UnloadModel& order) {
  auto promise = make_response_promise<UnloadPromise>();
  if (const std::string why = reason_to_keep(order.model); !why.empty()) {
    messages::ModelUnloaded refused;
    refused.kind = ErrorKind::bad_input;
    refused.error = order.model + ": " + why;
    answer(promise, std::move(refused));
    return promise;
  }
  const auto stages = book().stages();
  // One more than there are stages: the last step below is the scheduler's own.
  unload_ =
      Unload{order.model, runtime_.options.registry->find(order.model), promise, stages.size() + 1};
  messages::ReleaseModel release;
  release.model = order.model;
  for (const StageHandle& stage : stages) {
    // A stage that died holds no session.
    ask<messages::ModelReleased>(
        stage, release, [this](const messages::ModelReleased&) { released(); },
        [this](const std::string&) { released(); });
  }
  released();
  return promise;
}

void Scheduler::released() {
  if (unload_ && --unload_->n_awaited == 0) evict_blocks();
}

void Scheduler::evict_blocks() {
  messages::Evict evict;
  evict.blocks = unload_->model->blocks;
  ask<messages::Evicted>(
      book().get(&Addresses::tiering), std::move(evict),
      [this](const messages::Evicted& evicted) {
        end_unload(evicted.n_pinned > 0 ? "some of its blocks are in use" : "");
      },
      [this](const std::string& why) { end_unload("the tiering actor did not answer: " + why); });
}

void Scheduler::end_unload(const std::string& error) {
  Unload ended = std::move(*unload_);
  unload_.reset();
  messages::ModelUnloaded unloaded;
  if (error.empty()) {
    runtime_.kv.forget_model(ended.model->model->fingerprint);
    for (const memory::BlockId block : ended.model->blocks)
      runtime_.options.tiers->clear_failure(block);
    runtime_.options.registry->remove(ended.path);
  } else {
    unloaded.kind = ErrorKind::failed;
    unloaded.error = ended.path + ": " + error + "; the model stays loaded";
  }
  answer(ended.promise, std::move(unloaded));
  dispatch();
}

}  // namespace blue::actors
