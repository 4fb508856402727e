// `blue run` and `blue resume`: one cascade on one task, printed as it runs.
#include <map>
#include <memory>

#include "actors/cascade/cascade_run.h"
#include "actors/cascade/run_directory.h"
#include "apps/blue/command.h"
#include "apps/blue/figures.h"
#include "apps/blue/interrupt.h"
#include "apps/blue/load_progress.h"
#include "apps/blue/prompt.h"
#include "apps/blue/run_report.h"
#include "apps/io/output.h"
#include "apps/options/resource_options.h"
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
  runtime::RuntimeOptions runtime;
  bool is_json = false;
  bool is_quiet = false;
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

/// What the command line leaves open the cascade's file decides.
Result<std::unique_ptr<runtime::Runtime>> start(const RunOptions& options,
                                                const actors::CascadeSpec& cascade, LogSink& log) {
  runtime::RuntimeOptions runtime = options.runtime;
  runtime.resources = runtime.resources.or_else(cascade.resources);
  for (const actors::StageSpec& stage : cascade.stages) runtime.models.push_back(stage.model);
  runtime.tracing = options.trace.empty() ? runtime::Tracing::off : runtime::Tracing::on;
  BLUE_TRY_ASSIGN(std::unique_ptr<runtime::Runtime> started, runtime::Runtime::start(runtime, log));
  if (!options.is_quiet) io::message("device " + to_text(started->resources()));
  return started;
}

/// Follows the run to its end; Ctrl-C and a lost output cancel it.
Result<int> follow(runtime::Runtime& runtime, runtime::Run& run, RunReport& report,
                   Bytes load_target, const RunOptions& options) {
  const Interrupt interrupt;
  LoadProgress progress(
      runtime, load_target,
      options.is_quiet ? LoadProgress::Show::nothing : LoadProgress::Show::progress);
  run.follow(
      [&](const actors::RunEvent& event) {
        if (event.kind != actors::RunEvent::Kind::stage_started) progress.end();
        report.add(event);
      },
      [&] {
        progress.update();
        return interrupt.is_asked() || io::is_output_lost();
      });
  const int status = report.end();
  if (!options.trace.empty()) BLUE_TRY(write_trace(runtime, options.trace));
  runtime.shutdown();
  return status;
}

LogLevel least_level(const RunOptions& options) {
  return options.is_quiet ? LogLevel::warning : LogLevel::info;
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
  io::MessageLog log(least_level(options));
  BLUE_TRY_ASSIGN(const std::unique_ptr<runtime::Runtime> runtime, start(options, cascade, log));
  // Opens every model before the run is created, so that a bad file leaves no run behind.
  std::map<std::string, Bytes> weights;
  Predictions predictions;
  for (const actors::StageSpec& stage : cascade.stages) {
    if (options.is_json && !predictions.contains(stage.model))
      predictions[stage.model] = predict(*runtime, stage.model, log);
    const auto model = runtime->load_model(stage.model);
    if (!model) return Error(model.error()).within("stage " + stage.name);
    weights[stage.model] = weight_bytes((*model)->program);
  }
  Bytes all;
  for (const auto& [path, size] : weights) all += size;
  runtime::CascadeOptions how;
  how.skip = options.allows_skip ? runtime::SkipPolicy::as_configured : runtime::SkipPolicy::never;
  BLUE_TRY_ASSIGN(runtime::Run started, runtime->run_cascade(cascade, task, how));
  RunReport report(cascade, started.id(), runtime->device_choice(), output_of(options),
                   options.is_quiet ? RunRemarks::errors_only : RunRemarks::figures);
  report.set_predictions(std::move(predictions));
  report.begin(task);
  return follow(*runtime, started, report, load_target(*runtime, all), options);
}

Result<int> resume(const RunOptions& options) {
  BLUE_TRY_ASSIGN(const actors::RunPlace place,
                  actors::find_run(actors::default_runs_root(), options.run_id));
  BLUE_TRY_ASSIGN(const actors::LoggedRun logged, actors::read_logged_run(place.log.string()));
  io::MessageLog log(least_level(options));
  BLUE_TRY_ASSIGN(const std::unique_ptr<runtime::Runtime> runtime,
                  start(options, logged.record.cascade, log));
  BLUE_TRY_ASSIGN(runtime::Run resumed, runtime->resume(place.id));
  RunReport report(logged.record.cascade, place.id, runtime->device_choice(), output_of(options),
                   options.is_quiet ? RunRemarks::errors_only : RunRemarks::figures);
  report.begin(logged.record.task);
  return follow(*runtime, resumed, report, Bytes{}, options);
}

void add_shared_options(CLI::App& command, const std::shared_ptr<RunOptions>& options) {
  add_trace_option(command, options->trace);
  command.add_flag("--json", options->is_json, "One JSON object on stdout instead of live text");
  add_device_option(command, options->runtime.device);
  add_resource_options(command, options->runtime.resources);
  add_kv_option(command, options->runtime.kv_type);
  add_pre_option(command, options->runtime.model);
  add_quiet_option(command, options->is_quiet);
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
                      "Cascade file (TOML); by default cascades/think-code-review-fix.toml of "
                      "$BLUE_ASSETS, else of the assets folder beside the program or above it");
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
