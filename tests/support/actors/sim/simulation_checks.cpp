// What must hold in every simulated history.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "actors/cascade/cascade_run.h"
#include "memory/tiers/tier_arena.h"
#include "tests/support/actors/sim/simulation.h"

namespace blue::sim {

using actors::RunEvent;
using memory::BlockState;
using memory::Tier;
using messages::Outcome;

std::string BlockGround::fault_at_rest() {
  for (const Tier tier : {Tier::vram, Tier::ram}) {
    const memory::TierLedger& ledger = tiers->ledger(tier);
    Bytes booked = ledger.free_bytes();
    for (const memory::TierLedger::Held& held : ledger.held())
      booked += memory::TierArena::occupied(held.size);
    const std::string name = tier == Tier::vram ? "tier vram" : "tier ram";
    if (booked != ledger.size()) return name + ": the ledger does not sum up";
    for (const memory::BlockId block : blocks) {
      const BlockState state = tiers->residency().state(block, tier);
      if (tiers->residency().pins(block, tier) != 0) return name + ": a lease remains";
      if (state != BlockState::absent && state != BlockState::resident)
        return name + ": a block is neither absent nor resident";
      if ((ledger.find(block) != nullptr) != (state == BlockState::resident))
        return name + ": the ledger and the residency disagree";
    }
  }
  return "";
}

std::string Simulation::model_of(const RunState& run, const std::string& stage) const {
  for (const actors::StageSpec& spec : run.cascade.stages)
    if (spec.name == stage || spec.writes == stage) return spec.model;
  return run.model;
}

/// All of the model's text, or a beginning of it where the monitor may have cut it short.
bool Simulation::is_right(const std::string& text, const std::string& model) const {
  if (plan_.has_struck(Fault::degenerated)) return text_of(model).starts_with(text);
  return text == text_of(model);
}

/// The live text equals the slot's, or goes on behind it where a job may have run twice and have
/// been cut earlier the second time.
bool Simulation::is_live_text(const std::string& live, const std::string& slot) const {
  const bool may_have_run_twice =
      plan_.has_struck(Fault::scheduler_killed) && plan_.has_struck(Fault::degenerated);
  return live == slot || (may_have_run_twice && live.starts_with(slot));
}

void Simulation::take_event(messages::RunNumber number, RunState& run, const RunEvent& event) {
  using Kind = RunEvent::Kind;
  if (story_ == Story::told)
    std::fprintf(stderr, "  run %llu: event %d %s '%s' %s\n",
                 static_cast<unsigned long long>(number.value), static_cast<int>(event.kind),
                 event.name.c_str(), event.text.c_str(), event.error.c_str());
  if (run.n_ends > 0) violate("an event after the end of its run");
  if (event.kind == Kind::text) {
    std::string& text = run.texts[event.name];
    text += event.text;
    if (!text_of(model_of(run, event.name)).starts_with(text))
      violate("text out of order: '" + text + "'");
  } else if (event.kind == Kind::slot_written) {
    if (run.slots.contains(event.name)) violate("a slot was written twice");
    run.slots[event.name] = event.text;
    if (event.name == "task" || event.was_resumed) return;
    if (!is_right(event.text, model_of(run, event.name)))
      violate("slot '" + event.name + "' has '" + event.text + "'");
    for (const actors::StageSpec& stage : run.cascade.stages)
      if (stage.writes == event.name && !is_live_text(run.texts[stage.name], event.text))
        violate("the live text of '" + stage.name + "' is '" + run.texts[stage.name] +
                "', its slot '" + event.text + "'");
  } else if (event.kind == Kind::finished) {
    ++run.n_ends;
    run.outcome = event.outcome;
    run.error = event.error;
    if (event.outcome == Outcome::completed && !run.is_cascade && event.text != text_of(run.model))
      violate("a generation completed with '" + event.text + "'");
  }
}

void Simulation::collect() {
  for (auto& [number, run] : runs_) {
    if (is_shut_down_ && run.n_ends > 0) continue;  // the queue repeats the shutdown's end
    for (const RunEvent& event : context().events.take(number, std::chrono::nanoseconds(0)))
      take_event(number, run, event);
  }
}

void Simulation::check_ends() {
  for (const auto& [number, run] : runs_) {
    if (run.n_ends != 1) violate("a run ended " + std::to_string(run.n_ends) + " times, not once");
    if (run.outcome == Outcome::completed && run.is_cascade &&
        run.slots.size() != run.cascade.slots.size())
      violate("a cascade completed without all of its slots");
    if (run.n_ends == 1 && run.outcome != Outcome::completed && !plan_.may_fail() &&
        !(plan_.has_struck(Fault::degenerated) && !run.is_cascade))
      violate("a run failed though nothing excuses it: " + run.error);
  }
}

void Simulation::send_stale_messages() {
  const auto ended = runs_;
  for (const auto& [number, run] : ended) {
    messages::CancelRun cancel;
    cancel.run = number;
    runtime_->send(&actors::Addresses::application, cancel);
    messages::Stalled stalled;
    stalled.job = messages::JobNumber{1};
    stalled.stage_id = messages::StageId{0};
    if (context().channels.size() > 0) runtime_->send(&actors::Addresses::scheduler, stalled);
    for (std::uint32_t i = 0; ground_ && i < BlockGround::kBlocks; ++i) {
      messages::Moved moved;
      moved.block = ground_->blocks[i];
      moved.tier = Tier::vram;
      runtime_->send(&actors::Addresses::tiering, moved);
    }
  }
  settle();
  collect();
}

void Simulation::check_that_it_goes_on() {
  RunState state;
  state.model = "m3";
  actors::RunPlan plan;
  plan.generation.emplace();
  plan.generation->model = state.model;
  plan.generation->prompt = "a prompt";
  plan.generation->max_tokens = 64;
  if (ground_) ground_->device.failing_copy = ~std::uint64_t{0};
  const messages::RunNumber number = open(std::move(state), std::move(plan));
  settle();
  collect();
  const RunState& run = runs_[number];
  if (run.n_ends != 1 || run.outcome != Outcome::completed)
    violate("after all faults a generation does not complete: " + run.error);
}

void Simulation::check_logs() {
  for (auto& [number, run] : runs_) {
    if (!run.is_cascade) continue;
    const auto logged = actors::read_logged_run(run.log_path);
    if (!logged) {
      // A disk that was full from the beginning, or a run that never began.
      if (!run.slots.empty()) violate("a log can't be read: " + logged.error().message());
      continue;
    }
    std::map<std::string, std::string> committed;
    for (const memory::SlotText& slot : logged->slots)
      if (slot.state == memory::SlotState::committed) committed[slot.name] = slot.text;
    for (const auto& [name, text] : run.slots)
      if (!committed.contains(name) || committed[name] != text)
        violate("slot '" + name + "' was shown as '" + text + "', the log has '" + committed[name] +
                "'");
    for (const auto& [name, text] : committed)
      if (name != "task" && !is_right(text, model_of(run, name)))
        violate("the log has '" + text + "' in slot '" + name + "'");
  }
}

/// Every run that did not complete is resumed, some from a log that a crash has cut, in a runtime
/// without faults.
void Simulation::resume_all() {
  std::map<messages::RunNumber, RunState> before;
  std::swap(before, runs_);
  is_shut_down_ = false;
  // The tiers of a runtime that was shut down stay closed; a new process has its own.
  if (ground_) ground_ = std::make_unique<BlockGround>(folder_, plan_);
  start_runtime();
  for (auto& [number, run] : before) {
    if (!run.is_cascade || run.outcome == Outcome::completed) continue;
    const bool is_cut = plan_.below(3) == 0;
    std::error_code none;
    if (const auto size = std::filesystem::file_size(run.log_path, none); is_cut && !none)
      std::filesystem::resize_file(run.log_path, plan_.below(size + 1), none);
    auto logged = actors::read_logged_run(run.log_path);
    if (!logged) continue;  // cut before the run's description, or never written
    if (logged->end && logged->end->outcome == Outcome::completed) continue;
    RunState resumed;
    resumed.is_cascade = true;
    resumed.cascade = run.cascade;
    resumed.log_path = run.log_path;
    actors::RunPlan plan;
    plan.log_path = run.log_path;
    plan.start = actors::RunStart::resumed;
    plan.record = std::move(logged->record);
    open(std::move(resumed), std::move(plan));
  }
  settle();
  collect();
  for (const auto& [number, run] : runs_) {
    if (run.n_ends != 1 || run.outcome != Outcome::completed)
      violate("a resumed run does not complete: " + run.error);
    if (run.slots.size() != run.cascade.slots.size())
      violate("a resumed run completed without all of its slots");
  }
  if (ground_) {
    if (const std::string fault = ground_->fault_at_rest(); !fault.empty())
      violate("after resuming: " + fault);
  }
  runtime_->stop();
  runtime_.reset();
  check_logs();
}

}  // namespace blue::sim
