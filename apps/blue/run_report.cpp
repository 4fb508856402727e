#include "apps/blue/run_report.h"

#include <nlohmann/json.hpp>

#include "apps/blue/exit_status.h"
#include "apps/io/output.h"

namespace blue::apps {

namespace {

using actors::RunEvent;
using nlohmann::ordered_json;

double to_ms(Nanoseconds ns) { return static_cast<double>(ns) / 1e6; }

double tokens_per_second(const messages::StageFigures& figures) {
  // The first token belongs to the prompt's time.
  if (figures.n_tokens < 2 || figures.decode_ns <= 0) return 0;
  return (figures.n_tokens - 1) * 1e9 / static_cast<double>(figures.decode_ns);
}

/// Null where the stage does not count it.
ordered_json counted(std::uint64_t figure) {
  return figure == messages::StageFigures::kNotCounted ? ordered_json(nullptr)
                                                       : ordered_json(figure);
}

ordered_json stall_ms(const messages::StageFigures& figures) {
  if (figures.stall_ns == messages::StageFigures::kNotCounted) return nullptr;
  return static_cast<double>(figures.stall_ns) / 1e6;
}

/// What was predicted for the model of `stage`; null where it lies in tier 0 whole.
ordered_json predicted(const Predictions& predictions, const actors::StageSpec* stage) {
  if (stage == nullptr) return nullptr;
  const auto found = predictions.find(stage->model);
  if (found == predictions.end() || !found->second) return nullptr;
  const models::ModelCost& cost = *found->second;
  return {{"tokens_per_s", cost.tokens_per_s()},
          {"bytes_read_per_token", cost.disk_bytes},
          {"bytes_copied_per_token", cost.link_bytes},
          {"bound", to_text(cost.bound)}};
}

std::string_view name_of(messages::Outcome outcome) {
  switch (outcome) {
    case messages::Outcome::completed: return "completed";
    case messages::Outcome::failed: return "failed";
    case messages::Outcome::cancelled: return "cancelled";
  }
  return "unknown";
}

/// On a line of its own after an empty one.
void print_heading(const std::string& heading) {
  io::print_text("\n");
  io::print_line(heading);
}

void print_slot(const std::string& heading, std::string_view text) {
  print_heading(heading);
  io::print_text(text);
}

}  // namespace

RunReport::RunReport(const actors::CascadeSpec& cascade, std::string run_id, std::string device,
                     RunOutput output, RunRemarks remarks)
    : cascade_(cascade),
      run_id_(std::move(run_id)),
      device_(std::move(device)),
      output_(output),
      remarks_(remarks) {}

const actors::StageSpec* RunReport::stage(std::uint32_t index) const {
  return index < cascade_.stages.size() ? &cascade_.stages[index] : nullptr;
}

RunReport::StageLine& RunReport::line(std::uint32_t index) {
  StageLine& line = lines_[index];
  if (const actors::StageSpec* spec = stage(index)) line.name = spec->name;
  return line;
}

void RunReport::begin(const std::string& task) {
  slots_[cascade_.input] = task;
  if (output_ == RunOutput::live) {
    io::print_line("[" + cascade_.input + "]");
    io::print_text(task + "\n");
  }
}

void RunReport::add(const RunEvent& event) {
  const bool is_live = output_ == RunOutput::live;
  switch (event.kind) {
    case RunEvent::Kind::stage_started: {
      const actors::StageSpec* spec = stage(event.stage);
      if (is_live && spec != nullptr) print_heading("[" + spec->writes + "] " + spec->name);
      line(event.stage);
      break;
    }
    case RunEvent::Kind::text:
      if (is_live) io::print_text(event.text);
      break;
    case RunEvent::Kind::slot_written: {
      slots_[event.name] = event.text;
      // No stage writes the task's slot.
      if (event.name == cascade_.input) break;
      StageLine& written = line(event.stage);
      written.figures = event.figures;
      written.was_resumed = event.was_resumed;
      if (is_live && event.was_resumed)
        print_slot("[" + event.name + "] " + written.name + ", as it was", event.text);
      if (is_live && !event.text.ends_with('\n')) io::print_text("\n");
      break;
    }
    case RunEvent::Kind::stage_skipped:
    case RunEvent::Kind::stage_preempted:
      line(event.stage).note =
          (event.kind == RunEvent::Kind::stage_skipped ? "skipped: " : "cut short: ") + event.text;
      io::message("stage " + event.name + " " + line(event.stage).note);
      break;
    case RunEvent::Kind::finished: finished_ = event; break;
  }
  if (is_live) io::flush_output();
}

void RunReport::print_figures() const {
  for (const auto& [index, line] : lines_) {
    const messages::StageFigures& figures = line.figures;
    io::messagef(
        "%-10s %5u prompt tokens in %7.1f ms, %5u tokens at %7.1f/s, entropy %.3f nats%s%s",
        line.name.c_str(), figures.n_prompt_tokens, to_ms(figures.prompt_ns), figures.n_tokens,
        tokens_per_second(figures), static_cast<double>(figures.mean_entropy_micronats) / 1e6,
        line.note.empty() ? "" : ", ", line.note.c_str());
  }
}

void RunReport::print_json() const {
  ordered_json document;
  document["run"] = run_id_;
  document["cascade"] = cascade_.name;
  document["device"] = device_;
  document["outcome"] = name_of(finished_.outcome);
  document["error"] = finished_.error;
  document["output"] = cascade_.output;
  document["slots"] = ordered_json::object();
  for (const std::string& slot : cascade_.slots) {
    if (const auto found = slots_.find(slot); found != slots_.end())
      document["slots"][slot] = found->second;
  }
  document["stages"] = ordered_json::array();
  for (const auto& [index, line] : lines_) {
    const messages::StageFigures& figures = line.figures;
    document["stages"].push_back(
        {{"name", line.name},
         {"slot", stage(index) != nullptr ? stage(index)->writes : ""},
         {"note", line.note},
         {"was_resumed", line.was_resumed},
         {"n_prompt_tokens", figures.n_prompt_tokens},
         {"n_tokens", figures.n_tokens},
         {"load_ms", to_ms(figures.load_ns)},
         {"prompt_ms", to_ms(figures.prompt_ns)},
         {"decode_ms", to_ms(figures.decode_ns)},
         {"tokens_per_s", tokens_per_second(figures)},
         {"mean_entropy_nats", static_cast<double>(figures.mean_entropy_micronats) / 1e6},
         {"n_block_misses", figures.n_misses},
         {"n_block_hits", counted(figures.n_hits)},
         {"bytes_read", counted(figures.n_bytes_read)},
         {"bytes_copied", counted(figures.n_bytes_copied)},
         {"stall_ms", stall_ms(figures)},
         {"predicted", predicted(predictions_, stage(index))}});
  }
  io::print_text(document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

int RunReport::end() {
  if (output_ == RunOutput::json) print_json();
  const bool is_complete = finished_.outcome == messages::Outcome::completed;
  if (output_ == RunOutput::live && is_complete)
    print_slot("[answer]", slots_[cascade_.output] + "\n");
  io::flush_output();
  if (remarks_ == RunRemarks::figures) print_figures();
  if (is_complete) return kExitDone;
  if (!io::is_output_lost())
    io::message(finished_.error.empty() ? "the run was cancelled" : finished_.error);
  io::messagef("run %s keeps what was committed; go on with: blue resume %s", run_id_.c_str(),
               run_id_.c_str());
  return finished_.outcome == messages::Outcome::cancelled ? kExitCancelled
                                                           : exit_status(finished_.error_kind);
}

}  // namespace blue::apps
