#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "actors/placement.h"
#include "hal/topology.h"
#include "tests/support/actors/test_runtime.h"

namespace blue {
namespace {

using test::Script;

/// A field of /proc/self/task/TID/status; empty when the thread has ended.
std::string status_field(int thread_id, const std::string& name) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread_id) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return "";
}

actors::RuntimeContextOptions traced_and_placed() {
  actors::RuntimeContextOptions options;
  options.placement = actors::place_actors(hal::read_topology().value());
  options.spans_per_actor = 16384;
  return options;
}

}  // namespace

TEST_CASE("every actor's thread is named and shows its core in /proc") {
  test::TestRuntime runtime(traced_and_placed());
  Script stuck = test::saying("a plan");
  stuck.end = Script::End::wait_for_stop;
  runtime.scripts->set("think", stuck);
  runtime.begin_cascade(test::two_stages(), "t", "run.wal");
  while (runtime.scripts->n_waiting == 0) std::this_thread::yield();
  const auto threads = runtime.actors->context().threads.all();
  std::set<actors::ActorKind> kinds;
  std::set<int> thread_ids;
  for (const actors::ActorThread& thread : threads) {
    INFO(thread.name);
    REQUIRE(thread.cpu != actors::Placement::kAnywhere);
    CHECK(status_field(thread.thread_id, "Cpus_allowed_list") == std::to_string(thread.cpu));
    CHECK(status_field(thread.thread_id, "Name") == ("blue." + thread.name).substr(0, 15));
    kinds.insert(thread.kind);
    thread_ids.insert(thread.thread_id);
  }
  CHECK(thread_ids.size() == threads.size());
  CHECK(kinds.size() >= 9);
}

TEST_CASE(
    "a run's trace has spans of at least eight kinds of actor, and every parent is a span of the "
    "trace") {
  test::TestRuntime runtime(traced_and_placed());
  runtime.scripts->set("think", test::saying("a plan of several words for the code"));
  runtime.scripts->set("code", test::saying("pass"));
  const auto run = runtime.begin_cascade(test::two_stages(), "t", "run.wal");
  REQUIRE(runtime.wait_for_end(run).back().outcome == messages::Outcome::completed);
  runtime.actors->ping();
  REQUIRE(runtime.actors->flush_traces());
  auto& context = runtime.actors->context();
  const auto spans = context.trace_store.spans();
  const auto writers = context.traces.writers();
  CHECK(context.traces.dropped() == 0);

  // The run's trace is that of the first open_run: it has no parent.
  const TraceSpan* root = nullptr;
  for (const TraceSpan& span : spans) {
    if (std::string_view(span.name) == "open_run" && span.context.parent == 0) root = &span;
  }
  REQUIRE(root != nullptr);
  CHECK(writers[root->actor].kind == "application");
  std::map<std::uint64_t, const TraceSpan*> by_id;
  for (const TraceSpan& span : spans) by_id[span.context.span] = &span;
  std::set<std::string> kinds;
  std::map<std::string, std::string> parent_kind;
  for (const TraceSpan& span : spans) {
    if (span.context.trace_low != root->context.trace_low ||
        span.context.trace_high != root->context.trace_high)
      continue;
    kinds.insert(writers[span.actor].kind);
    CHECK(span.begin_ns >= span.context.sent_ns);
    CHECK(span.end_ns >= span.begin_ns);
    if (&span == root) continue;
    INFO(span.name);
    const auto parent = by_id.find(span.context.parent);
    REQUIRE(parent != by_id.end());
    parent_kind[span.name] = writers[parent->second->actor].kind;
  }
  INFO("kinds: " << kinds.size());
  for (const char* kind : {"application", "supervisor", "scheduler", "cascade", "stage",
                           "entropy_monitor", "watchdog"}) {
    CHECK(kinds.contains(kind));
  }
  CHECK(parent_kind["submit_run"] == "supervisor");
  CHECK(parent_kind["begin_run"] == "scheduler");
  CHECK(parent_kind["run_stage"] == "scheduler");
  CHECK(parent_kind["token_samples"] == "stage");
  CHECK(parent_kind["slot_written"] == "cascade");
}

TEST_CASE("with tracing off no span is left") {
  test::TestRuntime runtime;
  runtime.scripts->set("m", test::saying("a b c"));
  runtime.wait_for_end(runtime.begin_generation("m", 10));
  CHECK(runtime.actors->flush_traces());
  CHECK(runtime.actors->context().trace_store.n_taken() == 0);
}

}  // namespace blue
