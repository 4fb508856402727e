// Shared by the commands of `blue`: registration, common options, errors and exit status.
// Depends on CLI11. Main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "apps/blue/exit_status.h"
#include "base/error.h"
#include "base/result.h"
#include "kernels/op.h"
#include "models/model.h"
#include "models/sampling/sampler.h"

namespace blue::runtime {
class Runtime;
}

namespace blue::apps {

enum class AppsError {
  bad_file,     ///< a file that the command line names holds something else
  bad_request,  ///< a value on the command line that no parser could refuse
  run_failed,   ///< a generation ended because of the machine or a device
};
constexpr std::string_view error_domain(AppsError) { return "apps"; }
constexpr ErrorKind error_kind(AppsError code) {
  return code == AppsError::run_failed ? ErrorKind::failed : ErrorKind::bad_input;
}

/// Prints "blue: <message>" on stderr; returns the exit status for the error's kind.
int tell(const Error& error);

/// The command to run once the command line is parsed.
using Action = std::function<int()>;

void add_generate(CLI::App& app, Action& action);
void add_chat(CLI::App& app, Action& action);
void add_run(CLI::App& app, Action& action);
void add_resume(CLI::App& app, Action& action);
void add_logits(CLI::App& app, Action& action);
void add_tokenize(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_index(CLI::App& app, Action& action);
void add_quantize(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);
void add_plan(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_trace(CLI::App& app, Action& action);

/// --device cpu|cuda:0|reference|auto, into `device`.
void add_device_option(CLI::App& command, std::string& device);

/// --kv f32|f16|q8_0, into `type`.
void add_kv_option(CLI::App& command, kernels::KvType& type);

/// --pre NAME, into `options`.
void add_pre_option(CLI::App& command, models::ModelOptions& options);

/// --trace FILE, into `path`.
void add_trace_option(CLI::App& command, std::string& path);
/// Writes all spans of the runtime so far into that file, and a line about it on stderr. Errors:
/// bad_file, write_failed.
Status write_trace(runtime::Runtime& runtime, const std::string& path);

/// Prints what the program does not use of the model's file, a line each on stderr.
void tell_notes(const models::Model& model);

/// --temp, --top-k, --top-p, --min-p, --seed, into `sampling`.
void add_sampling_options(CLI::App& command, models::SamplingSpec& sampling);

}  // namespace blue::apps
