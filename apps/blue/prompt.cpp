#include "apps/blue/prompt.h"

#include <utility>

#include "apps/blue/command.h"
#include "apps/io/text_file.h"
#include "models/chat/chat_tokens.h"

namespace blue::apps {

namespace {

constexpr std::string_view kNoTemplate = "none";

std::string without_carriage_returns(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
  }
  return out;
}

}  // namespace

Result<std::optional<std::string>> read_text(const TextSource& source, Reading reading) {
  const bool has_file = !source.file.empty();
  if (source.argument && *source.argument != "-") return source.argument;
  const bool is_standard_input =
      source.file == "-" || source.argument || (!has_file && io::has_piped_input());
  if (!is_standard_input && !has_file) return std::optional<std::string>();
  const std::string name = is_standard_input ? "standard input" : source.file;
  BLUE_TRY_ASSIGN(std::string text,
                  is_standard_input ? io::read_standard_input() : io::read_file(source.file));
  BLUE_TRY_ASSIGN(text, io::without_byte_order_mark(std::move(text), name));
  if (reading == Reading::as_text) {
    text = without_carriage_returns(text);
    if (text.ends_with('\n')) text.pop_back();
  }
  return std::optional(std::move(text));
}

void add_template_options(CLI::App& command, PromptStyle& style) {
  command.add_option("--chat-template", style.chat_template,
                     "File of a chat template (Jinja) to use instead of the model's; none: the "
                     "text without a template");
  command.add_flag("--no-bos", style.has_no_bos, "Put no BOS token in front of the prompt");
}

Result<PromptEncoder> PromptEncoder::open(const PromptStyle& style) {
  PromptEncoder encoder(style);
  if (style.chat_template.empty() || style.chat_template == kNoTemplate) return encoder;
  BLUE_TRY_ASSIGN(std::string source, io::read_file(style.chat_template));
  BLUE_TRY_ASSIGN(source, io::without_byte_order_mark(std::move(source), style.chat_template));
  auto parsed = models::ChatTemplate::parse(source);
  if (!parsed) return std::move(parsed).error().within(style.chat_template);
  encoder.template_ = std::move(parsed).value();
  return encoder;
}

bool PromptEncoder::is_usual() const {
  return style_.chat_template.empty() && !style_.is_raw && !style_.has_no_bos;
}

Result<std::vector<TokenId>> PromptEncoder::prompt(const models::Model& model,
                                                   const std::string& system,
                                                   const std::string& text) const {
  if (!model.tokenizer) return Error(text::TextError::unsupported_tokenizer, model.tokenizer_error);
  if (style_.is_raw) {
    BLUE_TRY_ASSIGN(std::vector<TokenId> tokens,
                    models::bare_tokens(*model.tokenizer, text, text::SpecialTokens::parse));
    return finished(model, std::move(tokens));
  }
  if (style_.chat_template.empty()) {
    BLUE_TRY_ASSIGN(std::vector<TokenId> tokens, model.prompt_tokens(system, text));
    return finished(model, std::move(tokens));
  }
  std::vector<models::ChatMessage> messages;
  if (!system.empty()) messages.push_back({"system", system});
  messages.push_back({"user", text});
  return conversation(model, messages, models::Thinking::as_usual);
}

Result<std::vector<TokenId>> PromptEncoder::conversation(
    const models::Model& model, std::span<const models::ChatMessage> messages,
    models::Thinking thinking) const {
  if (!model.tokenizer) return Error(text::TextError::unsupported_tokenizer, model.tokenizer_error);
  if (template_) {
    auto tokens = models::chat_tokens(*model.tokenizer, *template_, messages, thinking);
    if (!tokens) return std::move(tokens).error().within(style_.chat_template);
    return finished(model, std::move(tokens).value());
  }
  if (style_.chat_template != kNoTemplate) {
    BLUE_TRY_ASSIGN(std::vector<TokenId> tokens, model.chat_tokens(messages, thinking));
    return finished(model, std::move(tokens));
  }
  std::string text;
  for (const models::ChatMessage& message : messages)
    text += (text.empty() ? "" : "\n") + message.content;
  BLUE_TRY_ASSIGN(std::vector<TokenId> tokens, model.text_tokens(text));
  return finished(model, std::move(tokens));
}

Result<std::vector<TokenId>> PromptEncoder::finished(const models::Model& model,
                                                     std::vector<TokenId> tokens) const {
  const bool begins_with_bos = !tokens.empty() && tokens.front() == model.tokenizer->bos();
  if (style_.has_no_bos && begins_with_bos) tokens.erase(tokens.begin());
  if (!tokens.empty()) return tokens;
  return Error(AppsError::bad_request,
               "the prompt has no tokens: give a text (-p, -f or standard input)" +
                   std::string(style_.has_no_bos ? ", or leave --no-bos out" : ""));
}

}  // namespace blue::apps
