#include "apps/blue/bench_tokens.h"

#include <cstdio>

#include "apps/io/token_file.h"

namespace blue::apps {

BenchTokens BenchTokens::repeating(std::uint32_t n_vocab) {
  return BenchTokens(Kind::repeating, n_vocab, 0);
}

Result<BenchTokens> BenchTokens::of_file(const std::string& path, std::uint32_t n_vocab) {
  BenchTokens tokens(Kind::file, n_vocab, 0);
  tokens.path_ = path;
  BLUE_TRY_ASSIGN(tokens.ids_, io::read_token_ids(path, n_vocab));
  return tokens;
}

BenchTokens BenchTokens::random(std::uint64_t seed, std::uint32_t n_vocab) {
  return BenchTokens(Kind::random, n_vocab, seed);
}

TokenId BenchTokens::next() {
  constexpr std::uint64_t kStride = 7919;  // a prime: neighbours are far apart in the vocabulary
  const std::uint64_t at = position_++;
  switch (kind_) {
    case Kind::repeating: return static_cast<TokenId>(at * kStride % n_vocab_);
    case Kind::file: return ids_[at % ids_.size()];
    case Kind::random: break;
  }
  return static_cast<TokenId>(random_.next() % n_vocab_);
}

std::string BenchTokens::description() const {
  if (kind_ == Kind::repeating) return "its own, the same in every run";
  if (kind_ == Kind::random) return "random, seed " + std::to_string(seed_);
  char times[64];
  std::snprintf(times, sizeof times, ", %zu ids, read %.1f times", ids_.size(),
                static_cast<double>(position_) / static_cast<double>(ids_.size()));
  return path_ + times;
}

}  // namespace blue::apps
