// `blue bench`: prompt and decode speed of one model, beside the bytes that a token misses, the
// bytes that a step reads and the memory's measured limit.
#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "apps/blue/bench_report.h"
#include "apps/blue/bench_tokens.h"
#include "apps/blue/command.h"
#include "apps/blue/inline_resources.h"
#include "apps/io/output.h"
#include "apps/options/resource_options.h"
#include "hal/machine_measure.h"
#include "models/cost_model.h"
#include "models/inline_model.h"
#include "models/kv_default.h"

namespace blue::apps {

namespace {

struct BenchOptions {
  std::string model;
  std::string device = "auto";
  actors::ResourceOptions resources;
  std::string token_file;
  std::optional<std::uint64_t> token_seed;
  std::uint32_t n_prompt = 128;
  std::uint32_t n_tokens = 32;
  std::uint32_t n_runs = 5;
  std::uint32_t depth = 0;  ///< tokens of context before the prompt, and before the decode
  kernels::KvType kv_type = models::kDefaultKvType;
  bool is_json = false;
  bool is_quiet = false;
  bool has_profile = false;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double seconds_since(Nanoseconds begin) {
  return static_cast<double>(monotonic_now_ns() - begin) / 1e9;
}

/// The runs of one phase so far.
class PhaseSamples {
 public:
  explicit PhaseSamples(models::InlineModel& model) : model_(model) {}

  void begin() {
    counts_before_ = model_.tiers().counts();
    std::ranges::copy(model_.executor().op_times(), times_before_.begin());
    began_ns_ = monotonic_now_ns();
  }
  /// Adds a run of `n_tokens` tokens since begin().
  void end(std::uint32_t n_tokens) {
    rates_.push_back(n_tokens / seconds_since(began_ns_));
    n_tokens_ += n_tokens;
    const memory::TierCounts& now = model_.tiers().counts();
    counts_.n_hits += now.n_hits - counts_before_.n_hits;
    counts_.n_misses += now.n_misses - counts_before_.n_misses;
    counts_.bytes_read += now.bytes_read - counts_before_.bytes_read;
    counts_.bytes_copied += now.bytes_copied - counts_before_.bytes_copied;
    for (std::size_t kind = 0; kind < times_.size(); ++kind) {
      const models::OpTime& time = model_.executor().op_times()[kind];
      times_[kind].n += time.n - times_before_[kind].n;
      times_[kind].total_ns += time.total_ns - times_before_[kind].total_ns;
    }
  }

  [[nodiscard]] BenchPhase phase() const {
    const auto n = static_cast<double>(n_tokens_);
    const auto n_leases = static_cast<double>(counts_.n_hits + counts_.n_misses);
    return {.n_tokens = static_cast<std::uint32_t>(n_tokens_ / rates_.size()),
            .per_s = median(rates_),
            .missed_bytes = static_cast<double>(counts_.bytes_read.count) / n,
            .copied_bytes = static_cast<double>(counts_.bytes_copied.count) / n,
            .hit_rate = n_leases > 0 ? static_cast<double>(counts_.n_hits) / n_leases : 1,
            .op_times = times_};
  }

 private:
  models::InlineModel& model_;
  std::vector<double> rates_;
  std::uint64_t n_tokens_ = 0;
  memory::TierCounts counts_;
  memory::TierCounts counts_before_;
  OpTimes times_{};
  OpTimes times_before_{};
  Nanoseconds began_ns_ = 0;
};

/// Runs given tokens through the executor's one sequence: an end token does not stop the bench.
class TokenFeed {
 public:
  TokenFeed(models::InlineModel& model, BenchTokens& source)
      : executor_(model.executor()),
        source_(source),
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
      tokens_[i] = source_.next();
    }
    position_ += n;
    const auto last = static_cast<std::int32_t>(n) - 1;
    auto done = executor_.step({std::span(tokens_).first(n), std::span(positions_).first(n),
                                std::span(sequences_).first(n), std::span(&last, 1)},
                               StopToken());
    return done ? Status() : Status(std::move(done).error());
  }

