// `blue quantize`: writes a model's file with its matrices in another weight format.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "apps/blue/command.h"
#include "apps/blue/interrupt.h"
#include "apps/io/output.h"
#include "apps/io/progress.h"
#include "hal/affinity.h"
#include "models/quantize/quantizer.h"

namespace blue::apps {

namespace {

struct QuantizeCommand {
  std::string in;
  std::string out;
  std::string type;
  std::vector<std::string> overrides;
  unsigned n_threads = 0;  ///< 0: one for each core that may be used
};

void print_figures(const QuantizeCommand& command, const models::QuantizeFigures& figures,
                   double seconds) {
  const double values = static_cast<double>(std::max<std::uint64_t>(figures.n_values, 1));
  io::messagef("%s: %zu tensors, %s to %s, %.2f bits per value, in %.1f s (%.1f MB/s read)",
               command.out.c_str(), figures.n_tensors, to_text(figures.read).c_str(),
               to_text(figures.written).c_str(),
               8.0 * static_cast<double>(figures.written.count) / values, seconds,
               static_cast<double>(figures.read.count) / 1e6 / std::max(seconds, 1e-9));
}

Status quantize(const QuantizeCommand& command) {
  BLUE_TRY_ASSIGN(const models::QuantizeType type, models::require_quantize_type(command.type));
  std::vector<models::FormatOverride> overrides;
  for (const std::string& text : command.overrides) {
    BLUE_TRY_ASSIGN(models::FormatOverride parsed, models::parse_override(text));
    overrides.push_back(std::move(parsed));
  }
  BLUE_TRY_ASSIGN(const models::GgufFile file, models::GgufFile::open(command.in));
  BLUE_TRY_ASSIGN(const models::QuantizePlan plan, models::plan_quantize(file, type, overrides));
  if (const std::string line = models::describe_fallbacks(plan); !line.empty()) {
    io::message(line);
  }
  models::QuantizeOptions options{.n_threads = command.n_threads};
  if (options.n_threads == 0) {
    BLUE_TRY_ASSIGN(const std::vector<int> cores, hal::current_affinity());
    options.n_threads = static_cast<unsigned>(cores.size());
  }
  const Interrupt interrupt;
  StopFlag flag;
  options.stop = StopToken(flag);
  io::ProgressLines lines;
  options.on_progress = [&](const models::QuantizeProgress& progress) {
    lines.show(progress.read, progress.total,
               std::to_string(progress.n_tensors_done) + " of " +
                   std::to_string(progress.n_tensors) + " tensors, " +
                   std::string(progress.tensor));
    if (interrupt.is_asked()) flag.raise();
  };
  const auto begin = std::chrono::steady_clock::now();
  const auto figures = models::quantize(file, plan, command.out, options);
  lines.end();
  if (!figures) return figures.error();
  print_figures(command, *figures,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return {};
}

}  // namespace

void add_quantize(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("quantize", "Write a model with its matrices in another weight format");
  auto options = std::make_shared<QuantizeCommand>();
  command->add_option("in", options->in, "GGUF file to read")->required();
  command->add_option("out", options->out, "GGUF file to write; an older one is replaced")
      ->required();
  command
      ->add_option(
          "type", options->type,
          "Weight format of all matrices (F16, Q8_0, Q4_K, ...) or a mix (Q4_K_M, Q3_K_L, ...)")
      ->required();
  command
      ->add_option("--override", options->overrides,
                   "PATTERN=TYPE: another format for tensors whose name fits, like "
                   "'*ffn_down*=Q6_K'; the last that "
                   "fits counts")
      ->allow_extra_args(false);
  command->add_option("--threads", options->n_threads, "Threads; by default one for each core")
      ->check(CLI::Range(1U, 1024U));
  command->callback([&action, options] {
    action = [options] {
      const Status status = quantize(*options);
      return status ? kExitDone : tell(status.error());
    };
  });
}

}  // namespace blue::apps
