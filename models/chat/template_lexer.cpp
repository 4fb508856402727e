#include "models/chat/template_lexer.h"

#include <algorithm>

namespace blue::models::chat {
namespace {

constexpr std::string_view kWhitespace = " \t\r\n\f\v";
// The longer symbols first: the first that fits is taken.
constexpr std::string_view kSymbols[] = {"==", "!=", "<=", ">=", "//", "**", "+", "-", "~",
                                         "*",  "/",  "%",  "<",  ">",  "=",  "(", ")", "[",
                                         "]",  "{",  "}",  ".",  ",",  ":",  "|"};

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {
    // Jinja drops one newline at the very end of a template.
    if (!source_.empty() && source_.back() == '\n') source_.remove_suffix(1);
  }

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) {
      const std::size_t tag = next_tag();
      add_text(tag);
      if (tag == source_.size()) break;
      BLUE_TRY(source_[tag + 1] == '#' ? skip_comment() : read_tag());
    }
    tokens_.push_back({TokenKind::end, line_, {}});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] bool sees(std::string_view what) const { return source_.substr(at_, what.size()) == what; }

  [[nodiscard]] std::size_t next_tag() const {
    for (std::size_t at = source_.find('{', at_); at != std::string_view::npos;
         at = source_.find('{', at + 1)) {
      if (at + 1 < source_.size() &&
          (source_[at + 1] == '{' || source_[at + 1] == '%' || source_[at + 1] == '#'))
        return at;
    }
    return source_.size();
  }

  void advance(std::size_t end) {
    line_ += static_cast<std::uint32_t>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                   source_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }

  /// Adds the text up to the tag at `tag`, less what the tags on either side strip, and goes there.
  void add_text(std::size_t tag) {
    std::string_view text = source_.substr(at_, tag - at_);
    bool is_at_line_start = at_ == 0;
    if (strips_after_) {
      text.remove_prefix(std::min(text.find_first_not_of(kWhitespace), text.size()));
    } else if (trims_newline_ && text.substr(0, 1) == "\n") {
      text.remove_prefix(1);
      is_at_line_start = true;
    }
    if (tag < source_.size()) strip_before(tag, is_at_line_start, text);
    if (!text.empty()) tokens_.push_back({TokenKind::text, line_, std::string(text)});
    advance(tag);
  }

  void strip_before(std::size_t tag, bool is_at_line_start, std::string_view& text) const {
    const char kind = source_[tag + 1];
    const char control = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
    if (control == '-') {
      const std::size_t last = text.find_last_not_of(kWhitespace);
      text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
    } else if (kind != '{' && control != '+') {  // an indent before a block's tag goes
      const std::size_t last = text.find_last_not_of(" \t");
      if (last == std::string_view::npos ? is_at_line_start : text[last] == '\n') {
        text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
      }
    }
  }

  /// Behind a tag: what the following text loses.
  void set_after(bool is_stripping, bool is_block) {
    strips_after_ = is_stripping;
    trims_newline_ = is_block;
  }

  Status skip_comment() {
    const std::size_t end = source_.find("#}", at_ + 2);
    if (end == std::string_view::npos) return template_error(line_, "{# without #}");
    set_after(end > at_ + 2 && source_[end - 1] == '-', true);
    advance(end + 2);
    return {};
  }

  Status read_tag() {
    const bool is_block = source_[at_ + 1] == '%';
    tokens_.push_back({is_block ? TokenKind::begin_block : TokenKind::begin_print, line_, {}});
    const std::uint32_t begin_line = line_;
    at_ += 2;
    if (sees("-") || sees("+")) ++at_;
    const std::string_view closing = is_block ? "%}" : "}}";
    std::size_t depth = 0;  // of braces: }} may end a map inside {{ }}
    for (;;) {
      advance(std::min(source_.find_first_not_of(kWhitespace, at_), source_.size()));
      if (at_ >= source_.size()) {
        return template_error(begin_line,
                              std::string(is_block ? "{%" : "{{") + " without " + std::string(closing));
      }
      const bool is_stripping = sees("-") && source_.substr(at_ + 1, 2) == closing;
      if (depth == 0 && (is_stripping || sees(closing))) {
        tokens_.push_back({is_block ? TokenKind::end_block : TokenKind::end_print, line_, {}});
        at_ += is_stripping ? 3 : 2;
        set_after(is_stripping, is_block);
        return {};
      }
      if (sees("{")) ++depth;
      if (sees("}") && depth > 0) --depth;
      BLUE_TRY(read_token());
    }
  }

  Status read_token() {
    const char c = source_[at_];
    if (c == '\'' || c == '"') return read_string();
    std::size_t end = at_;
    if (is_name_start(c) || is_digit(c)) {
      while (end < source_.size() &&
             (is_digit(source_[end]) || (is_name_start(c) && is_name_start(source_[end]))))
        ++end;
      tokens_.push_back({is_digit(c) ? TokenKind::integer : TokenKind::name, line_,
                         std::string(source_.substr(at_, end - at_))});
      at_ = end;
      return {};
    }
    for (const std::string_view symbol : kSymbols) {
      if (!sees(symbol)) continue;
      tokens_.push_back({TokenKind::symbol, line_, std::string(symbol)});
      at_ += symbol.size();
      return {};
    }
    return template_error(line_, "a character that means nothing inside a tag (byte " +
                                     std::to_string(static_cast<unsigned char>(c)) + ")");
  }

  Status read_string() {
    const char quote = source_[at_];
    Token token{TokenKind::string, line_, {}};
    std::size_t at = at_ + 1;
    for (; at < source_.size() && source_[at] != quote; ++at) {
      char c = source_[at];
      if (c == '\\' && at + 1 < source_.size()) {
        const char escaped = source_[++at];
        switch (escaped) {
          case 'n': c = '\n'; break;
          case 't': c = '\t'; break;
          case 'r': c = '\r'; break;
          case '\\':
          case '\'':
          case '"': c = escaped; break;
          case 'u':
          case 'x':
          case 'U':
          case 'N': return template_error(line_, std::string("the escape \\") + escaped + " in a string");
          default:
            token.text += '\\';
            c = escaped;
            break;  // as Python has it
        }
      }
      token.text += c;
    }
    if (at >= source_.size()) return template_error(line_, "a string without its closing quote");
    tokens_.push_back(std::move(token));
    advance(at + 1);
    return {};
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  bool strips_after_ = false;
  bool trims_newline_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

Error template_error(std::uint32_t line, const std::string& what) {
  return Error(ModelsError::bad_template, "chat template, line " + std::to_string(line) + ": " + what);
}

Result<std::vector<Token>> tokenize_template(std::string_view jinja) { return Lexer(jinja).run(); }

}  // namespace blue::models::chat
