// ScriptedSource: a token source for tests: gives scripted texts, or degenerates, fails, throws, or
// waits for its stop token, by the name of the job's model. Scripts are shared by all
// sources of a test.
// Depends on the policies of actors/. Threads: each source its stage's; Scripts guards itself.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "actors/actors_error.h"
#include "actors/stage/token_source.h"

namespace blue::test {

struct Script {
  enum class End : std::uint8_t { end_token, token_budget, error, exception, wait_for_stop };
  std::vector<std::string> tokens;
  End end = End::end_token;
  float entropy_nats = 0.5F;
  /// Token ids count up, or repeat with this period.
  std::uint32_t repeat_period = 0;
};

/// The same text as one token per word.
inline Script saying(const std::string& text) {
  Script script;
  std::string word;
  for (const char c : text) {
    word += c;
    if (c == ' ' || c == '\n') script.tokens.push_back(std::exchange(word, {}));
  }
  if (!word.empty()) script.tokens.push_back(word);
  return script;
}

class Scripts {
 public:
  void set(const std::string& model, Script script) {
    const std::lock_guard lock(mutex_);
    scripts_[model] = std::move(script);
  }
  Script get(const std::string& model) const {
    const std::lock_guard lock(mutex_);
    const auto found = scripts_.find(model);
    return found == scripts_.end() ? Script{} : found->second;
  }
  void note_prompt(const std::string& prompt) {
    const std::lock_guard lock(mutex_);
    prompts_.push_back(prompt);
  }
  std::vector<std::string> prompts() const {
    const std::lock_guard lock(mutex_);
    return prompts_;
  }
  std::atomic<int> n_waiting{0};  ///< sources that wait for their stop token

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Script> scripts_;
  std::vector<std::string> prompts_;
};

class ScriptedSource final : public actors::TokenSource {
 public:
  explicit ScriptedSource(std::shared_ptr<Scripts> scripts) : scripts_(std::move(scripts)) {}

  Result<actors::SourceBegin> begin(const messages::JobSpec& job, const StopToken&) override {
    script_ = scripts_->get(job.model);
    scripts_->note_prompt(job.prompt);
    next_ = 0;
    max_tokens_ = job.max_tokens;
    return actors::SourceBegin{static_cast<std::uint32_t>(job.prompt.size()), 0};
  }
  Result<std::optional<actors::SourceToken>> next(const StopToken& stop) override {
    using End = Script::End;
    if (next_ >= max_tokens_) {
      end_ = messages::StageEnd::token_budget;
      return std::optional<actors::SourceToken>();
    }
    if (next_ >= script_.tokens.size() && script_.repeat_period == 0) {
      if (script_.end == End::error)
        return Error(actors::ActorsError::bad_request, "the script says error");
      if (script_.end == End::exception) throw std::runtime_error("the script says exception");
      if (script_.end == End::wait_for_stop) return wait_for(stop);
      end_ = messages::StageEnd::end_token;
      return std::optional<actors::SourceToken>();
    }
    const std::uint32_t index = next_++;
    const auto id =
        static_cast<TokenId>(script_.repeat_period == 0 ? index : index % script_.repeat_period);
    const std::size_t place = script_.tokens.empty() ? 0 : index % script_.tokens.size();
    // A degenerate stream gives its readers time: it would end at its budget otherwise, before
    // anybody could look.
    if (script_.repeat_period != 0) std::this_thread::yield();
    return std::optional(actors::SourceToken{
        id, script_.entropy_nats,
        script_.tokens.empty() ? std::string_view() : std::string_view(script_.tokens[place])});
  }
  std::string_view rest() override { return {}; }
  messages::StageEnd end() const override { return end_; }
  std::uint64_t n_misses() const override { return 0; }

 private:
  Result<std::optional<actors::SourceToken>> wait_for(const StopToken& stop) {
    scripts_->n_waiting.fetch_add(1);
    while (!stop.is_stopped()) std::this_thread::yield();
    scripts_->n_waiting.fetch_sub(1);
    return Error(actors::ActorsError::shutting_down, "stopped");
  }

  std::shared_ptr<Scripts> scripts_;
  Script script_;
  std::uint32_t next_ = 0;
  std::uint32_t max_tokens_ = 0;
  messages::StageEnd end_{};
};

inline actors::TokenSourceFactory scripted_factory(std::shared_ptr<Scripts> scripts) {
  return [scripts](actors::StageLink&) { return std::make_unique<ScriptedSource>(scripts); };
}

}  // namespace blue::test
