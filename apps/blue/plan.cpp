// `blue plan`: what models would cost on this machine, before any of them is loaded.
#include <memory>

#include "apps/blue/command.h"
#include "apps/blue/plan_report.h"
#include "apps/io/output.h"
#include "apps/options/resource_options.h"

namespace blue::apps {

namespace {

struct PlanOptions {
  std::vector<std::string> models;
  runtime::RuntimeOptions runtime;
  runtime::RateRequest rates;
  double skew = 0;
  bool is_json = false;
};

Result<int> plan(const PlanOptions& options) {
  io::MessageLog log(LogLevel::info);
  BLUE_TRY_ASSIGN(
      const runtime::CostPlan plan,
      runtime::plan_costs(options.runtime, options.models, options.rates, options.skew, log));
  (options.is_json ? print_plan_json : print_plan_text)(plan);
  return kExitDone;
}

/// A rate in GB/s, into `rate` in bytes a second.
void add_rate_option(CLI::App& command, const char* name, std::optional<double>& rate,
                     const char* help) {
  constexpr double kLeast = 1e-3;
  constexpr double kMost = 1e6;
  command
      .add_option_function<double>(
          name, [&rate](double gb_per_s) { rate = gb_per_s * 1e9; }, help)
      ->type_name("GB/S")
      ->check(CLI::Range(kLeast, kMost));
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "plan",
      "What models would cost here: where they would lie, what a token would move, how fast it "
      "would be; loads nothing");
  auto options = std::make_shared<PlanOptions>();
  command->add_option("-m,--model", options->models, "GGUF file; again for each further model")
      ->required()
      ->allow_extra_args(false);
  add_device_option(*command, options->runtime.device);
  add_resource_options(*command, options->runtime.resources);
  command
      ->add_option("--context", options->runtime.max_context,
                   "Tokens of context; cut to what a model was trained for")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  add_kv_option(*command, options->runtime.kv_type);
  command
      ->add_option(
          "--skew", options->skew,
          "How skewed the routing is: an expert is chosen as often as rank^-SKEW; 0: uniform")
      ->check(CLI::Range(0.0, 4.0))
      ->capture_default_str();
  add_rate_option(*command, "--disk-rate", options->rates.disk,
                  "What the drive reads; measured on the model's file by default");
  add_rate_option(*command, "--link-rate", options->rates.link,
                  "What ram copies to vram; measured by default, unused on a CPU");
  add_rate_option(*command, "--memory-rate", options->rates.compute,
                  "What kernels read of weights in vram; measured by default");
  command->add_flag("--json", options->is_json, "One JSON object");
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = plan(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
