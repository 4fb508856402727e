#include "actors/scheduling/dispatch_queue.h"

#include <algorithm>
#include <utility>

namespace blue::actors {

bool DispatchQueue::add(messages::StageReady stage) {
  if (running_ && running_->spec.key.job == stage.spec.key.job) return false;
  if (std::ranges::any_of(waiting_, [&](const Waiting& other) {
        return other.stage.spec.key.job == stage.spec.key.job;
      }))
    return false;
  waiting_.push_back({std::move(stage), 0});
  return true;
}

Nanoseconds DispatchQueue::expected_cost(const messages::StageReady& stage) const {
  const auto found = costs_.find(stage.spec.model);
  if (found == costs_.end()) return 0;
  const Nanoseconds load_ns = stage.spec.model == last_model_ ? 0 : found->second.load_ns;
  return load_ns + found->second.token_ns * static_cast<Nanoseconds>(stage.spec.max_tokens);
}

std::optional<messages::StageReady> DispatchQueue::take() {
  if (running_ || waiting_.empty()) return std::nullopt;
  auto chosen = waiting_.begin();
  if (chosen->n_passes < kMaxPasses) {
    chosen = std::ranges::min_element(
        waiting_, {}, [this](const Waiting& waiting) { return expected_cost(waiting.stage); });
  }
  for (auto passed = waiting_.begin(); passed != chosen; ++passed) ++passed->n_passes;
  running_ = std::move(chosen->stage);
  waiting_.erase(chosen);
  return running_;
}

bool DispatchQueue::finish(messages::JobNumber job, const messages::StageFigures* figures) {
  if (!running_ || running_->spec.key.job != job) return false;
  if (figures != nullptr) {
    ModelCost& cost = costs_[running_->spec.model];
    const auto blend = [&cost](Nanoseconds before, Nanoseconds seen) {
      return cost.n_seen == 0 ? seen : before + (seen - before) / 4;
    };
    cost.load_ns = blend(cost.load_ns, figures->load_ns);
    if (figures->n_tokens > 1) {
      cost.token_ns = blend(cost.token_ns,
                            figures->decode_ns / static_cast<Nanoseconds>(figures->n_tokens - 1));
    }
    ++cost.n_seen;
    last_model_ = running_->spec.model;
  }
  running_.reset();
  return true;
}

std::vector<messages::StageReady> DispatchQueue::cancel(messages::RunNumber run) {
  std::vector<messages::StageReady> dropped;
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    if (waiting->stage.spec.key.run != run) {
      ++waiting;
      continue;
    }
    dropped.push_back(std::move(waiting->stage));
    waiting = waiting_.erase(waiting);
  }
  return dropped;
}

bool DispatchQueue::uses(const std::string& model) const {
  return (running_ && running_->spec.model == model) ||
         std::ranges::any_of(
             waiting_, [&](const Waiting& waiting) { return waiting.stage.spec.model == model; });
}

}  // namespace blue::actors
