// ChatTemplate: the chat template inside a GGUF file (`tokenizer.chat_template`, Jinja), parsed once, rendered per prompt.
// A small, honest subset of Jinja (docstring of parse); what is outside is refused by name and line, never guessed.
// Rendering keeps the provenance of every byte through variables, concatenation and filters, and is bounded in steps and
// in output. Depends on base, models/chat/chat_piece.h, models/models_error.h.
// Immutable after parse; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "models/chat/chat_piece.h"
#include "models/models_error.h"

namespace blue::models {

struct ChatMessage {
  std::string role;  ///< letters, digits, `_` and `-` only: templates build special tokens of it
  std::string content;
};

/// Does the rendered text end with the opening of the assistant's turn?
enum class GenerationPrompt : std::uint8_t { no, yes };

/// What a template may know beside the messages.
struct ChatVariables {
  std::string bos_token;
  std::string eos_token;
};

namespace chat {
struct Program;
}

class ChatTemplate {
 public:
  /// Understood: text, {# #}, {{ expression }}, `for x in e`, `if`/`elif`/`else`, `set name = e`, `-` on either side of a tag;
  /// expressions of literals (string, integer, true, false, none), names, a.b, a[e], a[e:e] on lists with step ±1, ==, !=, <, <=, >, >=, and,
  /// or, not, in, not in, +, -, ~, `x if c else y`, `is [not] defined|none|string`, filters trim, upper, lower, length;
  /// inside a loop loop.first, loop.last, loop.index, loop.index0, loop.length; raise_exception('...').
  /// Whitespace as chat templates expect it: one newline after a block tag goes, and the indent before it (trim_blocks,
  /// lstrip_blocks). Errors: bad_template naming construct and line.
  static Result<ChatTemplate> parse(std::string_view jinja);

  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  /// Neighbouring pieces differ in origin; none is empty.
  /// Errors: bad_message for a role outside its alphabet or a template that raises; bad_template for what shows only while
  /// rendering, and for more than kMaxSteps steps or kMaxBytes of output.
  [[nodiscard]] Result<std::vector<ChatPiece>> render(std::span<const ChatMessage> messages,
                                                      GenerationPrompt prompt,
                                                      const ChatVariables& variables = {}) const;

  static constexpr std::uint64_t kMaxSteps = 1'000'000;
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 20;

 private:
  explicit ChatTemplate(std::unique_ptr<const chat::Program> program);
  std::unique_ptr<const chat::Program> program_;
};

}  // namespace blue::models
