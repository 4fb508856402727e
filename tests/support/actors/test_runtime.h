// TestRuntime: the actors over scripted sources, a folder of its own for logs, and the few calls
// that tests need.
// Depends on actors/actor_runtime.h. Threads: the test's.
#pragma once

#include <unistd.h>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "actors/actor_runtime.h"
#include "tests/support/actors/scripted_source.h"

namespace blue::test {

/// think -> code over models "think", "code": slots task, reasoning, code.
inline actors::CascadeSpec two_stages() {
  actors::CascadeSpec spec;
  spec.name = "two";
  spec.slots = {"task", "reasoning", "code"};
  spec.input = "task";
  spec.output = "code";
  actors::StageSpec think;
  think.name = "think";
  think.role = "thinker";
  think.model = "think";
  think.prompt = "Task: {task}";
  think.reads = {"task"};
  think.writes = "reasoning";
  actors::StageSpec code = think;
  code.name = "code";
  code.model = "code";
  code.prompt = "Plan: {reasoning}";
  code.reads = {"reasoning"};
  code.writes = "code";
  spec.stages = {think, code};
  return spec;
}

class TestRuntime {
 public:
  /// `make_source` in place of scripted sources, where given.
  explicit TestRuntime(actors::RuntimeContextOptions options = {},
                       actors::TokenSourceFactory make_source = {})
      : scripts(std::make_shared<Scripts>()) {
    folder_ = std::filesystem::temp_directory_path() /
              ("blue_actors_" + std::to_string(getpid()) + "_" + std::to_string(random_id()));
    std::filesystem::create_directories(folder_);
    options.make_source = make_source ? std::move(make_source) : scripted_factory(scripts);
    actors = std::make_unique<actors::ActorRuntime>(std::move(options), log);
  }
  ~TestRuntime() {
    actors.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string log_path(const std::string& name) const { return (folder_ / name).string(); }

  messages::RunNumber begin(actors::RunPlan plan) {
    actors::RuntimeContext& context = actors->context();
    plan.number = context.runs.next_run();
    const messages::RunNumber number = plan.number;
    if (plan.generation) plan.generation->key = {number, context.runs.next_job(), 0, {}};
    context.runs.put(std::move(plan));
    context.events.open(number);
    // The tree is complete once the supervisor answers.
    actors->ping();
    messages::OpenRun order;
    order.run = number;
    actors->send(&actors::Addresses::application, order);
    return number;
  }
  messages::RunNumber begin_cascade(const actors::CascadeSpec& spec, const std::string& task,
                                    const std::string& log_name) {
    actors::RunPlan plan;
    plan.log_path = log_path(log_name);
    plan.record = {spec, task, actors::SkipPolicy::as_configured};
    return begin(std::move(plan));
  }
  messages::RunNumber begin_generation(const std::string& model, std::uint32_t max_tokens) {
    actors::RunPlan plan;
    plan.generation.emplace();
    plan.generation->model = model;
    plan.generation->prompt = "a prompt";
    plan.generation->max_tokens = max_tokens;
    return begin(std::move(plan));
  }
  /// All events up to the end; gives up (without a `finished` at the back) after a minute.
  std::vector<actors::RunEvent> wait_for_end(messages::RunNumber run) {
    std::vector<actors::RunEvent> all;
    const Nanoseconds until_ns = monotonic_now_ns() + 60'000'000'000;
    while (monotonic_now_ns() < until_ns) {
      for (auto& event : actors->context().events.take(run, std::chrono::milliseconds(200)))
        all.push_back(std::move(event));
      if (!all.empty() && all.back().kind == actors::RunEvent::Kind::finished) break;
    }
    return all;
  }

  std::shared_ptr<Scripts> scripts;
  NullLogSink log;
  std::unique_ptr<actors::ActorRuntime> actors;

 private:
  std::filesystem::path folder_;
};

}  // namespace blue::test
