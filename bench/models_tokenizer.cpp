// How quickly the tokenizers open, encode and decode: MB of text in a second of one thread's
// processor time (so that others on the machine count little), for each vocabulary given, and
// whether decoding returns the texts byte by byte. Usage: bench_models_tokenizer [--text FILE]...
// [FILE.gguf ...]; without vocabularies it reports that and measures nothing. Without --text: prose
// and code of several scripts, then random bytes, then a megabyte each of one letter, spaces and
// newlines.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "models/gguf/gguf_file.h"
#include "text/tokenizer/nfc.h"
#include "text/tokenizer/tokenizer.h"

namespace {

using namespace blue::models;
using namespace blue::text;
using NamedText = std::pair<std::string, std::string>;

constexpr std::size_t kMegabyte = std::size_t{1} << 20;
constexpr int kRounds = 3;

/// Processor time of this thread.
double seconds_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string repeated(const std::string& part, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += part;
  return out;
}

/// Prose, code and other scripts; each repetition with words of its own, so that no table of known
/// words does all the work.
std::string mixed_text(std::size_t bytes) {
  std::mt19937 random(1);
  std::string out;
  while (out.size() < bytes) {
    out +=
        "Once upon a time there was a function that returned the sum of the squares of the even "
        "numbers in "
        "xs.\ndef solve_";
    for (std::size_t n = 3 + random() % 6; n > 0; --n)
      out += static_cast<char>('a' + random() % 26);
    out += "(xs):\n    return sum(x * x for x in xs if x % " + std::to_string(random() % 1000) +
           " == 0)  # 2026, it's 3.14\n"
           "Съешь же ещё этих мягких французских булок. 人之初，性本善。 \xf0\x9f\xa6\x99\n\n";
  }
  return out;
}

std::string random_bytes(std::size_t bytes) {
  std::mt19937 random(2);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random() % 256);
  return out;
}

std::vector<NamedText> sample_texts() {
  return {{"mixed", mixed_text(4 * kMegabyte)},
          {"random bytes", random_bytes(2 * kMegabyte)},
          {"one letter", std::string(kMegabyte, 'a')},
          {"spaces", std::string(kMegabyte, ' ')},
          {"newlines", std::string(kMegabyte, '\n')},
          {"family emoji",
           repeated("\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 "
                    "\xed\xa0\xbd\xed\xb8\x80\0",
                    kMegabyte)}};
}

/// The same text, in NFC where a model's own tokenizer normalizes.
bool is_same_text(const std::string& decoded, const std::string& text) {
  std::string storage;
  std::string other_storage;
  return decoded == text || normalized_nfc(decoded, storage) == normalized_nfc(text, other_storage);
}

/// Prints the best of some rounds. The exit status.
int measure_text(const std::string& path, const Tokenizer& tokenizer, const NamedText& named) {
  const std::string& text = named.second;
  double encode_seconds = 1e9;
  double decode_seconds = 1e9;
  std::size_t n_tokens = 0;
  bool is_back = true;
  for (int round = 0; round < kRounds; ++round) {
    const double encode_begin = seconds_now();
    const auto ids = tokenizer.encode(text, SpecialTokens::as_text);
    encode_seconds = std::min(encode_seconds, seconds_now() - encode_begin);
    if (!ids)
      return std::fprintf(stderr, "%s: %s\n", path.c_str(), ids.error().message().c_str()), 1;
    n_tokens = ids->size();
    const double decode_begin = seconds_now();
    const std::string decoded = tokenizer.decode(*ids);
    decode_seconds = std::min(decode_seconds, seconds_now() - decode_begin);
    is_back = is_same_text(decoded, text) && is_back;
  }
  const double megabytes = static_cast<double>(text.size()) / 1e6;
  std::printf("  %-24s %7.2f MB  encode %7.2f MB/s  decode %7.1f MB/s  %6.2f bytes/token  %s\n",
              named.first.c_str(), megabytes, megabytes / encode_seconds,
              megabytes / decode_seconds,
              static_cast<double>(text.size()) / static_cast<double>(n_tokens),
              is_back ? "comes back" : "DOES NOT COME BACK");
  // A vocabulary without byte tokens cannot write every text; any other must.
  return is_back || !tokenizer.vocabulary().has_every_byte() ? 0 : 1;
}

int measure(const std::string& path, const std::vector<NamedText>& texts) {
  double header_seconds = 1e9;
  double open_seconds = 1e9;
  std::unique_ptr<Tokenizer> tokenizer;
  for (int round = 0; round < kRounds; ++round) {
    const double header_begin = seconds_now();
    const auto file = GgufFile::open(path);
    header_seconds = std::min(header_seconds, seconds_now() - header_begin);
    if (!file) return std::fprintf(stderr, "%s\n", file.error().message().c_str()), 2;
    const double open_begin = seconds_now();
    auto opened = Tokenizer::from_metadata(*file);
    open_seconds = std::min(open_seconds, seconds_now() - open_begin);
    if (!opened) return std::fprintf(stderr, "%s\n", opened.error().message().c_str()), 2;
    tokenizer = std::move(opened).value();
  }
  std::printf("%s: %u tokens, header %.1f ms, vocabulary %.1f ms\n", path.c_str(),
              tokenizer->n_vocab(), header_seconds * 1e3, open_seconds * 1e3);
  int status = 0;
  for (const NamedText& text : texts)
    status = std::max(status, measure_text(path, *tokenizer, text));
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> paths;
  std::vector<NamedText> texts;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) != "--text") {
      paths.emplace_back(argv[i]);
    } else if (++i < argc) {
      std::ifstream file(argv[i], std::ios::binary);
      texts.emplace_back(argv[i], std::string(std::istreambuf_iterator<char>(file), {}));
      if (!file) return std::fprintf(stderr, "%s: cannot be read; name a text file\n", argv[i]), 2;
    }
  }
  if (paths.empty())
    std::printf("tokenizer: nothing measured; name GGUF files with a vocabulary\n");
  if (texts.empty()) texts = sample_texts();
  int status = 0;
  for (const std::string& path : paths) status = std::max(status, measure(path, texts));
  return status;
}
