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
#include "models/kv_default.h"
#include "models/session.h"

namespace blue::apps {

namespace {

struct BenchOptions {
  std::string model;
  std::string device = "auto";
  std::uint32_t n_prompt = 128;
  std::uint32_t n_tokens = 32;
  std::uint32_t n_runs = 5;
  std::uint32_t depth = 0;  ///< tokens of context before the prompt, and before the decode
  std::uint32_t n_threads = 1;
  kernels::KvType kv_type = models::kDefaultKvType;
  bool is_json = false;
  bool has_profile = false;
};

/// Results of one bench. Rates are medians over its runs.
struct BenchFigures {
  double prompt_per_s = 0;  ///< tokens
  double decode_per_s = 0;
  double step_gb = 0;          ///< bytes that a decode step reads: weights and cache
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

/// What one decode step reads of the cache: every row so far.
double gb_of_cache(const models::Executor& executor, const BenchOptions& options) {
  const std::uint32_t n_before = options.depth > 0 ? options.depth : options.n_prompt;
  return static_cast<double>(executor.kv_bytes(n_before + options.n_tokens / 2).count) / 1e9;
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

/// Runs given tokens through the executor's one sequence: an end token does not stop the bench.
class TokenFeed {
 public:
  explicit TokenFeed(models::InlineModel& model)
      : executor_(model.executor()),
        n_vocab_(model.model().program.hyper.n_vocab),
        sequences_(executor_.limits().max_step_tokens, 0),
        positions_(sequences_.size()),
        tokens_(sequences_.size()) {}

  /// Continues behind the first `n` tokens, which have been run.
  void cut_to(std::uint32_t n) {
    executor_.truncate(0, n);
    position_ = n;
  }

  /// `n` tokens in steps of at most `most`; the last of each step gives logits.
  Status run(std::uint32_t n, std::uint32_t most) {
    BLUE_TRY(executor_.reserve(0, position_ + n));
    for (const std::uint32_t end = position_ + n; position_ < end;)
      BLUE_TRY(step(std::min({most, executor_.limits().max_step_tokens, end - position_})));
    return {};
  }

 private:
  Status step(std::uint32_t n) {
    for (std::uint32_t i = 0; i < n; ++i) {
      positions_[i] = static_cast<std::int32_t>(position_ + i);
      tokens_[i] = static_cast<TokenId>(std::uint64_t{position_ + i} * 7919 % n_vocab_);
    }
    position_ += n;
    const auto last = static_cast<std::int32_t>(n) - 1;
    auto done = executor_.step({std::span(tokens_).first(n), std::span(positions_).first(n),
                                std::span(sequences_).first(n), std::span(&last, 1)},
                               StopToken());
    return done ? Status() : Status(std::move(done).error());
  }

  models::Executor& executor_;
  std::uint32_t n_vocab_;
  std::vector<std::int32_t> sequences_;
  std::vector<std::int32_t> positions_;
  std::vector<TokenId> tokens_;
  std::uint32_t position_ = 0;
};

/// One prompt behind `depth` tokens of context, which have been run, and one decode: behind the
/// prompt, or with a context behind that alone.
Status measure(TokenFeed& feed, const models::Executor& executor, const BenchOptions& options,
               Rates& rates) {
  feed.cut_to(options.depth);
  OpTimes before = times_now(executor);
  Nanoseconds begin = monotonic_now_ns();
  BLUE_TRY(feed.run(options.n_prompt, options.n_prompt));
  rates.prompt.push_back(options.n_prompt / seconds_since(begin));
  add_times(rates.prompt_ops, before, executor);
  if (options.depth > 0) feed.cut_to(options.depth);
  before = times_now(executor);
  begin = monotonic_now_ns();
  BLUE_TRY(feed.run(options.n_tokens, 1));
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
  if (options.depth > 0) {
    io::print_linef("context %10u tokens     before the prompt, and before the decode",
                    options.depth);
  }
  io::print_linef("prompt  %10.1f tokens/s   (%u tokens, median of %u)", figures.prompt_per_s,
                  options.n_prompt, options.n_runs);
  io::print_linef(
      "decode  %10.1f tokens/s   (%u tokens, median of %u): %.3f GB of weights and %s cache a "
      "step, "
      "%.2f GB/s",
      figures.decode_per_s, options.n_tokens, options.n_runs, figures.step_gb,
      std::string(kernels::to_text(options.kv_type)).c_str(), gb_per_s);
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
  out["depth"] = options.depth;
  out["cache"] = kernels::to_text(options.kv_type);
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
  load.max_context = options.depth + options.n_prompt + options.n_tokens;
  load.kv_type = options.kv_type;
  if (options.has_profile) load.op_timing = models::OpTiming::on;
  const double read_gb_per_s = read_limit(options.n_threads);
  BLUE_TRY_ASSIGN(load.worker_cores, take_cores(options.n_threads));
  BLUE_TRY_ASSIGN(const std::unique_ptr<models::InlineModel> model,
                  models::InlineModel::load(options.model, load));
  TokenFeed feed(*model);
  BLUE_TRY(feed.run(options.depth, options.depth));
  Rates rates;
  BLUE_TRY(measure(feed, model->executor(), options, rates));  // the first run loads the weights
  rates = {};
  for (std::uint32_t i = 0; i < options.n_runs; ++i)
    BLUE_TRY(measure(feed, model->executor(), options, rates));

  BenchFigures figures{.prompt_per_s = median(rates.prompt),
                       .decode_per_s = median(rates.decode),
                       .step_gb = gb_per_decode_step(model->model().program) +
                                  gb_of_cache(model->executor(), options)};
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
  command
      ->add_option("-d,--depth", options->depth,
                   "Tokens of context behind which the prompt is measured, and the decode; 0: the "
                   "decode follows the prompt")
      ->check(CLI::Range(0, 1 << 20))
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
  add_kv_option(*command, options->kv_type);
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = bench(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
