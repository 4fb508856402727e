#include "runtime/capable_backend.h"

#include "models/program_support.h"

namespace blue::runtime {
namespace {

/// Why the device can't run one of the models; empty when it can.
std::string reason_against(const kernels::BackendChoice& choice, const RuntimeOptions& options) {
  auto backend = choice.entry->open({choice.device_index, {}});
  if (!backend) return "";  // opening it again says why
  for (const std::string& path : options.models) {
    const auto model = models::open_model(path, options.model);
    if (!model) continue;
    const Status supported = models::check_support((*model)->program, **backend, options.kv_type);
    if (!supported) return path + ": " + supported.error().message();
  }
  return "";
}

}  // namespace

Result<kernels::BackendChoice> choose_capable_backend(const RuntimeOptions& options, LogSink& log) {
  BLUE_TRY_ASSIGN(kernels::BackendChoice best, kernels::choose_backend(options.device));
  const bool is_automatic = options.device.empty() || options.device == "auto";
  // Every other backend is the host itself, which has all kernels.
  if (!is_automatic || options.models.empty() || best.entry->has_workers) return best;
  const std::string why = reason_against(best, options);
  if (why.empty()) return best;
  log.write_once(LogLevel::warning,
                 "the cpu runs the models instead of " + std::string(best.entry->name) + ":" +
                     std::to_string(best.device_index) + " (" + why + "); --device insists on one");
  return kernels::choose_backend("cpu");
}

}  // namespace blue::runtime
