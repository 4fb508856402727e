#include "apps/shell/commands.h"

#include <array>

#include "apps/io/output.h"

namespace blue::shell {

namespace {

Status show_help(Session&, const std::string& name);

Status quit(Session& session, const std::string&) {
  session.wants_to_quit = true;
  return {};
}

constexpr std::array kCommands = {
    Command{"help", "COMMAND", Argument::command, Need::optional,
            "list the commands, or one of them", show_help},
    Command{"load", "FILE", Argument::file, Need::required, "open a model; generate then uses it",
            load},
    Command{"unload", "FILE", Argument::file, Need::required,
            "forget a model and free its memory, unless a job uses it", unload},
    Command{"models", "", Argument::none, Need::optional,
            "the models loaded, and those of the cascade", show_models},
    Command{"generate", "TEXT", Argument::text, Need::optional,
            "continue TEXT; without TEXT: begin a text", generate},
    Command{"cascade", "FILE", Argument::file, Need::optional,
            "choose a cascade; without FILE: show the current one", choose_cascade},
    Command{"set", "STAGE.KEY=VALUE", Argument::assignment, Need::required,
            "model, max_tokens, temperature or seed of a stage, or of 'generate'", set},
    Command{"run", "TASK", Argument::text, Need::required,
            "run the cascade on a task and watch its slots", run},
    Command{"resume", "ID", Argument::run_id, Need::optional,
            "continue an interrupted run; without ID: the last", resume},
    Command{"runs", "", Argument::none, Need::optional, "the runs on disk and their outcomes",
            show_runs},
    Command{"slots", "SLOT", Argument::slot, Need::optional,
            "the slots of the last run, or the whole text of one", show_slots},
    Command{"actors", "", Argument::none, Need::optional, "each actor's thread and core",
            show_actors},
    Command{"tiers", "", Argument::none, Need::optional, "the contents of VRAM, RAM and the drive",
            show_tiers},
    Command{"hints", "", Argument::none, Need::optional, "the latest hints of the entropy monitor",
            show_hints},
    Command{"traces", "", Argument::none, Need::optional,
            "messages by type: counts, queue and run times", show_traces},
    Command{"trace", "FILE", Argument::file, Need::required,
            "write all spans as Chrome JSON (ui.perfetto.dev)", write_trace},
    Command{"quit", "", Argument::none, Need::optional, "leave (Ctrl-D too)", quit},
};

const Command* find(std::string_view name) {
  for (const Command& command : kCommands) {
    if (name == command.name) return &command;
  }
  return nullptr;
}

Error unknown(std::string_view name) {
  return {ShellError::bad_command, "no command '" + std::string(name) + "'; help lists them"};
}

void print_help(const Command& command) {
  const bool is_optional = command.need == Need::optional && *command.argument_name != '\0';
  const std::string usage = std::string(command.name) +
                            (*command.argument_name == '\0' ? "" : " ") + (is_optional ? "[" : "") +
                            command.argument_name + (is_optional ? "]" : "");
  io::print_linef("  %-22s %s", usage.c_str(), command.help);
}

Status show_help(Session&, const std::string& name) {
  if (!name.empty()) {
    const Command* command = find(name);
    if (command == nullptr) return unknown(name);
    print_help(*command);
    return {};
  }
  for (const Command& command : kCommands) print_help(command);
  return {};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

}  // namespace

std::span<const Command> commands() { return kCommands; }

Status execute(Session& session, std::string_view line) {
  const std::string_view whole = trimmed(line);
  if (whole.empty() || whole.front() == '#') return {};
  const std::size_t blank = whole.find_first_of(" \t");
  const std::string_view name = whole.substr(0, blank);
  const std::string argument(blank == std::string_view::npos ? "" : trimmed(whole.substr(blank)));
  const Command* command = find(name);
  if (command == nullptr) return unknown(name);
  if (argument.empty() && command->need == Need::required) {
    return Error(ShellError::bad_command, std::string(name) + " needs " + command->argument_name);
  }
  if (!argument.empty() && command->argument == Argument::none) {
    return Error(ShellError::bad_command, std::string(name) + " takes no argument");
  }
  return command->run(session, argument);
}

}  // namespace blue::shell
