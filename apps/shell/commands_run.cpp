// Commands about cascades and their runs.

#include "actors/cascade/cascade_run.h"
#include "actors/cascade/run_directory.h"
#include "apps/io/output.h"
#include "apps/shell/commands.h"

namespace blue::shell {

namespace {

Result<actors::LoggedRun> read_run(const Session& session, const std::string& id) {
  BLUE_TRY_ASSIGN(const actors::RunPlace place, actors::find_run(session.runs_root, id));
  return actors::read_logged_run(place.log.string());
}

std::string end_in_words(const std::optional<actors::RunEndRecord>& end) {
  if (!end) return "interrupted";
  switch (end->outcome) {
    case messages::Outcome::completed: return "completed";
    case messages::Outcome::cancelled: return "cancelled";
    case messages::Outcome::failed: return "failed: " + end->error;
  }
  return "unknown";
}

void print_cascade(const actors::CascadeSpec& cascade) {
  io::print_linef("%s (%s)", cascade.name.c_str(), cascade.source.c_str());
  for (const actors::StageSpec& stage : cascade.stages) {
    std::string reads;
    for (const std::string& slot : stage.reads) reads += (reads.empty() ? "" : ", ") + slot;
    io::print_linef("  %-10s %s -> %s; %u tokens, temperature %g, seed %llu; %s",
                    stage.name.c_str(), reads.c_str(), stage.writes.c_str(), stage.max_tokens,
                    static_cast<double>(stage.sampling.temperature),
                    static_cast<unsigned long long>(stage.sampling.seed), stage.model.c_str());
  }
}

Status follow_run(Session& session, runtime::Run run) {
  session.last_run = run.id();
  io::remark("run " + run.id());
  return follow(session, run);
}

}  // namespace

Status run(Session& session, const std::string& task) {
  BLUE_TRY_ASSIGN(const actors::CascadeSpec* cascade, session.cascade());
  BLUE_TRY_ASSIGN(runtime::Run begun, session.runtime.run_cascade(*cascade, task, {}));
  return follow_run(session, std::move(begun));
}

Status resume(Session& session, const std::string& run_id) {
  BLUE_TRY_ASSIGN(runtime::Run begun, session.runtime.resume(run_id.empty() ? "last" : run_id));
  return follow_run(session, std::move(begun));
}

Status choose_cascade(Session& session, const std::string& path) {
  if (!path.empty()) BLUE_TRY(session.load_cascade(path));
  BLUE_TRY_ASSIGN(const actors::CascadeSpec* cascade, session.cascade());
  if (!path.empty() && !cascade->resources.is_empty())
    io::remark("its [resources] apply to a shell that is started with --cascade " + path);
  print_cascade(*cascade);
  return {};
}

Status set(Session& session, const std::string& assignment) {
  const bool is_for_generate = assignment.starts_with(std::string(kGenerateStage) + ".");
  if (is_for_generate) return actors::apply_override(session.generation, assignment);
  BLUE_TRY_ASSIGN(actors::CascadeSpec * cascade, session.cascade());
  return actors::apply_override(*cascade, assignment);
}

Status show_runs(Session& session, const std::string&) {
  for (const std::string& id : actors::list_runs(session.runs_root)) {
    const auto logged = read_run(session, id);
    if (!logged) {
      io::print_linef("%s  unreadable: %s", id.c_str(), logged.error().message().c_str());
      continue;
    }
    io::print_linef("%s  %s; %s; %.60s", id.c_str(), end_in_words(logged->end).c_str(),
                    logged->record.cascade.name.c_str(), logged->record.task.c_str());
  }
  return {};
}

Status show_slots(Session& session, const std::string& wanted) {
  if (session.last_run.empty())
    return Error(ShellError::bad_command, "no run yet in this shell; run TASK or resume ID");
  BLUE_TRY_ASSIGN(const actors::LoggedRun logged, read_run(session, session.last_run));
  for (const memory::SlotText& slot : logged.slots) {
    if (wanted.empty()) {
      const std::string first = slot.text.substr(0, slot.text.find('\n'));
      io::print_linef("%-14s %-11s %6zu bytes  %.60s", slot.name.c_str(),
                      std::string(to_text(slot.state)).c_str(), slot.text.size(), first.c_str());
    } else if (slot.name == wanted) {
      io::print_text(slot.text);
      if (!slot.text.ends_with('\n')) io::print_text("\n");
      return {};
    }
  }
  if (wanted.empty()) return {};
  return Error(ShellError::bad_command,
               "run " + session.last_run + " has no slot '" + wanted + "'");
}

}  // namespace blue::shell
