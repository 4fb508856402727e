// A cascade: stages in order, each a model with a prompt, the slots it may read and the one it
// writes. Read from TOML. Depends on base, models/sampling and toml++ (in the .cpp). No CAF. Plain
// values; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/actors_error.h"
#include "actors/scheduling/resource_options.h"
#include "base/result.h"
#include "models/sampling/sampler.h"

namespace blue::actors {

/// The stage is skipped when an earlier one had low entropy. Applies only when skipping is allowed
/// for the run.
struct SkipRule {
  std::string after;                ///< the stage whose entropy decides
  float mean_entropy_below = 0.0F;  ///< nats per token
  std::string copy;                 ///< the slot whose text becomes this stage's
};

struct StageSpec {
  std::string name;
  std::string role;    ///< thinker, coder, reviewer, fixer: names traces and threads
  std::string model;   ///< path, resolved against the cascade file's folder
  std::string system;  ///< system message, may be empty
  std::string prompt;  ///< text with {slot} placeholders; {{ and }} are literal braces
  std::vector<std::string> reads;
  std::string writes;
  std::uint32_t max_tokens = 256;
  models::SamplingSpec sampling;
  std::optional<SkipRule> skip;
};

struct CascadeSpec {
  std::string name;
  std::string source;  ///< the file's path, for messages
  std::vector<std::string> slots;
  std::string input;   ///< the slot that the task goes into
  std::string output;  ///< the slot that is the answer
  bool allows_skip = false;
  ResourceOptions resources;  ///< what its [resources] table asks for
  std::vector<StageSpec> stages;
};

/// Parses and checks: unknown keys, duplicate or missing names, slots that are not declared, read
/// before anything writes them, written twice or never, placeholders outside `reads`, invalid
/// sampling, impossible resources. `source` is the path for messages and for resolving models.
/// Errors: bad_cascade with file and line.
Result<CascadeSpec> parse_cascade(std::string_view toml, const std::string& source);
Result<CascadeSpec> load_cascade(const std::string& path);

/// Applies "STAGE.model=FILE" (also .max_tokens, .temperature, .seed). Errors: bad_override.
Status apply_override(CascadeSpec& cascade, std::string_view assignment);

/// The stage's prompt with its placeholders filled by `read`, which enforces visibility.
/// Errors: whatever `read` gives (hidden_slot, unknown_slot).
Result<std::string> render_prompt(
    const StageSpec& stage, const std::function<Result<std::string>(std::string_view slot)>& read);

}  // namespace blue::actors
