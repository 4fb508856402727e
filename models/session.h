// Session: one conversation of one model: prompt in, tokens out one at a time, with their entropy.
// Depends on models. One thread at a time. Borrows the model and the executor.
// next() allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/stop_token.h"
#include "models/entropy.h"
#include "models/executor.h"
#include "models/model.h"
#include "models/sampling/sampler.h"

namespace blue::models {

/// One generated token.
struct TokenEvent {
  TokenId id = kNoToken;
  std::uint32_t index = 0;  ///< 0 for the first generated one
  TokenStatistics statistics;
};

/// Why a session stopped giving tokens.
enum class SessionEnd : std::uint8_t { running, end_token, token_budget, context_full };

class Session {
 public:
  /// Uses row `sequence` of the executor.
  Session(const Model& model, Executor& executor, std::int32_t sequence);

  /// Checks the prompt against the context and runs it in chunks of max_step_tokens. Rows already
  /// cached for the longest common prefix of history() and `prompt` are kept; all else of before is
  /// forgotten.
  /// Errors: prompt_too_long (names both lengths), bad_sampling, stopped within one chunk,
  /// executor's.
  [[nodiscard]] Status begin(std::span<const TokenId> prompt, const SamplingSpec& sampling,
                             std::uint32_t max_tokens, const StopToken& stop);

  /// The next token; nothing when end() is no longer `running`. The end-of-generation token itself
  /// is not handed out.
  /// Errors: stopped, executor's.
  [[nodiscard]] Result<std::optional<TokenEvent>> next(const StopToken& stop);

  [[nodiscard]] SessionEnd end() const { return end_; }
  /// Of the prompt of the last begin(): tokens whose rows were cached already.
  [[nodiscard]] std::uint32_t n_reused() const { return n_reused_; }
  /// All tokens whose KV rows are valid: prompt and those generated and fed back.
  [[nodiscard]] std::span<const TokenId> history() const { return history_; }

  /// KV rows of history() for a snapshot, and back. Restoring replaces everything; begin() then
  /// reuses the rows.
  [[nodiscard]] Result<std::vector<std::byte>> export_kv();
  [[nodiscard]] Status restore(std::span<const TokenId> history, ConstByteSpan rows);

 private:
  [[nodiscard]] Result<std::span<const float>> feed(std::span<const TokenId> tokens,
                                                    const StopToken& stop);

  const Model& model_;
  Executor& executor_;
  std::int32_t sequence_;
  std::optional<Sampler> sampler_;
  std::vector<TokenId> history_;
  std::vector<std::int32_t> positions_;
  std::vector<std::int32_t> sequences_;
  std::vector<float> prompt_logits_;  ///< of the prompt's last row, [n_vocab]
  std::uint32_t n_reused_ = 0;
  std::uint32_t n_generated_ = 0;
  std::uint32_t max_tokens_ = 0;
  TokenId pending_ = kNoToken;  ///< handed out, not yet fed back
  SessionEnd end_ = SessionEnd::running;
};

}  // namespace blue::models
