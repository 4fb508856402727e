// How quickly the tokenizers encode and decode: MB of text a second, one thread, for each vocabulary given.
// Usage: bench_models_tokenizer [FILE.gguf ...]; without files it says so and measures nothing.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "models/gguf/gguf_file.h"
#include "models/tokenizer/tokenizer.h"

namespace {

using namespace blue::models;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kTextBytes = std::size_t{1} << 20;
constexpr int kRounds = 3;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Prose, code and other scripts, repeated.
std::string sample_text() {
  const std::string part =
      "Once upon a time there was a function that returned the sum of the squares of the even numbers in "
      "xs.\n"
      "def solve(xs):\n    return sum(x * x for x in xs if x % 2 == 0)  # 2026, it's 3.14\n"
      "Съешь же ещё этих мягких французских булок. 人之初，性本善。 \xf0\x9f\xa6\x99\n\n";
  std::string out;
  while (out.size() < kTextBytes) out += part;
  return out;
}

int measure(const std::string& path, const std::string& text) {
  const Clock::time_point load_begin = Clock::now();
  const auto file = GgufFile::open(path);
  if (!file) return std::fprintf(stderr, "%s\n", file.error().message().c_str()), 2;
  const auto tokenizer = Tokenizer::from_gguf(*file);
  if (!tokenizer) return std::fprintf(stderr, "%s\n", tokenizer.error().message().c_str()), 2;
  const double load_seconds = seconds_since(load_begin);
  double encode_seconds = 1e9;
  double decode_seconds = 1e9;
  std::size_t n_tokens = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Clock::time_point encode_begin = Clock::now();
    const auto ids = (*tokenizer)->encode(text, SpecialTokens::as_text);
    encode_seconds = std::min(encode_seconds, seconds_since(encode_begin));
    if (!ids) return std::fprintf(stderr, "%s\n", ids.error().message().c_str()), 1;
    n_tokens = ids->size();
    const Clock::time_point decode_begin = Clock::now();
    if ((*tokenizer)->decode(*ids) != text)
      return std::fprintf(stderr, "%s: the text did not come back\n", path.c_str()), 1;
    decode_seconds = std::min(decode_seconds, seconds_since(decode_begin));
  }
  const double megabytes = static_cast<double>(text.size()) / 1e6;
  std::printf("%-48s load %7.1f ms  encode %7.2f MB/s  decode %7.1f MB/s  %.2f bytes/token\n", path.c_str(),
              load_seconds * 1e3, megabytes / encode_seconds, megabytes / decode_seconds,
              static_cast<double>(text.size()) / static_cast<double>(n_tokens));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> paths(argv + 1, argv + argc);
  if (paths.empty()) std::printf("tokenizer: nothing measured; name GGUF files with a vocabulary\n");
  const std::string text = sample_text();
  for (const std::string& path : paths) {
    if (const int status = measure(path, text); status != 0) return status;
  }
  return 0;
}
