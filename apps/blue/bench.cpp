// `blue bench`: prompt and decode speed of one model, beside the bytes that a step reads and the
// memory's measured limit.
#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "apps/blue/command.h"
#include "apps/io/output.h"
#include "hal/affinity.h"
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
  bool has_profile = false;
};

/// Results of one bench. Rates are medians over its runs.
struct BenchFigures {
  double prompt_per_s = 0;  ///< tokens
  double decode_per_s = 0;
  double step_gb = 0;          ///< bytes of weights that a decode step reads
  double read_limit_gb_s = 0;  ///< measured with as many threads; 0: not on this device
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double seconds_since(Nanoseconds begin) {
  return static_cast<double>(monotonic_now_ns() - begin) / 1e9;
}

/// What one decode step reads: every weight once for each op that uses it, one row of an embedding,
/// the chosen experts.
double gb_per_decode_step(const models::Program& program) {
  std::uint64_t bytes = 0;
  for (const kernels::Op& op : program.ops) {
    if (op.weight == kernels::kNoOperand) continue;
    const models::WeightUse& use = program.weights[op.weight];
    const std::uint64_t n_rows = op.kind == kernels::OpKind::embed ? 1 : use.rows;
    bytes += n_rows * use.format->row_bytes(use.cols) * (use.n_experts > 0 ? op.top_k : 1);
  }
  return static_cast<double>(bytes) / 1e9;
}

using OpTimes = std::array<models::OpTime, kernels::kOpKinds>;

struct Rates {
  std::vector<double> prompt;  ///< tokens/s, by run
  std::vector<double> decode;
  OpTimes prompt_ops{};  ///< of all runs; zero without --profile
  OpTimes decode_ops{};
};

OpTimes times_now(const models::Executor& executor) {
  OpTimes now{};
  std::ranges::copy(executor.op_times(), now.begin());
  return now;
}

/// Adds to `total` what has passed since `before`.
void add_times(OpTimes& total, const OpTimes& before, const models::Executor& executor) {
  for (std::size_t kind = 0; kind < total.size(); ++kind) {
    total[kind].n += executor.op_times()[kind].n - before[kind].n;
    total[kind].total_ns += executor.op_times()[kind].total_ns - before[kind].total_ns;
  }
}

/// One prompt and one decode, through the executor, with given tokens: an end token does not stop
/// the bench.
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
  OpTimes before = times_now(executor);
  Nanoseconds begin = monotonic_now_ns();
  while (position < options.n_prompt)
    BLUE_TRY(step(std::min(executor.limits().max_step_tokens, options.n_prompt - position)));
  rates.prompt.push_back(options.n_prompt / seconds_since(begin));
  add_times(rates.prompt_ops, before, executor);
  before = times_now(executor);
  begin = monotonic_now_ns();
  for (std::uint32_t i = 0; i < options.n_tokens; ++i) BLUE_TRY(step(1));
  rates.decode.push_back(options.n_tokens / seconds_since(begin));
  add_times(rates.decode_ops, before, executor);
  return {};
}

/// The first `n` cores that this process may use; pins the calling thread to the first.
Result<std::vector<int>> take_cores(std::uint32_t n) {
  BLUE_TRY_ASSIGN(std::vector<int> cores, hal::current_affinity());
  cores.resize(std::min<std::size_t>(cores.size(), n));
  if (cores.size() < 2) return std::vector<int>();
  BLUE_TRY_ASSIGN(hal::ThreadPin pin, hal::ThreadPin::to_cpu(cores.front()));
  pin.keep();
  return cores;
}

/// Called before the calling thread is pinned: threads that it starts would all share its core.
double read_limit(std::uint32_t n_threads) {
  const auto limit = hal::measure_memory_read({.budget_ns = 400'000'000, .n_threads = n_threads});
  return limit ? limit->gb_per_s() : 0.0;
}

void print_text(const BenchOptions& options, const std::string& choice,
                const BenchFigures& figures) {
  const double gb_per_s = figures.decode_per_s * figures.step_gb;
  io::print_linef("%s on %s", options.model.c_str(), choice.c_str());
  io::print_linef("prompt  %10.1f tokens/s   (%u tokens, median of %u)", figures.prompt_per_s,
                  options.n_prompt, options.n_runs);
  io::print_linef(
      "decode  %10.1f tokens/s   (%u tokens, median of %u): %.3f GB of weights a step, %.2f GB/s",
      figures.decode_per_s, options.n_tokens, options.n_runs, figures.step_gb, gb_per_s);
  if (figures.read_limit_gb_s > 0) {
    io::print_linef(
        "limit   %10.1f tokens/s   at %.2f GB/s, what %u thread(s) read here from memory: %.0f %% "
        "reached",
        figures.read_limit_gb_s / figures.step_gb, figures.read_limit_gb_s, options.n_threads,
        100.0 * gb_per_s / figures.read_limit_gb_s);
  }
}

