// What a generation cost beside what was predicted, as lines for stderr. Depends on runtime,
// messages/stages.h. Main thread.
#pragma once

#include <optional>
#include <string>

#include "base/log_sink.h"
#include "messages/stages.h"
#include "models/cost_model.h"
#include "runtime/runtime.h"

namespace blue::apps {

/// Runtime::predict; where measuring is refused nothing, and a line on the log.
std::optional<models::ModelCost> predict(runtime::Runtime& runtime, const std::string& model,
                                         LogSink& log);

/// "predicted 1.82 tokens/s, bound by disk: 0.482 GB a token to read, 0.000 GB to copy".
std::string prediction_text(const models::ModelCost& cost);

/// "12 blocks waited for, 300 there; 0.48 GB read, ...": what was counted; empty where no block was
/// waited for.
std::string moved_text(const messages::StageFigures& figures);

}  // namespace blue::apps
