// `blue run` and `blue resume`: one cascade on one task, printed as it runs.
#include <memory>

#include "actors/cascade/cascade_run.h"
#include "actors/cascade/run_directory.h"
#include "apps/blue/command.h"
#include "apps/blue/interrupt.h"
#include "apps/blue/prompt.h"
#include "apps/blue/run_report.h"
#include "apps/io/output.h"
#include "runtime/assets.h"
#include "runtime/runtime.h"

namespace blue::apps {

namespace {

struct RunOptions {
  TextSource task;
  std::string run_id;
  std::string cascade;
  std::vector<std::string> overrides;
  std::string trace;
  std::string device = "auto";
  kernels::KvType kv_type = models::kDefaultKvType;
  models::ModelOptions model;
  bool is_json = false;
  bool allows_skip = false;
};

Result<actors::CascadeSpec> load(const RunOptions& options) {
  std::string path = options.cascade;
  if (path.empty()) {
    const auto asset = runtime::find_asset(runtime::kDefaultCascade);
    if (!asset) {
      return Error(AppsError::bad_file,
                   std::string("assets/") + runtime::kDefaultCascade +
                       ": not found beside the program; name a cascade with --cascade FILE");
    }
    path = asset->string();
  }
  BLUE_TRY_ASSIGN(actors::CascadeSpec cascade, actors::load_cascade(path));
  for (const std::string& assignment : options.overrides)
    BLUE_TRY(actors::apply_override(cascade, assignment));
  return cascade;
}

Result<std::unique_ptr<runtime::Runtime>> start(const RunOptions& options, LogSink& log) {
  runtime::RuntimeOptions runtime;
  runtime.device = options.device;
  runtime.kv_type = options.kv_type;
  runtime.model = options.model;
  runtime.tracing = options.trace.empty() ? runtime::Tracing::off : runtime::Tracing::on;
  BLUE_TRY_ASSIGN(std::unique_ptr<runtime::Runtime> started, runtime::Runtime::start(runtime, log));
  io::message("device " + started->device_choice());
  return started;
}

/// Follows the run to its end; Ctrl-C and a lost output cancel it.
Result<int> follow(runtime::Runtime& runtime, runtime::Run& run, RunReport& report,
                   const RunOptions& options) {
  const Interrupt interrupt;
  run.follow([&report](const actors::RunEvent& event) { report.add(event); },
             [&interrupt] { return interrupt.is_asked() || io::is_output_lost(); });
  const int status = report.end();
  if (!options.trace.empty()) BLUE_TRY(write_trace(runtime, options.trace));
  runtime.shutdown();
  return status;
}

RunOutput output_of(const RunOptions& options) {
  return options.is_json ? RunOutput::json : RunOutput::live;
}

Result<std::string> read_task(const TextSource& source) {
  BLUE_TRY_ASSIGN(std::optional<std::string> task, read_text(source, Reading::as_text));
  if (task) return *std::move(task);
  return Error(AppsError::bad_request,
               "no task: give it in quotes, with -f FILE, or on standard input");
}

Result<int> run(const RunOptions& options) {
  BLUE_TRY_ASSIGN(const std::string task, read_task(options.task));
  BLUE_TRY_ASSIGN(const actors::CascadeSpec cascade, load(options));
  io::MessageLog log(LogLevel::info);
  BLUE_TRY_ASSIGN(const std::unique_ptr<runtime::Runtime> runtime, start(options, log));
  // Opens every model before the run is created, so that a bad file leaves no run behind.
  for (const actors::StageSpec& stage : cascade.stages) {
    const auto model = runtime->load_model(stage.model);
    if (!model) return Error(model.error()).within("stage " + stage.name);
  }
  runtime::CascadeOptions how;
  how.skip = options.allows_skip ? runtime::SkipPolicy::as_configured : runtime::SkipPolicy::never;
  BLUE_TRY_ASSIGN(runtime::Run started, runtime->run_cascade(cascade, task, how));
  RunReport report(cascade, started.id(), runtime->device_choice(), output_of(options));
  report.begin(task);
  return follow(*runtime, started, report, options);
}

Result<int> resume(const RunOptions& options) {
  BLUE_TRY_ASSIGN(const actors::RunPlace place,
                  actors::find_run(actors::default_runs_root(), options.run_id));
  BLUE_TRY_ASSIGN(const actors::LoggedRun logged, actors::read_logged_run(place.log.string()));
  io::MessageLog log(LogLevel::info);
  BLUE_TRY_ASSIGN(const std::unique_ptr<runtime::Runtime> runtime, start(options, log));
  BLUE_TRY_ASSIGN(runtime::Run resumed, runtime->resume(place.id));
  RunReport report(logged.record.cascade, place.id, runtime->device_choice(), output_of(options));
  report.begin(logged.record.task);
  return follow(*runtime, resumed, report, options);
}

void add_shared_options(CLI::App& command, const std::shared_ptr<RunOptions>& options) {
  add_trace_option(command, options->trace);
  command.add_flag("--json", options->is_json, "One JSON object on stdout instead of live text");
  add_device_option(command, options->device);
  add_kv_option(command, options->kv_type);
  add_pre_option(command, options->model);
}

Action action_of(Result<int> (*what)(const RunOptions&),
                 const std::shared_ptr<RunOptions>& options) {
  return [what, options] {
    const Result<int> status = what(*options);
    return status ? *status : tell(status.error());
  };
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("run", "Think, code, review and fix: run a cascade on a task");
  auto options = std::make_shared<RunOptions>();
  CLI::Option* task =
      command->add_option("task", options->task.argument,
                          "The task, in plain English. -, or no task and a pipe: standard input");
  command->add_option("-f,--file", options->task.file, "File that holds the task")->excludes(task);
  command->add_option("--cascade", options->cascade,
                      "Cascade file (TOML); think-code-review-fix by default");
  command
      ->add_option("--set", options->overrides,
                   "STAGE.KEY=VALUE: model, max_tokens, temperature or seed of a stage")
      ->allow_extra_args(false);
  command->add_flag(
      "--allow-skip", options->allows_skip,
      "Apply skip rules: a stage is skipped when an earlier one was certain (may cost quality)");
  add_shared_options(*command, options);
  command->callback([&action, options] { action = action_of(run, options); });
}

void add_resume(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "resume", "Continue a run that was stopped, at its first unfinished stage");
  auto options = std::make_shared<RunOptions>();
  command->add_option("run", options->run_id, "The run's id, or `last`")->required();
  add_shared_options(*command, options);
  command->callback([&action, options] { action = action_of(resume, options); });
}

}  // namespace blue::apps
