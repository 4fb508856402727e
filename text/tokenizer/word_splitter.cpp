#include "text/tokenizer/word_splitter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <string>

#include "base/utf8.h"

namespace blue::text {
namespace {

constexpr std::uint32_t kLeastMatchLimit = 10'000'000;
constexpr std::uint64_t kMatchLimitPerByte = 64;
constexpr std::size_t kJitStackBytes = 32U << 10;
constexpr std::size_t kMostJitStackBytes = 1U << 20;

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
  if (pcre2_get_error_message(code, buffer, sizeof buffer) < 0)
    return "error " + std::to_string(code);
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

struct WordSplitter::Steps {
  struct CodeDeleter {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  };
  std::vector<std::unique_ptr<pcre2_code, CodeDeleter>> codes;
};

namespace {

/// What PCRE2 needs to match, made once for a text.
class Matcher {
 public:
  explicit Matcher(std::size_t text_bytes)
      : match_(pcre2_match_data_create(1, nullptr)),
        context_(pcre2_match_context_create(nullptr)),
        stack_(pcre2_jit_stack_create(kJitStackBytes, kMostJitStackBytes, nullptr)) {
    BLUE_CHECK(match_ && context_, "PCRE2 is out of memory");
    const std::uint64_t limit =
        std::max<std::uint64_t>(kLeastMatchLimit, text_bytes * kMatchLimitPerByte);
    pcre2_set_match_limit(context_.get(),
                          static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, UINT32_MAX)));
    if (stack_) pcre2_jit_stack_assign(context_.get(), nullptr, stack_.get());
  }

  /// Appends what `code` matches in `text`, which is UTF-8, and the bytes between.
  Status cut(const pcre2_code* code, std::string_view text, std::vector<std::string_view>& out) {
    std::size_t at = 0;
    const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    while (at < text.size()) {
      // split has checked the UTF-8; PCRE2 would do so anew for every word.
      std::uint32_t options = PCRE2_NO_UTF_CHECK;
      int n = pcre2_match(code, subject, text.size(), at, options, match_.get(), context_.get());
      if (n == PCRE2_ERROR_JIT_STACKLIMIT) {  // the interpreter keeps its state on the heap
        options |= PCRE2_NO_JIT;
        n = pcre2_match(code, subject, text.size(), at, options, match_.get(), context_.get());
      }
      if (n < 0 && n != PCRE2_ERROR_NOMATCH) {
        return Error(TextError::text_too_long, "the pre-tokenizer gave up at byte " +
                                                   std::to_string(at) +
                                                   " of the text: " + error_text(n));
      }
      const PCRE2_SIZE* found = pcre2_get_ovector_pointer(match_.get());
      const std::size_t begin = n < 0 ? text.size() : found[0];
      const std::size_t end = n < 0 ? text.size() : found[1];
      if (begin > at) out.push_back(text.substr(at, begin - at));
      if (end > begin) out.push_back(text.substr(begin, end - begin));
      at = std::max(end, at + 1);
    }
    return {};
  }

 private:
  std::unique_ptr<pcre2_match_data, MatchDeleter> match_;
  std::unique_ptr<pcre2_match_context, ContextDeleter> context_;
  std::unique_ptr<pcre2_jit_stack, StackDeleter> stack_;
};

}  // namespace

WordSplitter::WordSplitter(std::unique_ptr<const Steps> steps) : steps_(std::move(steps)) {}
WordSplitter::WordSplitter(WordSplitter&&) noexcept = default;
WordSplitter& WordSplitter::operator=(WordSplitter&&) noexcept = default;
WordSplitter::~WordSplitter() = default;

Result<WordSplitter> WordSplitter::create(const PreTokenizer& pre) {
  auto steps = std::make_unique<Steps>();
  for (const char* source : pre.steps) {
    int code = 0;
    PCRE2_SIZE at = 0;
    steps->codes.emplace_back(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source),
                                            PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &code,
                                            &at, nullptr));
    if (!steps->codes.back()) {
      return Error(TextError::unsupported_tokenizer,
                   "this PCRE2 cannot compile pre-tokenizer \"" + std::string(pre.name) + "\" (" +
                       error_text(code) + " at " + std::to_string(at) +
                       "); install a newer one with Unicode support");
    }
    // No JIT on this machine is no error: the interpreter gives the same words, some times slower.
    pcre2_jit_compile(steps->codes.back().get(), PCRE2_JIT_COMPLETE);
  }
  return WordSplitter(std::move(steps));
}

Status WordSplitter::split(std::string_view text, std::vector<std::string_view>& out) const {
  Matcher matcher(text.size());
  std::vector<std::string_view> whole;  // what the step before left
  std::vector<std::string_view> cut;
  while (!text.empty()) {
    bool is_utf8 = false;
    const std::size_t n = uniform_run(text, is_utf8);
    const std::string_view run = text.substr(0, n);
    text.remove_prefix(n);
    if (!is_utf8) {
      out.push_back(run);
      continue;
    }
    whole.assign(1, run);
    for (std::size_t step = 0; step + 1 < steps_->codes.size(); ++step) {
      cut.clear();
      for (const std::string_view word : whole)
        BLUE_TRY(matcher.cut(steps_->codes[step].get(), word, cut));
      std::swap(whole, cut);
    }
    for (const std::string_view word : whole)
      BLUE_TRY(matcher.cut(steps_->codes.back().get(), word, out));
  }
  return {};
}

}  // namespace blue::text
