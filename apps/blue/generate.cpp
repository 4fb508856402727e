// `blue generate`: one model continues one prompt. Its text goes to stdout, figures to stderr.
#include <memory>

#include "apps/blue/command.h"
#include "apps/blue/figures.h"
#include "apps/blue/interrupt.h"
#include "apps/blue/load_progress.h"
#include "apps/blue/prompt.h"
#include "apps/io/output.h"
#include "apps/options/resource_options.h"
#include "runtime/runtime.h"

namespace blue::apps {

namespace {

struct GenerateOptions {
  runtime::GenerateRequest request;  ///< its prompt comes from `source`
  TextSource source;
  PromptStyle style;
  runtime::RuntimeOptions runtime;
  std::string trace;
  bool is_quiet = false;
};

void print_figures(const actors::RunEvent& end) {
  const messages::StageFigures& figures = end.figures;
  const double decode_s = static_cast<double>(figures.decode_ns) / 1e9;
  io::messagef(
      "%u prompt tokens, first token after %.1f ms (loading %.1f ms); %u tokens, "
      "%.1f tokens/s; entropy %.3f nats; ended by %s",
      figures.n_prompt_tokens, static_cast<double>(figures.prompt_ns) / 1e6,
      static_cast<double>(figures.load_ns) / 1e6, figures.n_tokens,
      figures.n_tokens > 1 && decode_s > 0 ? (figures.n_tokens - 1) / decode_s : 0.0,
      static_cast<double>(figures.mean_entropy_micronats) / 1e6,
      std::string(messages::to_text(end.end)).c_str());
}

/// Prints the text as it is generated. The `finished` event.
runtime::RunEvent print_run(runtime::Run& run, LoadProgress& progress) {
  const Interrupt interrupt;
  bool has_text = false;
  runtime::RunEvent end = run.follow(
      [&](const runtime::RunEvent& event) {
        progress.end();
        if (event.kind != runtime::RunEvent::Kind::text) return;
        io::print_text(event.text);
        io::flush_output();
        has_text = true;
      },
      [&] {
        progress.update();
        return interrupt.is_asked() || io::is_output_lost();
      });
  if (has_text) io::remark("");  // the text ends without a newline
  return end;
}

Result<int> generate(const GenerateOptions& options) {
  BLUE_TRY_ASSIGN(const PromptEncoder encoder, PromptEncoder::open(options.style));
  BLUE_TRY_ASSIGN(
      const std::optional<std::string> text,
      read_text(options.source, options.style.is_raw ? Reading::as_it_is : Reading::as_text));
  io::MessageLog log(options.is_quiet ? LogLevel::warning : LogLevel::info);
  runtime::RuntimeOptions how = options.runtime;
  how.models = {options.request.model};
  how.tracing = options.trace.empty() ? runtime::Tracing::off : runtime::Tracing::on;
  BLUE_TRY_ASSIGN(const std::unique_ptr<runtime::Runtime> runtime,
                  runtime::Runtime::start(how, log));
  if (!options.is_quiet) io::message("device " + to_text(runtime->resources()));
  std::optional<models::ModelCost> predicted;
  if (!options.is_quiet) predicted = predict(*runtime, options.request.model, log);
  BLUE_TRY_ASSIGN(const auto model, runtime->load_model(options.request.model));
  LoadProgress progress(
      *runtime, load_target(*runtime, weight_bytes(model->program)),
      options.is_quiet ? LoadProgress::Show::nothing : LoadProgress::Show::progress);
  runtime::GenerateRequest request = options.request;
  request.prompt = text.value_or("");
  if (!encoder.is_usual()) {
    BLUE_TRY_ASSIGN(request.prompt_tokens, encoder.prompt(*model, request.system, request.prompt));
  }
  BLUE_TRY_ASSIGN(runtime::Run run, runtime->generate(request));
  const runtime::RunEvent end = print_run(run, progress);
  if (!options.trace.empty()) BLUE_TRY(write_trace(*runtime, options.trace));
  runtime->shutdown();
  if (io::is_output_lost()) return kExitFailed;  // main reports it
  if (end.outcome == messages::Outcome::cancelled) return kExitCancelled;
  if (end.outcome != messages::Outcome::completed) {
    io::message(end.error);
    return exit_status(end.error_kind);
  }
  if (options.is_quiet) return kExitDone;
  print_figures(end);
  if (predicted) io::message(prediction_text(*predicted));
  if (const std::string moved = moved_text(end.figures); !moved.empty()) io::message(moved);
  return kExitDone;
}

}  // namespace

void add_sampling_options(CLI::App& command, models::SamplingSpec& sampling) {
  command.add_option("--temp", sampling.temperature, "Temperature; 0 is greedy")
      ->capture_default_str();
  command.add_option("--top-k", sampling.top_k, "Keep the k most probable tokens; 0 keeps all")
      ->capture_default_str();
  command.add_option("--top-p", sampling.top_p, "Keep the most probable tokens up to a sum of p")
      ->capture_default_str();
  command
      .add_option("--min-p", sampling.min_p,
                  "Keep tokens of at least this share of the highest probability")
      ->capture_default_str();
  command.add_option("--seed", sampling.seed, "Seed of the sampler")->capture_default_str();
}

void add_generate(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("generate", "Continue a prompt with one model");
  auto options = std::make_shared<GenerateOptions>();
  runtime::GenerateRequest& request = options->request;
  command->add_option("-m,--model", request.model, "GGUF file")->required();
  CLI::Option* prompt =
      command->add_option("-p,--prompt", options->source.argument,
                          "The prompt; a model with a chat template gets it as the user's "
                          "message. -, or no prompt and a pipe: standard input");
  command->add_option("-f,--file", options->source.file, "File that holds the prompt")
      ->excludes(prompt);
  CLI::Option* system = command->add_option("--system", request.system,
                                            "System message, for a model with a chat template");
  add_template_options(*command, options->style);
  command
      ->add_flag("--raw", options->style.is_raw,
                 "The text is the prompt, to the byte: no template, and special tokens in it are "
                 "tokens")
      ->excludes(system)
      ->excludes("--chat-template");
  command->add_option("-n,--tokens", request.max_tokens, "Most tokens to generate")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  add_sampling_options(*command, request.sampling);
  command
      ->add_option("--context", options->runtime.max_context,
                   "Tokens of context; cut to what the model was trained for")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  add_device_option(*command, options->runtime.device);
  add_resource_options(*command, options->runtime.resources);
  add_kv_option(*command, options->runtime.kv_type);
  add_pre_option(*command, options->runtime.model);
  add_trace_option(*command, options->trace);
  add_quiet_option(*command, options->is_quiet);
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = generate(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
