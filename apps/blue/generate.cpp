// `blue generate`: one model continues one prompt; the text alone on stdout, figures on stderr.
#include <cstdio>
#include <memory>

#include "apps/blue/command.h"
#include "apps/blue/interrupt.h"
#include "apps/blue/stderr_log.h"
#include "runtime/runtime.h"

namespace blue::apps {

namespace {

struct GenerateOptions {
  runtime::GenerateRequest request;
  std::string device = "auto";
  kernels::KvType kv_type = kernels::KvType::f32;
  std::uint32_t context = 4096;
  models::ModelOptions model;
  std::string trace;
};

void print_figures(const actors::RunEvent& end) {
  const messages::StageFigures& figures = end.figures;
  const double decode_s = static_cast<double>(figures.decode_ns) / 1e9;
  std::fprintf(stderr,
               "blue: %u prompt tokens, first token after %.1f ms (loading %.1f ms); %u tokens, "
               "%.1f tokens/s; "
               "entropy %.3f nats; ended by %s\n",
               figures.n_prompt_tokens, static_cast<double>(figures.prompt_ns) / 1e6,
               static_cast<double>(figures.load_ns) / 1e6, figures.n_tokens,
               figures.n_tokens > 1 && decode_s > 0 ? (figures.n_tokens - 1) / decode_s : 0.0,
               static_cast<double>(figures.mean_entropy_micronats) / 1e6,
               std::string(messages::to_text(end.end)).c_str());
}

Result<int> generate(const GenerateOptions& options) {
  StderrLog log;
  runtime::RuntimeOptions how;
  how.device = options.device;
  how.max_context = options.context;
  how.kv_type = options.kv_type;
  how.model = options.model;
  how.tracing = options.trace.empty() ? runtime::Tracing::off : runtime::Tracing::on;
  BLUE_TRY_ASSIGN(const std::unique_ptr<runtime::Runtime> runtime,
                  runtime::Runtime::start(how, log));
  std::fprintf(stderr, "blue: device %s\n", runtime->device_choice().c_str());
  BLUE_TRY(runtime->load_model(options.request.model));
  BLUE_TRY_ASSIGN(runtime::Run run, runtime->generate(options.request));
  const Interrupt interrupt;
  const runtime::RunEvent end = run.follow(
      [](const runtime::RunEvent& event) {
        if (event.kind != runtime::RunEvent::Kind::text) return;
        std::fwrite(event.text.data(), 1, event.text.size(), stdout);
        std::fflush(stdout);
      },
      [&interrupt] { return interrupt.is_asked(); });
  if (!options.trace.empty()) BLUE_TRY(write_trace(*runtime, options.trace));
  runtime->shutdown();
  std::fputc('\n', stderr);
  if (end.outcome == messages::Outcome::cancelled) return kExitCancelled;
  if (end.outcome != messages::Outcome::completed) {
    std::fprintf(stderr, "blue: %s\n", end.error.c_str());
    return exit_status(end.error_kind);
  }
  print_figures(end);
  return kExitDone;
}

}  // namespace

void add_sampling_options(CLI::App& command, models::SamplingSpec& sampling) {
  command.add_option("--temp", sampling.temperature, "Temperature; 0 is greedy")
      ->capture_default_str();
  command.add_option("--top-k", sampling.top_k, "Keep the k likeliest; 0 keeps all")
      ->capture_default_str();
  command.add_option("--top-p", sampling.top_p, "Keep the likeliest that reach p")
      ->capture_default_str();
  command.add_option("--min-p", sampling.min_p, "Keep what has this share of the top probability")
      ->capture_default_str();
  command.add_option("--seed", sampling.seed, "Seed of the sampler")->capture_default_str();
}

void add_generate(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("generate", "Continue a prompt with one model");
  auto options = std::make_shared<GenerateOptions>();
  runtime::GenerateRequest& request = options->request;
  command->add_option("-m,--model", request.model, "GGUF file")->required();
  command->add_option("-p,--prompt", request.prompt,
                      "The prompt; a model with a chat template gets it as the user's message");
  command->add_option("--system", request.system,
                      "System message, for a model with a chat template");
  command->add_option("-n,--tokens", request.max_tokens, "Most tokens to generate")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  add_sampling_options(*command, request.sampling);
  command
      ->add_option("--context", options->context,
                   "Tokens of context; cut to what the model was trained for")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  add_device_option(*command, options->device);
  add_kv_option(*command, options->kv_type);
  add_pre_option(*command, options->model);
  add_trace_option(*command, options->trace);
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = generate(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