  models::Executor& executor_;
  BenchTokens& source_;
  std::vector<std::int32_t> sequences_;
  std::vector<std::int32_t> positions_;
  std::vector<TokenId> tokens_;
  std::uint32_t position_ = 0;
};

/// One prompt behind `depth` tokens of context, which have been run, and one decode: behind the
/// prompt, or with a context behind that alone.
Status measure(TokenFeed& feed, const BenchOptions& options, BenchTokens& source,
               PhaseSamples& prompt, PhaseSamples& decode) {
  feed.cut_to(options.depth);
  source.begin_run();
  prompt.begin();
  BLUE_TRY(feed.run(options.n_prompt, options.n_prompt));
  prompt.end(options.n_prompt);
  if (options.depth > 0) feed.cut_to(options.depth);
  decode.begin();
  BLUE_TRY(feed.run(options.n_tokens, 1));
  decode.end(options.n_tokens);
  return {};
}

/// What a decode step reads: weights, and every cached row so far.
double step_bytes(models::InlineModel& model, const BenchOptions& options) {
  const std::uint32_t n_before = options.depth > 0 ? options.depth : options.n_prompt;
  const Bytes weights = models::sizes_of(model.model().program, options.kv_type).read_per_token;
  return static_cast<double>(
      (weights + model.executor().kv_bytes(n_before + options.n_tokens / 2)).count);
}

/// Called before the calling thread is pinned: threads that it starts would all share its core.
double read_limit(std::size_t n_threads) {
  const auto limit = hal::measure_memory_read(
      {.budget_ns = 400'000'000, .n_threads = static_cast<unsigned>(n_threads)});
  return limit ? limit->gb_per_s() : 0.0;
}

Result<BenchTokens> tokens_of(const BenchOptions& options, std::uint32_t n_vocab) {
  if (!options.token_file.empty()) return BenchTokens::of_file(options.token_file, n_vocab);
  if (options.token_seed) return BenchTokens::random(*options.token_seed, n_vocab);
  return BenchTokens::repeating(n_vocab);
}

Result<int> bench(const BenchOptions& options) {
  io::MessageLog log(options.is_quiet ? LogLevel::warning : LogLevel::info);
  models::InlineModelOptions load;
  load.log = &log;
  load.backend = options.device;
  load.vram = options.resources.vram;
  load.ram = options.resources.ram;
  load.max_context = options.depth + options.n_prompt + options.n_tokens;
  load.kv_type = options.kv_type;
  if (options.has_profile) load.op_timing = models::OpTiming::on;
  BLUE_TRY_ASSIGN(load.worker_cores, choose_cpus(options.device, options.resources, log));
  const std::size_t n_threads = std::max<std::size_t>(load.worker_cores.size(), 1);
  const double limit = read_limit(n_threads);
  BLUE_TRY(pin_caller(load.worker_cores));
  BLUE_TRY_ASSIGN(const std::unique_ptr<models::InlineModel> model,
                  models::InlineModel::load(options.model, load));
  const models::Program& program = model->model().program;
  BLUE_TRY_ASSIGN(BenchTokens tokens, tokens_of(options, program.hyper.n_vocab));
  BenchFigures figures{.model = options.model,
                       .device = granted_text(*model, options.resources, load.worker_cores.size()),
                       .n_threads = static_cast<std::uint32_t>(n_threads),
                       .n_runs = options.n_runs,
                       .step_bytes = step_bytes(*model, options),
                       .depth = options.depth,
                       .kv_type = options.kv_type};
  if (!options.is_quiet) io::message("device " + figures.device);
  TokenFeed feed(*model, tokens);
  BLUE_TRY(feed.run(options.depth, options.depth));
  PhaseSamples first_prompt(*model);
  PhaseSamples first_decode(*model);
  BLUE_TRY(measure(feed, options, tokens, first_prompt, first_decode));  // loads the weights
  PhaseSamples prompt(*model);
  PhaseSamples decode(*model);
  for (std::uint32_t i = 0; i < options.n_runs; ++i)
    BLUE_TRY(measure(feed, options, tokens, prompt, decode));
  figures.tokens = tokens.description();
  figures.prompt = prompt.phase();
  figures.decode = decode.phase();
  if (model->backend().device().info().kind == hal::DeviceKind::cpu)
    figures.read_limit_gb_s = limit;
  (options.is_json ? print_bench_json : print_bench_text)(figures);
  if (options.has_profile) print_bench_profile(figures);
  return kExitDone;
}

void add_token_options(CLI::App& command, BenchOptions& options) {
  command.add_option("-p,--prompt-tokens", options.n_prompt, "Tokens of prompt")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command.add_option("-n,--decode-tokens", options.n_tokens, "Tokens to decode")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command
      .add_option("-d,--depth", options.depth,
                  "Tokens of context behind which the prompt is measured, and the decode; 0: the "
                  "decode follows the prompt")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  CLI::Option* file = command.add_option(
      "--tokens", options.token_file,
      "File of whitespace-separated token ids to feed, each run behind the one before; by default "
      "the bench's own, which repeat and flatter a cache of experts");
  command.add_option("--random-tokens", options.token_seed, "Feed random ids of this seed instead")
      ->excludes(file);
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "bench", "Measure one model: prompt and decode speed beside the machine's limit");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  add_token_options(*command, *options);
  command->add_option("--runs", options->n_runs, "Runs to take the median of")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  auto* json = command->add_flag("--json", options->is_json, "One JSON object");
  command
      ->add_flag("--profile", options->has_profile,
                 "Time each kind of op; every op is waited for, which slows the run")
      ->excludes(json);
  add_device_option(*command, options->device);
  add_kv_option(*command, options->kv_type);
  add_resource_options(*command, options->resources);
  add_quiet_option(*command, options->is_quiet);
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = bench(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
