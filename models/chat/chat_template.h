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
  /// Understood: text, {# #}, {{ e }}, `for x in e`, `if`/`elif`/`else`, `set name = e`, `set namespace.name = e`, `-` and `+`
  /// at a tag's ends; expressions of strings, integers, true, false, none, [lists], names, a.b, a[e], list slices (step 1, or
  /// [::-1]), == != < <= > >= and or not in `not in` + - * // % ~, `x if c else y`; loop.first last index index0 revindex
  /// revindex0 length; tests defined undefined none string mapping number integer boolean true false iterable sequence;
  /// filters trim upper lower (ASCII) length count default first last string; methods strip lstrip rstrip upper lower
  /// startswith endswith replace split, get; namespace(), raise_exception().
  /// Whitespace as chat templates expect it: one newline behind a block tag goes, and the indent before it (trim_blocks,
  /// lstrip_blocks). Errors: bad_template naming construct and line; an unknown filter, test, method or function is told when
  /// it is reached, for templates name some on paths (tools) that are never taken here.
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
