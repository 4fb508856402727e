// Model: an opened file: its program, vocabulary and chat template. Weights are leased, not held.
// Depends on models. Immutable; shared by shared_ptr between sessions; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/chat/chat_template.h"
#include "models/converted_tensors.h"
#include "models/program.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::models {

/// What a caller sets where a model's file lacks it or has it wrong.
struct ModelOptions {
  text::TokenizerOptions tokenizer;
};

struct Model {
  std::string path;  ///< as it was opened
  std::vector<std::string>
      files;  ///< all parts, and the converted tensors' where there are any; BlockExtent::file of
              ///< the program's blocks indexes them
  std::optional<ConvertedTensors> converted;
  std::uint64_t fingerprint = 0;  ///< of header and size: what a KV snapshot is checked against
  Program program;
  std::unique_ptr<const text::Tokenizer>
      tokenizer;                ///< null when the file has no vocabulary; see tokenizer_error
  std::string tokenizer_error;  ///< why there is none
  std::optional<ChatTemplate> chat;
  std::string chat_error;  ///< why there is none, empty when the file simply has no template

  /// One line for the user of a system message where the chat template takes none, and its text
  /// goes in front of the first user message (ChatTemplate::takes_system); else empty.
  [[nodiscard]] std::string system_note() const;

  /// The tokens a user message becomes: through the chat template where there is one, else the bare
  /// text, with BOS where the vocabulary asks for it. `system` may be empty.
  /// Errors: unsupported_tokenizer, bad_template.
  [[nodiscard]] Result<std::vector<TokenId>> prompt_tokens(std::string_view system,
                                                           std::string_view user) const;

  /// The tokens a whole conversation becomes, up to where the assistant begins. Without a chat
  /// template the messages' bare texts, a line each. A BOS that the template has written is not
  /// doubled.
  /// Errors: unsupported_tokenizer, bad_template, bad_message.
  [[nodiscard]] Result<std::vector<TokenId>> chat_tokens(std::span<const ChatMessage> messages,
                                                         Thinking thinking) const;

  /// The tokens of bare text, as `blue generate` continues it: no template, BOS where the
  /// vocabulary asks for it.
  /// Errors: unsupported_tokenizer.
  [[nodiscard]] Result<std::vector<TokenId>> text_tokens(std::string_view text) const;
};

/// Opens a GGUF file, or all parts of a split one, compiles its program. Reads headers, and of the
/// tensors those alone that need converting.
/// Errors: those of GgufFile::open and compile_program.
Result<std::shared_ptr<const Model>> open_model(const std::string& path,
                                                const ModelOptions& options = {});

}  // namespace blue::models
