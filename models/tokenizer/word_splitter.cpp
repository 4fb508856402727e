#include "models/tokenizer/word_splitter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <string>

#include "models/tokenizer/utf8.h"

namespace blue::models {
namespace {

// Unicode's White_Space, which PCRE2's own \s exceeds by U+180E. S(pace), and as the inside of a class.
#define BLUE_SPACES \
  "\\x09-\\x0d\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define BLUE_SPACE "[" BLUE_SPACES "]"
#define BLUE_NO_SPACE "[^" BLUE_SPACES "]"

// Source: Radford et al. 2019 (GPT-2), encoder.py.
constexpr char kGpt2[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" BLUE_SPACES
                         "\\p{L}\\p{N}]+"
                         "|" BLUE_SPACE "+(?!" BLUE_NO_SPACE ")|" BLUE_SPACE "+";
// Source: Qwen2's tokenizer.json.
constexpr char kQwen2[] = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^" BLUE_SPACES
                          "\\p{L}\\p{N}]+[\\r\\n]*"
                          "|" BLUE_SPACE "*[\\r\\n]+|" BLUE_SPACE "+(?!" BLUE_NO_SPACE ")|" BLUE_SPACE "+";

#undef BLUE_SPACES
#undef BLUE_SPACE
#undef BLUE_NO_SPACE

constexpr std::uint32_t kLeastMatchLimit = 10'000'000;
constexpr std::uint64_t kMatchLimitPerByte = 64;
constexpr std::size_t kJitStackBytes = 32U << 10;
constexpr std::size_t kMostJitStackBytes = 1U << 20;

struct CodeDeleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct MatchDeleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct ContextDeleter {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct StackDeleter {
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

std::string error_text(int code) {
  PCRE2_UCHAR buffer[128];
  if (pcre2_get_error_message(code, buffer, sizeof buffer) < 0) return "error " + std::to_string(code);
  return reinterpret_cast<const char*>(buffer);
}

/// Bytes at the front that are UTF-8, or, where there are none, bytes at the front that are not.
std::size_t uniform_run(std::string_view text, bool& is_utf8) {
  std::size_t n = 0;
  is_utf8 = utf8_character(text) != 0;
  while (n < text.size()) {
    const std::size_t character = utf8_character(text.substr(n));
    if ((character != 0) != is_utf8) break;
    n += is_utf8 ? character : 1;
  }
  return n;
}

}  // namespace

struct WordSplitter::Pattern {
  std::unique_ptr<pcre2_code, CodeDeleter> code;

  /// Appends the words of `text`, which is UTF-8.
  Status split(std::string_view text, std::vector<std::string_view>& out) const;
};

WordSplitter::WordSplitter(std::unique_ptr<const Pattern> pattern) : pattern_(std::move(pattern)) {}
WordSplitter::WordSplitter(WordSplitter&&) noexcept = default;
WordSplitter& WordSplitter::operator=(WordSplitter&&) noexcept = default;
WordSplitter::~WordSplitter() = default;

Result<WordSplitter> WordSplitter::create(std::string_view name) {
  const char* source = nullptr;
  if (name == "gpt-2" || name == "default") source = kGpt2;
  if (name == "qwen2") source = kQwen2;
  if (source == nullptr) {
    return Error(
        ModelsError::unsupported_tokenizer,
        "pre-tokeniser \"" + std::string(name) + "\" is not supported (gpt-2, default and qwen2 are)");
  }
  int code = 0;
  PCRE2_SIZE at = 0;
  auto pattern = std::make_unique<Pattern>();
  pattern->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source), PCRE2_ZERO_TERMINATED,
                                    PCRE2_UTF | PCRE2_UCP, &code, &at, nullptr));
  if (!pattern->code) {
    return Error(ModelsError::unsupported_tokenizer, "this PCRE2 cannot compile pre-tokeniser \"" +
                                                         std::string(name) + "\" (" + error_text(code) +
                                                         " at " + std::to_string(at) +
                                                         "); install a newer one with Unicode support");
  }
  // No JIT on this machine is no error: the interpreter gives the same words, some times slower.
  pcre2_jit_compile(pattern->code.get(), PCRE2_JIT_COMPLETE);
  return WordSplitter(std::move(pattern));
}

Status WordSplitter::split(std::string_view text, std::vector<std::string_view>& out) const {
  while (!text.empty()) {
    bool is_utf8 = false;
    const std::size_t n = uniform_run(text, is_utf8);
    if (is_utf8) {
      BLUE_TRY(pattern_->split(text.substr(0, n), out));
    } else {
      out.push_back(text.substr(0, n));
    }
    text.remove_prefix(n);
  }
  return {};
}

Status WordSplitter::Pattern::split(std::string_view text, std::vector<std::string_view>& out) const {
  const std::unique_ptr<pcre2_match_data, MatchDeleter> match(pcre2_match_data_create(1, nullptr));
  const std::unique_ptr<pcre2_match_context, ContextDeleter> context(pcre2_match_context_create(nullptr));
  const std::unique_ptr<pcre2_jit_stack, StackDeleter> stack(
      pcre2_jit_stack_create(kJitStackBytes, kMostJitStackBytes, nullptr));
  BLUE_CHECK(match && context, "PCRE2 is out of memory");
  const std::uint64_t limit = std::max<std::uint64_t>(kLeastMatchLimit, text.size() * kMatchLimitPerByte);
  pcre2_set_match_limit(context.get(),
                        static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, UINT32_MAX)));
  if (stack) pcre2_jit_stack_assign(context.get(), nullptr, stack.get());

  std::size_t at = 0;
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  while (at < text.size()) {
    std::uint32_t options =
        PCRE2_NO_UTF_CHECK;  // split has checked it; PCRE2 would do so anew for every word
    int n = pcre2_match(code.get(), subject, text.size(), at, options, match.get(), context.get());
    if (n == PCRE2_ERROR_JIT_STACKLIMIT) {  // the interpreter keeps its state on the heap
      options |= PCRE2_NO_JIT;
      n = pcre2_match(code.get(), subject, text.size(), at, options, match.get(), context.get());
    }
    if (n < 0 && n != PCRE2_ERROR_NOMATCH) {
      return Error(ModelsError::prompt_too_long, "the pre-tokeniser gave up at byte " + std::to_string(at) +
                                                     " of the text: " + error_text(n));
    }
    const PCRE2_SIZE* found = pcre2_get_ovector_pointer(match.get());
    const std::size_t begin = n < 0 ? text.size() : found[0];
    const std::size_t end = n < 0 ? text.size() : found[1];
    if (begin > at) out.push_back(text.substr(at, begin - at));
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    at = std::max(end, at + 1);
  }
  return {};
}

}  // namespace blue::models