void print_json(const BenchOptions& options, const std::string& choice,
                const BenchFigures& figures) {
  nlohmann::ordered_json out;
  out["model"] = options.model;
  out["device"] = choice;
  out["threads"] = options.n_threads;
  out["prompt_tokens"] = options.n_prompt;
  out["decode_tokens"] = options.n_tokens;
  out["runs"] = options.n_runs;
  out["prefill_tokens_per_s"] = figures.prompt_per_s;
  out["decode_tokens_per_s"] = figures.decode_per_s;
  out["bytes_per_decode_step"] = static_cast<std::uint64_t>(figures.step_gb * 1e9);
  out["read_gbytes_per_s"] = figures.decode_per_s * figures.step_gb;
  if (figures.read_limit_gb_s > 0) {
    out["read_limit_gbytes_per_s"] = figures.read_limit_gb_s;
    out["share_of_read_limit"] = figures.decode_per_s * figures.step_gb / figures.read_limit_gb_s;
  }
  io::print_text(out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

/// The kinds of op by time, the longest first.
std::vector<std::size_t> by_time(const OpTimes& times) {
  std::vector<std::size_t> kinds;
  for (std::size_t kind = 0; kind < times.size(); ++kind) {
    if (times[kind].n > 0) kinds.push_back(kind);
  }
  std::ranges::sort(kinds, std::greater(), [&](std::size_t kind) { return times[kind].total_ns; });
  return kinds;
}

/// One line per kind of op: calls and milliseconds of one run, share of the time in ops.
void print_profile(const char* phase, const OpTimes& times, std::uint32_t n_runs) {
  double total = 0;
  for (const models::OpTime& time : times) total += static_cast<double>(time.total_ns);
  for (const std::size_t kind : by_time(times)) {
    const auto ns = static_cast<double>(times[kind].total_ns);
    const std::string name(kernels::to_text(static_cast<kernels::OpKind>(kind)));
    std::printf("%s  %-18s %8llu calls %10.3f ms %5.1f %%\n", phase, name.c_str(),
                static_cast<unsigned long long>(times[kind].n / n_runs), ns / 1e6 / n_runs,
                100.0 * ns / total);
  }
}

Result<int> bench(const BenchOptions& options) {
  io::MessageLog log(LogLevel::info);
  models::InlineModelOptions load;
  load.log = &log;
  load.backend = options.device;
  load.max_context = options.n_prompt + options.n_tokens;
  if (options.has_profile) load.op_timing = models::OpTiming::on;
  const double read_gb_per_s = read_limit(options.n_threads);
  BLUE_TRY_ASSIGN(load.worker_cores, take_cores(options.n_threads));
  BLUE_TRY_ASSIGN(const std::unique_ptr<models::InlineModel> model,
                  models::InlineModel::load(options.model, load));
  Rates rates;
  BLUE_TRY(measure(*model, options, rates));  // the first run loads the weights
  rates = {};
  for (std::uint32_t i = 0; i < options.n_runs; ++i) BLUE_TRY(measure(*model, options, rates));

  BenchFigures figures{.prompt_per_s = median(rates.prompt),
                       .decode_per_s = median(rates.decode),
                       .step_gb = gb_per_decode_step(model->model().program)};
  if (model->backend().device().info().kind == hal::DeviceKind::cpu)
    figures.read_limit_gb_s = read_gb_per_s;
  (options.is_json ? print_json : print_text)(options, model->choice(), figures);
  if (options.has_profile) {
    print_profile("prompt", rates.prompt_ops, options.n_runs);
    print_profile("decode", rates.decode_ops, options.n_runs);
  }
  return kExitDone;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "bench", "Measure one model: prompt and decode speed beside the machine's limit");
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
  command
      ->add_option("-t,--threads", options->n_threads,
                   "Threads of the CPU backend, each on a core of its own")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  auto* json = command->add_flag("--json", options->is_json, "One JSON object");
  command
      ->add_flag("--profile", options->has_profile,
                 "Time each kind of op; every op is waited for, which slows the run")
      ->excludes(json);
  add_device_option(*command, options->device);
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = bench(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
