// Reads the text of a prompt (an argument, a file, standard input) and turns it into a model's
// tokens. Depends on CLI11, apps/io, models. Main thread; values.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/model.h"

namespace blue::apps {

struct TextSource {
  std::optional<std::string> argument;  ///< "-" is standard input
  std::string file;                     ///< "-" is standard input; empty: none
};

/// How text from a file or standard input is read. A byte order mark is dropped in both cases; an
/// argument is always taken as it is.
enum class Reading : std::uint8_t {
  as_text,  ///< CRLF becomes LF; one line end at the end, which editors and echo add, is dropped
  as_it_is,
};

/// The text, or nothing where none was given: no argument, no file, and standard input is no pipe
/// or file. Errors: bad_file.
Result<std::optional<std::string>> read_text(const TextSource& source, Reading reading);

/// How text becomes tokens.
struct PromptStyle {
  std::string chat_template;  ///< a file, or "none"; empty: the model's own
  bool is_raw = false;        ///< the text is the prompt; special tokens in it are tokens
  bool has_no_bos = false;    ///< no BOS in front, neither from the vocabulary nor the template
};

/// --chat-template, --no-bos.
void add_template_options(CLI::App& command, PromptStyle& style);

/// Turns prompts and conversations into tokens of one style.
class PromptEncoder {
 public:
  /// Errors: bad_file, bad_template naming the template's file.
  static Result<PromptEncoder> open(const PromptStyle& style);

  /// Is it the style of the model, unchanged?
  [[nodiscard]] bool is_usual() const;
  /// `system` may be empty. Errors: unsupported_tokenizer, bad_template, bad_message; bad_request
  /// where no token is left.
  [[nodiscard]] Result<std::vector<TokenId>> prompt(const models::Model& model,
                                                    const std::string& system,
                                                    const std::string& text) const;
  /// The same of a whole conversation, up to where the assistant begins.
  [[nodiscard]] Result<std::vector<TokenId>> conversation(
      const models::Model& model, std::span<const models::ChatMessage> messages,
      models::Thinking thinking) const;

 private:
  explicit PromptEncoder(const PromptStyle& style) : style_(style) {}
  [[nodiscard]] Result<std::vector<TokenId>> finished(const models::Model& model,
                                                      std::vector<TokenId> tokens) const;

  PromptStyle style_;
  std::optional<models::ChatTemplate> template_;
};

}  // namespace blue::apps
