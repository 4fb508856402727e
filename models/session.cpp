#include "models/session.h"

#include <algorithm>

#include "models/models_error.h"

namespace blue::models {

Session::Session(const Model& model, Executor& executor, std::int32_t sequence)
    : model_(model),
      executor_(executor),
      sequence_(sequence),
      prompt_logits_(model.program.hyper.n_vocab) {
  history_.reserve(executor.limits().max_context);
  positions_.resize(executor.limits().max_step_tokens);
  sequences_.assign(executor.limits().max_step_tokens, sequence);
}

Result<std::span<const float>> Session::feed(std::span<const TokenId> tokens,
                                             const StopToken& stop) {
  const std::uint32_t chunk = executor_.limits().max_step_tokens;
  const auto n_before = static_cast<std::uint32_t>(history_.size());
  BLUE_TRY(executor_.reserve(sequence_, n_before + static_cast<std::uint32_t>(tokens.size())));
  std::span<const float> logits;
  for (std::size_t done = 0; done < tokens.size();) {
    const std::size_t n = std::min<std::size_t>(chunk, tokens.size() - done);
    const bool is_last = done + n == tokens.size();
    for (std::size_t i = 0; i < n; ++i)
      positions_[i] = static_cast<std::int32_t>(history_.size() + i);
    const std::int32_t last_row = static_cast<std::int32_t>(n) - 1;
    const StepRequest request{tokens.subspan(done, n), std::span(positions_).first(n),
                              std::span(sequences_).first(n),
                              std::span(&last_row, is_last ? 1 : 0)};
    auto stepped = executor_.step(request, stop);
    if (!stepped) {
      // This chunk's rows are undefined; what earlier chunks cached stays good.
      executor_.truncate(sequence_, static_cast<std::uint32_t>(history_.size()));
      return std::move(stepped).error();
    }
    logits = *stepped;
    history_.insert(history_.end(), tokens.begin() + static_cast<std::ptrdiff_t>(done),
                    tokens.begin() + static_cast<std::ptrdiff_t>(done + n));
    done += n;
  }
  return logits;
}

Status Session::begin(std::span<const TokenId> prompt, const SamplingSpec& sampling,
                      std::uint32_t max_tokens, const StopToken& stop) {
  BLUE_TRY(sampling.validate());
  const std::uint32_t context = executor_.limits().max_context;
  if (prompt.empty())
    return Error(ModelsError::prompt_too_long, "the prompt is empty: give at least one token");
  if (prompt.size() >= context) {
    return Error(ModelsError::prompt_too_long,
                 model_.path + ": the prompt has " + std::to_string(prompt.size()) +
                     " tokens, the context holds " + std::to_string(context) +
                     " and needs room for one more");
  }
  // At least the prompt's last token is run again: its logits are not kept.
  const auto [in_history, in_prompt] =
      std::mismatch(history_.begin(), history_.end(), prompt.begin(), prompt.end() - 1);
  history_.erase(in_history, history_.end());
  n_reused_ = static_cast<std::uint32_t>(history_.size());
  executor_.truncate(sequence_, n_reused_);
  sampler_.emplace(sampling, model_.program.hyper.n_vocab);
  n_generated_ = 0;
  max_tokens_ = max_tokens;
  pending_ = kNoToken;
  end_ = max_tokens == 0 ? SessionEnd::token_budget : SessionEnd::running;
  BLUE_TRY_ASSIGN(const std::span<const float> logits, feed({in_prompt, prompt.end()}, stop));
  // Other sequences may step before next() does.
  std::ranges::copy(logits, prompt_logits_.begin());
  return {};
}

Result<std::optional<TokenEvent>> Session::next(const StopToken& stop) {
  BLUE_CHECK(sampler_.has_value(), "begin() comes first");
  if (end_ != SessionEnd::running) return std::optional<TokenEvent>();
  std::span<const float> logits = prompt_logits_;
  if (pending_ != kNoToken) {
    if (history_.size() >= executor_.limits().max_context) {
      end_ = SessionEnd::context_full;
      return std::optional<TokenEvent>();
    }
    BLUE_TRY_ASSIGN(logits, feed({&pending_, 1}, stop));
    pending_ = kNoToken;
  }
  const TokenId token = sampler_->pick(logits);
  if (token == kNoToken) {
    return Error(ModelsError::malformed,
                 model_.path + ": the model's logits are not numbers at token " +
                     std::to_string(history_.size()) + ": its weights are broken");
  }
  if (model_.tokenizer && model_.tokenizer->is_end(token)) {
    end_ = SessionEnd::end_token;
    return std::optional<TokenEvent>();
  }
  const TokenEvent event{token, n_generated_, token_statistics(logits, token)};
  pending_ = token;
  if (++n_generated_ == max_tokens_) end_ = SessionEnd::token_budget;
  return std::optional<TokenEvent>(event);
}

Result<std::vector<std::byte>> Session::export_kv() {
  const auto n_tokens = static_cast<std::uint32_t>(history_.size());
  std::vector<std::byte> rows(executor_.kv_bytes(n_tokens).count);
  BLUE_TRY(executor_.export_kv(sequence_, n_tokens, rows));
  return rows;
}

Status Session::restore(std::span<const TokenId> history, ConstByteSpan rows) {
  history_.clear();
  executor_.truncate(sequence_, 0);
  pending_ = kNoToken;
  end_ = SessionEnd::token_budget;
  BLUE_TRY(executor_.import_kv(sequence_, static_cast<std::uint32_t>(history.size()), rows));
  history_.assign(history.begin(), history.end());
  return {};
}

}  // namespace blue::models
