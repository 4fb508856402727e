// What commands with an InlineModel (logits, bench) run with: threads placed as a runtime places
// them, and the line that says what was chosen. Depends on runtime, models/inline_model. Main
// thread.
#pragma once

#include <string>
#include <vector>

#include "actors/scheduling/resource_options.h"
#include "base/log_sink.h"
#include "base/result.h"
#include "models/inline_model.h"

namespace blue::apps {

/// The CPUs of the backend that --device names: the automatic choice or as many as were asked for;
/// empty for a backend without workers. `log` gets what was asked for and is not used. Errors:
/// unknown_backend, bad_request (too many threads).
Result<std::vector<int>> choose_cpus(const std::string& device,
                                     const actors::ResourceOptions& resources, LogSink& log);

/// Pins the calling thread, which is the first worker, to the first of several.
Status pin_caller(const std::vector<int>& cpus);

/// As runtime::to_text(GrantedResources).
std::string granted_text(const models::InlineModel& model, const actors::ResourceOptions& resources,
                         std::size_t n_threads);

}  // namespace blue::apps
