// BenchTokens: the token ids that a bench feeds: of its own, of a file, random. Depends on base.
// Main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "models/sampling/random.h"

namespace blue::apps {

class BenchTokens {
 public:
  /// The same ids in every run: caches of experts serve them better than any text.
  static BenchTokens repeating(std::uint32_t n_vocab);
  /// Each run goes on behind the one before, from the start again at the file's end. Errors:
  /// bad_file naming line and word.
  static Result<BenchTokens> of_file(const std::string& path, std::uint32_t n_vocab);
  /// Each id as likely as any other, all different from run to run.
  static BenchTokens random(std::uint64_t seed, std::uint32_t n_vocab);

  void begin_run() { position_ = kind_ == Kind::repeating ? 0 : position_; }
  [[nodiscard]] TokenId next();

  /// "its own, the same in every run", "ids.txt, 500 ids, read 2.4 times", "random, seed 7".
  [[nodiscard]] std::string description() const;

 private:
  enum class Kind : std::uint8_t { repeating, file, random };
  BenchTokens(Kind kind, std::uint32_t n_vocab, std::uint64_t seed)
      : kind_(kind), n_vocab_(n_vocab), seed_(seed), random_(seed) {}

  Kind kind_;
  std::uint32_t n_vocab_;
  std::uint64_t seed_;
  models::Random random_;
  std::string path_;
  std::vector<TokenId> ids_;
  std::uint64_t position_ = 0;
};

}  // namespace blue::apps
