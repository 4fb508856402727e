// ChatTemplate: the chat template inside a GGUF file (`tokenizer.chat_template`, Jinja), parsed
// once, rendered per prompt. The language as transformers' apply_chat_template runs it, less what
// no template needs (docstring of parse); what is outside is refused by name and line, never
// guessed. Rendering keeps the provenance of every byte through variables, concatenation and
// filters, and is bounded in steps, bytes and depth. Depends on base, text/chat_piece.h,
// template_budget.h, template_value.h, text/text_error.h. Immutable after parse; any thread.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/chat_piece.h"
#include "text/jinja/template_budget.h"
#include "text/jinja/template_value.h"
#include "text/text_error.h"

namespace blue::text::jinja {
struct Program;
}

namespace blue::models {

namespace jinja = text::jinja;
using text::ChatPiece;

struct ChatMessage {
  std::string role;  ///< letters, digits, `_` and `-` only: templates build special tokens of it
  std::string content;
};

/// Does the rendered text end with the opening of the assistant's turn?
enum class GenerationPrompt : std::uint8_t { no, yes };

/// Does the model think before it answers? Templates that can ask for it read `enable_thinking`.
enum class Thinking : std::uint8_t { as_usual, on, off };

/// What a template may read beside the messages.
struct ChatVariables {
  std::string bos_token;
  std::string eos_token;
  Thinking thinking = Thinking::as_usual;
  std::optional<std::tm>
      now;  ///< what strftime_now() shows; templates that ask for it are refused without
};

class ChatTemplate {
 public:
  /// Jinja with trim_blocks and lstrip_blocks: text, comments, raw, for (if, else, break, continue,
  /// every loop.* but a call), if, set (blocks, tuples, namespaces' attributes), macro, call,
  /// filter, with, generation; expressions with Python's operators, slices, literals and methods;
  /// the filters of template_plain_filters.cpp and template_list_filters.cpp, the tests of
  /// template_tests.cpp, the functions of template_globals.cpp. Not: extends, include, import,
  /// recursive loops. Integers end at 64 bits. A string marked safe is not escaped against others.
  /// Errors: bad_template naming construct and line; an unknown filter, test, method or function is
  /// an error when it is reached: templates name some on paths (tools) that are never taken here.
  static Result<ChatTemplate> parse(std::string_view jinja);

  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  /// Does the template show a system message? Some refuse the role, some drop it.
  [[nodiscard]] bool takes_system() const { return takes_system_; }

  /// Where the template takes no system message, the text of one that opens the conversation goes
  /// in front of the first user message, as users of such models write it by hand.
  /// Neighbouring pieces differ in origin; none is empty.
  /// Errors: bad_message for a role outside its alphabet or a template that raises; bad_template
  /// for what shows only while rendering, and for what is over jinja::RenderLimits.
  [[nodiscard]] Result<std::vector<ChatPiece>> render(std::span<const ChatMessage> messages,
                                                      GenerationPrompt prompt,
                                                      const ChatVariables& variables = {}) const;

  /// The same with every variable given: `messages`, `tools`, `add_generation_prompt` and what else
  /// the template reads. A user's text has the origin `content`.
  [[nodiscard]] Result<std::vector<ChatPiece>> render(const jinja::Map& variables,
                                                      const std::optional<std::tm>& now = {},
                                                      const jinja::RenderLimits& limits = {}) const;

  /// May a role of a message count as markup?
  static bool is_role(std::string_view role);

 private:
  explicit ChatTemplate(std::unique_ptr<const jinja::Program> program);
  [[nodiscard]] Result<std::vector<ChatPiece>> render_as_given(
      std::span<const ChatMessage> messages, GenerationPrompt prompt,
      const ChatVariables& variables, const jinja::RenderLimits& limits) const;
  [[nodiscard]] bool shows_system() const;

  std::unique_ptr<const jinja::Program> program_;
  bool takes_system_ = true;
};

}  // namespace blue::models
