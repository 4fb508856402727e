#include "text/jinja/template_lexer.h"

#include <algorithm>

#include "text/jinja/template_characters.h"

namespace blue::text::jinja {
namespace {

// The longer symbols first: the first that fits is taken.
constexpr std::string_view kSymbols[] = {"==", "!=", "<=", ">=", "//", "**", "+", "-", "~",
                                         "*",  "/",  "%",  "<",  ">",  "=",  "(", ")", "[",
                                         "]",  "{",  "}",  ".",  ",",  ":",  "|"};

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_part(char c) { return is_name_start(c) || is_ascii_digit(c); }

/// Python's universal newlines, and one newline at the very end dropped.
std::string with_plain_newlines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n') continue;
    out += source[i] == '\r' ? '\n' : source[i];
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) {
      const std::size_t tag = next_tag();
      add_text(tag);
      if (tag == source_.size()) break;
      if (source_[tag + 1] == '#') {
        BLUE_TRY(skip_comment());
      } else if (const std::size_t raw = end_of_raw_tag(tag); raw > 0) {
        BLUE_TRY(read_raw(raw));
      } else {
        BLUE_TRY(read_tag());
      }
    }
    tokens_.push_back({TokenKind::end, line_, {}});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] bool sees(std::string_view what) const {
    return source_.substr(at_, what.size()) == what;
  }
  [[nodiscard]] bool has_at(std::size_t at, std::string_view what) const {
    return at <= source_.size() && source_.substr(at, what.size()) == what;
  }

  [[nodiscard]] std::size_t next_tag() const {
    for (std::size_t at = source_.find('{', at_); at != std::string_view::npos;
         at = source_.find('{', at + 1)) {
      if (has_at(at + 1, "{") || has_at(at + 1, "%") || has_at(at + 1, "#")) return at;
    }
    return source_.size();
  }

  [[nodiscard]] std::size_t behind_white(std::size_t at) const {
    while (at < source_.size()) {
      const Character character = character_at(source_, at);
      if (!is_white(character.code)) break;
      at += character.n_bytes;
    }
    return at;
  }

  void advance(std::size_t end) {
    end = std::min(end, source_.size());
    line_ += static_cast<std::uint32_t>(
        std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                   source_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }

  /// Adds the text up to the tag at `tag`, less what the tag strips before itself, and goes there.
  void add_text(std::size_t tag) {
    std::string_view text = source_.substr(at_, tag - at_);
    const bool is_at_line_start = at_ == 0 || source_[at_ - 1] == '\n';
    if (tag < source_.size()) strip_before(tag, is_at_line_start, text);
    if (!text.empty()) tokens_.push_back({TokenKind::text, line_, std::string(text)});
    advance(tag);
  }

  void strip_before(std::size_t tag, bool is_at_line_start, std::string_view& text) const {
    if (has_at(tag + 2, "-")) {
      while (!text.empty()) {
        const std::size_t last = character_before(text, text.size());
        if (!is_white(character_at(text, last).code)) break;
        text = text.substr(0, last);
      }
    } else if (source_[tag + 1] != '{' &&
               !has_at(tag + 2, "+")) {  // an indent before a block's tag goes
      const std::size_t newline = text.rfind('\n');
      const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
      if (begin == 0 && !is_at_line_start) return;
      for (std::size_t at = begin; at < text.size();) {
        const Character character = character_at(text, at);
        if (!is_white(character.code)) return;
        at += character.n_bytes;
      }
      text = text.substr(0, begin);
    }
  }

  /// Goes behind a tag's end at `at`, which `-` or `+` may begin, and what it strips.
  void leave_tag(std::size_t at, bool trims_newline) {
    const char control = source_[at];
    at += control == '-' || control == '+' ? 3 : 2;
    if (control == '-') {
      at = behind_white(at);
    } else if (trims_newline && control != '+' && has_at(at, "\n")) {
      ++at;
    }
    advance(at);
  }

  Status skip_comment() {
    const std::size_t end = source_.find("#}", at_ + 2);
    if (end == std::string_view::npos) return template_error(line_, "{# without #}");
    const bool has_control = end > at_ + 2 && (source_[end - 1] == '-' || source_[end - 1] == '+');
    leave_tag(has_control ? end - 1 : end, true);
    return {};
  }

  /// Where `{% name %}` at `at` ends: the place of its `%}`, or of the `-` or `+` before; 0 when it
  /// is another tag.
  [[nodiscard]] std::size_t end_of_tag_named(std::size_t at, std::string_view name) const {
    if (!has_at(at, "{%")) return 0;
    at += has_at(at + 2, "-") || has_at(at + 2, "+") ? 3 : 2;
    at = behind_white(at);
    if (!has_at(at, name)) return 0;
    at = behind_white(at + name.size());
    return has_at(at, "%}") || has_at(at, "-%}") || has_at(at, "+%}") ? at : 0;
  }
  [[nodiscard]] std::size_t end_of_raw_tag(std::size_t at) const {
    const std::size_t end = end_of_tag_named(at, "raw");
    return has_at(end, "+") ? 0 : end;
  }

  /// Between {% raw %} and {% endraw %} all is text.
  Status read_raw(std::size_t end_of_begin) {
    const std::uint32_t begin_line = line_;
    leave_tag(end_of_begin, false);
    for (std::size_t at = source_.find("{%", at_); at != std::string_view::npos;
         at = source_.find("{%", at + 1)) {
      const std::size_t end = end_of_tag_named(at, "endraw");
      if (end == 0) continue;
      add_text(at);
      leave_tag(end, true);
      return {};
    }
    if (at_ >= source_.size()) return {};  // nothing is left that the end is missing from
    return template_error(begin_line, "{% raw %} without {% endraw %}");
  }

  Status read_tag() {
    const bool is_block = source_[at_ + 1] == '%';
    tokens_.push_back({is_block ? TokenKind::begin_block : TokenKind::begin_print, line_, {}});
    const std::uint32_t begin_line = line_;
    at_ += 2;
    if (sees("-") || sees("+")) ++at_;
    const std::string_view closing = is_block ? "%}" : "}}";
    std::size_t depth = 0;  // of brackets: }} may end a map inside {{ }}
    for (;;) {
      const bool has_control = (sees("-") || (is_block && sees("+"))) && has_at(at_ + 1, closing);
      if (depth == 0 && (has_control || sees(closing))) {
        tokens_.push_back({is_block ? TokenKind::end_block : TokenKind::end_print, line_, {}});
        leave_tag(at_, is_block);
        return {};
      }
      const std::size_t next = behind_white(at_);
      if (next != at_) {
        advance(next);
        continue;
      }
      if (at_ >= source_.size()) {
        return template_error(
            begin_line, std::string(is_block ? "{%" : "{{") + " without " + std::string(closing));
      }
      if (sees("{") || sees("(") || sees("[")) ++depth;
      if ((sees("}") || sees(")") || sees("]")) && depth > 0) --depth;
      BLUE_TRY(read_token());
    }
  }

  Status read_token() {
    const char c = source_[at_];
    if (c == '\'' || c == '"') return read_string();
    if (is_ascii_digit(c)) return read_number();
    if (is_name_start(c)) {
      std::size_t end = at_;
      while (end < source_.size() && is_name_part(source_[end])) ++end;
      return add(TokenKind::name, end);
    }
    for (const std::string_view symbol : kSymbols) {
      if (sees(symbol)) return add(TokenKind::symbol, at_ + symbol.size());
    }
    return template_error(line_, "a character that means nothing inside a tag (byte " +
                                     std::to_string(static_cast<unsigned char>(c)) + ")");
  }

  Status add(TokenKind kind, std::size_t end) {
    tokens_.push_back({kind, line_, std::string(source_.substr(at_, end - at_))});
    at_ = end;
    return {};
  }

  [[nodiscard]] std::size_t behind_digits(std::size_t at) const {
    while (at < source_.size() &&
           (is_ascii_digit(source_[at]) ||
            (source_[at] == '_' && at + 1 < source_.size() && is_ascii_digit(source_[at + 1]))))
      ++at;
    return at;
  }

  Status read_number() {
    std::size_t end = behind_digits(at_);
    bool is_real = false;
    // `x.0.1` is two subscripts, not one number.
    const bool is_subscript = at_ > 0 && source_[at_ - 1] == '.';
    if (!is_subscript && has_at(end, ".") && end + 1 < source_.size() &&
        is_ascii_digit(source_[end + 1])) {
      is_real = true;
      end = behind_digits(end + 1);
    }
    if (!is_subscript && (has_at(end, "e") || has_at(end, "E"))) {
      std::size_t exponent = end + 1;
      if (has_at(exponent, "+") || has_at(exponent, "-")) ++exponent;
      if (exponent < source_.size() && is_ascii_digit(source_[exponent])) {
        is_real = true;
        end = behind_digits(exponent);
      }
    }
    if (end < source_.size() && is_name_part(source_[end]))
      return template_error(line_, "a number that goes on as a word");
    if (!is_real && source_[at_] == '0' &&
        source_.substr(at_, end - at_).find_first_not_of("0_") != std::string_view::npos) {
      return template_error(line_, "a number that begins with 0");
    }
    BLUE_TRY(add(is_real ? TokenKind::real : TokenKind::integer, end));
    std::string& text = tokens_.back().text;
    text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
    return {};
  }

  Status read_string() {
    const char quote = source_[at_];
    Token token{TokenKind::string, line_, {}};
    std::size_t at = at_ + 1;
    while (at < source_.size() && source_[at] != quote) {
      if (source_[at] == '\\' && at + 1 < source_.size()) {
        BLUE_TRY(read_escape(at, token.text));
      } else {
        token.text += source_[at++];
      }
    }
    if (at >= source_.size()) return template_error(line_, "a string without its closing quote");
    tokens_.push_back(std::move(token));
    advance(at + 1);
    return {};
  }

  /// The escape whose backslash is at `at`, as in Python; moves `at` behind it.
  Status read_escape(std::size_t& at, std::string& out) const {
    constexpr std::string_view kNames = "ntr\\'\"abfv";
    constexpr std::string_view kMeanings = "\n\t\r\\'\"\a\b\f\v";
    const char escaped = source_[at + 1];
    if (const std::size_t i = kNames.find(escaped); i != std::string_view::npos) {
      out += kMeanings[i];
      at += 2;
    } else if (escaped == '\n') {  // a string that continues in the next line
      at += 2;
    } else if (escaped >= '0' && escaped <= '7') {
      return read_code(at, at + 1, 3, 8, out);
    } else if (escaped == 'x' || escaped == 'u' || escaped == 'U') {
      return read_code(at, at + 2, escaped == 'x' ? 2 : escaped == 'u' ? 4 : 8, 16, out);
    } else if (escaped == 'N') {
      return template_error(line_, "the escape \\N in a string, which this program does not know");
    } else {
      out += '\\';
      ++at;
    }
    return {};
  }

  Status read_code(std::size_t& at, std::size_t digits, std::size_t n_most, unsigned base,
                   std::string& out) const {
    char32_t code = 0;
    std::size_t n = 0;
    for (; n < n_most && digits + n < source_.size(); ++n) {
      const char c = source_[digits + n];
      const unsigned digit = is_ascii_digit(c)      ? static_cast<unsigned>(c - '0')
                             : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                             : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                                                    : base;
      if (digit >= base) break;
      code = code * base + digit;
    }
    const bool is_whole = base == 8 || n == n_most;
    if (!is_whole || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
      return template_error(line_, "an escape in a string that names no character");
    append_utf8(out, code);
    at = digits + n;
    return {};
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

Error template_error(std::uint32_t line, const std::string& what) {
  return Error(TextError::bad_template,
               "chat template, line " + std::to_string(line) + ": " + what);
}

Result<std::vector<Token>> tokenize_template(std::string_view jinja) {
  const std::string source = with_plain_newlines(jinja);
  return Lexer(source).run();
}

}  // namespace blue::text::jinja
