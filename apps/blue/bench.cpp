// `blue bench`: prompt and decode speed of one model, beside the bytes a step must read and what the memory gives.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "apps/blue/command.h"
#include "apps/blue/stderr_log.h"
#include "hal/affinity.h"
#include "hal/hal_error.h"
#include "hal/machine_measure.h"
#include "models/inline_model.h"
#include "models/session.h"

namespace blue::apps {

namespace {

struct BenchOptions {
  std::string model;
  std::string device = "auto";
  std::uint32_t n_prompt = 128;
  std::uint32_t n_tokens = 32;
  std::uint32_t n_runs = 5;
  std::uint32_t n_threads = 1;
  bool is_json = false;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double seconds_since(Nanoseconds begin) { return static_cast<double>(monotonic_now_ns() - begin) / 1e9; }

struct Rates {
  std::vector<double> prompt;  ///< tokens/s, by run
  std::vector<double> decode;
};

/// One prompt and one decode, through the executor: tokens are given, so that an end token ends nothing.
Status measure(models::InlineModel& model, const BenchOptions& options, Rates& rates) {
  models::Executor& executor = model.executor();
  const std::uint32_t n_vocab = model.model().program.hyper.n_vocab;
  const std::vector<std::int32_t> sequences(executor.limits().max_step_tokens, 0);
  std::vector<TokenId> tokens(executor.limits().max_step_tokens);
  std::vector<std::int32_t> positions(tokens.size());
  executor.truncate(0, 0);
  BLUE_TRY(executor.reserve(0, options.n_prompt + options.n_tokens));
  std::uint32_t position = 0;
  const auto step = [&](std::uint32_t n) -> Status {
    for (std::uint32_t i = 0; i < n; ++i) {
      positions[i] = static_cast<std::int32_t>(position + i);
      tokens[i] = static_cast<TokenId>((position + i) * 7919 % n_vocab);
    }
    position += n;
    const auto last = static_cast<std::int32_t>(n) - 1;
    auto done = executor.step({std::span(tokens).first(n), std::span(positions).first(n),
                               std::span(sequences).first(n), std::span(&last, 1)},
                              StopToken());
    return done ? Status() : Status(std::move(done).error());
  };
  Nanoseconds begin = monotonic_now_ns();
  while (position < options.n_prompt)
    BLUE_TRY(step(std::min(executor.limits().max_step_tokens, options.n_prompt - position)));
  rates.prompt.push_back(options.n_prompt / seconds_since(begin));
  begin = monotonic_now_ns();
  for (std::uint32_t i = 0; i < options.n_tokens; ++i) BLUE_TRY(step(1));
  rates.decode.push_back(options.n_tokens / seconds_since(begin));
  return {};
}

/// The first `n_threads` CPUs that this process may use.
Result<std::vector<int>> cores_for(std::uint32_t n_threads) {
  BLUE_TRY_ASSIGN(std::vector<int> cores, hal::current_affinity());
  if (n_threads > cores.size()) {
    return Error(hal::HalError::bad_argument, "--threads is " + std::to_string(n_threads) +
                                                  ", but this process may use " +
                                                  std::to_string(cores.size()) + " CPUs");
  }
  cores.resize(n_threads);
  return cores;
}

struct Figures {
  double prompt = 0;  ///< tokens/s
  double decode = 0;
  double weight_gb = 0;       ///< read by a step
  double limit_gb_per_s = 0;  ///< of memory; 0: not measured, the device is no CPU
};

void print_text(const BenchOptions& options, const models::InlineModel& model, const Figures& figures) {
  std::printf("%s on %s, threads: %u\n", options.model.c_str(), model.choice().c_str(), options.n_threads);
  std::printf("prompt  %10.1f tokens/s   (%u tokens, median of %u)\n", figures.prompt, options.n_prompt,
              options.n_runs);
  std::printf("decode  %10.1f tokens/s   (%u tokens, median of %u): %.3f GB of weights a step, %.2f GB/s\n",
              figures.decode, options.n_tokens, options.n_runs, figures.weight_gb,
              figures.decode * figures.weight_gb);
  if (figures.limit_gb_per_s > 0) {
    std::printf("limit   %10.1f tokens/s   at %.2f GB/s, what %u threads read here from memory\n",
                figures.limit_gb_per_s / figures.weight_gb, figures.limit_gb_per_s, options.n_threads);
  }
}

void print_json(const Figures& figures) {
  const nlohmann::ordered_json document = {{"prefill_tokens_per_s", figures.prompt},
                                           {"decode_tokens_per_s", figures.decode},
                                           {"read_gbytes_per_s", figures.decode * figures.weight_gb},
                                           {"read_limit_gbytes_per_s", figures.limit_gb_per_s}};
  std::printf("%s\n", document.dump().c_str());
}

Result<int> bench(const BenchOptions& options) {
  StderrLog log;
  models::InlineModelOptions load;
  load.log = &log;
  load.backend = options.device;
  load.max_context = options.n_prompt + options.n_tokens;
  BLUE_TRY_ASSIGN(load.worker_cores, cores_for(options.n_threads));
  BLUE_TRY_ASSIGN(const hal::ThreadPin pin, hal::ThreadPin::to_cpu(load.worker_cores.front()));
  BLUE_TRY_ASSIGN(const std::unique_ptr<models::InlineModel> model,
                  models::InlineModel::load(options.model, load));
  Rates rates;
  BLUE_TRY(measure(*model, options, rates));  // the first run brings the weights in
  rates = {};
  for (std::uint32_t i = 0; i < options.n_runs; ++i) BLUE_TRY(measure(*model, options, rates));

  Figures figures{.prompt = median(rates.prompt),
                  .decode = median(rates.decode),
                  .weight_gb = static_cast<double>(models::weight_bytes(model->model().program).count) / 1e9};
  if (model->backend().device().info().kind == hal::DeviceKind::cpu) {
    const auto limit = hal::measure_memory_read({.budget_ns = 200'000'000, .n_threads = options.n_threads});
    if (limit) figures.limit_gb_per_s = limit->gb_per_s();
  }
  if (options.is_json) {
    print_json(figures);
  } else {
    print_text(options, *model, figures);
  }
  return kExitDone;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("bench", "Measure one model: prompt and decode speed beside the machine's limit");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  command->add_option("-p,--prompt-tokens", options->n_prompt, "Tokens of prompt")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("-n,--tokens", options->n_tokens, "Tokens to decode")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--runs", options->n_runs, "Runs to take the median of")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("-t,--threads", options->n_threads, "Threads of the CPU backend")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_flag("--json", options->is_json, "One JSON object");
  add_device_option(*command, options->device);
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = bench(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
