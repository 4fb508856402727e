// The commands of the shell, as one table for help, completion and execution.
// Depends on session.h. Main thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/shell/session.h"
#include "base/result.h"

namespace blue::shell {

/// The kind of a command's argument: what completion offers.
enum class Argument : std::uint8_t { none, file, text, command, assignment, slot, run_id };
/// May the argument be left out?
enum class Need : std::uint8_t { optional, required };

struct Command {
  const char* name;
  const char* argument_name;  ///< for help; empty: no argument
  Argument argument;
  Need need;
  const char* help;
  Status (*run)(Session& session, const std::string& argument);
};

/// In the order in which help shows them.
std::span<const Command> commands();

/// Runs one line; blank lines and lines that begin with # do nothing. Errors: bad_command; the
/// command's.
Status execute(Session& session, std::string_view line);

// commands_model.cpp
Status load(Session& session, const std::string& path);
Status unload(Session& session, const std::string& path);
Status generate(Session& session, const std::string& text);
Status show_models(Session& session, const std::string& none);
// commands_run.cpp
Status run(Session& session, const std::string& task);
Status resume(Session& session, const std::string& run_id);
Status choose_cascade(Session& session, const std::string& path);
Status set(Session& session, const std::string& assignment);
Status show_runs(Session& session, const std::string& none);
Status show_slots(Session& session, const std::string& slot);
// commands_machine.cpp
Status show_actors(Session& session, const std::string& none);
Status show_tiers(Session& session, const std::string& none);
Status show_hints(Session& session, const std::string& none);
Status show_traces(Session& session, const std::string& none);
Status write_trace(Session& session, const std::string& path);

/// Prints the events of a run until its end. Ctrl-C and a lost output cancel it.
/// Errors: run_refused, run_ended, run_cancelled.
Status follow(Session& session, runtime::Run& run);

}  // namespace blue::shell
