// TokenSource: produces a stage's tokens, from a model session (session_source.h), or from a script
// in a test.
// Depends on base, models and messages' plain parts; no CAF. Threads: its stage's alone. next()
// allocates nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/stage/kv_cache_store.h"
#include "base/id.h"
#include "base/result.h"
#include "base/stop_token.h"
#include "base/units.h"
#include "messages/ids.h"
#include "messages/stages.h"

namespace blue::actors {

class StageLink;

/// Measured by begin().
struct SourceBegin {
  std::uint32_t n_prompt_tokens = 0;
  Nanoseconds load_ns = 0;  ///< of the time begin() took: opening the model and making room
  std::uint32_t n_cached_tokens = 0;  ///< of the prompt: their rows were there already
};

/// `text`: the characters that are complete with this token, maybe none; valid until the next call.
struct SourceToken {
  TokenId id = kNoToken;
  float entropy_nats = 0.0F;
  std::string_view text;
};

class TokenSource {
 public:
  virtual ~TokenSource() = default;

  /// Opens the job's model unless it is open, and runs the prompt. Errors: the models', memory's;
  /// stopped.
  [[nodiscard]] virtual Result<SourceBegin> begin(const messages::JobSpec& job,
                                                  const StopToken& stop) = 0;
  /// The next token; nothing at the end. Errors: stopped; the models'.
  [[nodiscard]] virtual Result<std::optional<SourceToken>> next(const StopToken& stop) = 0;
  /// After the end: the bytes of an unfinished character.
  [[nodiscard]] virtual std::string_view rest() = 0;
  /// Why next() returned nothing.
  [[nodiscard]] virtual messages::StageEnd end() const = 0;
  /// Blocks that this job waited for.
  [[nodiscard]] virtual std::uint64_t n_misses() const = 0;
  /// Fills what the source counts of its job: bytes by link, hits, stall.
  virtual void add_traffic(messages::StageFigures&) const {}

  /// What lets a stage keep the KV rows of one model while it runs another. A source without rows
  /// never returns one.
  struct KvSwitch {
    std::string leaving;  ///< model whose rows `rows` are; empty when there are none
    std::optional<KvSnapshot> rows;
    std::uint64_t entering_fingerprint = 0;  ///< of the job's model
  };
  /// Before begin(): nothing when the job's model is the one that is open.
  [[nodiscard]] virtual std::optional<KvSwitch> leave_for(const messages::JobSpec&) {
    return std::nullopt;
  }
  /// Opens the job's model with these rows. Errors: the models'; begin() then starts without them.
  [[nodiscard]] virtual Status enter_with(const messages::JobSpec&, const KvSnapshot&) {
    return {};
  }
  /// Between jobs: releases everything of this model, if it is the open one.
  virtual void release(const std::string&) {}
};

/// Makes the source of one stage, on that stage's own thread; the link outlives the source. A
/// restarted stage calls it again.
using TokenSourceFactory = std::function<std::unique_ptr<TokenSource>(StageLink&)>;

}  // namespace blue::actors
