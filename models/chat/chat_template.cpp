#include "models/chat/chat_template.h"

#include <algorithm>

#include "models/chat/template_lexer.h"
#include "models/chat/template_parser.h"
#include "models/chat/template_renderer.h"

namespace blue::models {
namespace {

using chat::Origin;

bool is_role(std::string_view role) {
  const auto is_role_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !role.empty() && std::all_of(role.begin(), role.end(), is_role_character);
}

}  // namespace

ChatTemplate::ChatTemplate(std::unique_ptr<const chat::Program> program) : program_(std::move(program)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<ChatTemplate> ChatTemplate::parse(std::string_view jinja) {
  BLUE_TRY_ASSIGN(const std::vector<chat::Token> tokens, chat::tokenize_template(jinja));
  BLUE_TRY_ASSIGN(chat::Program program, chat::parse_tokens(tokens));
  return ChatTemplate(std::make_unique<const chat::Program>(std::move(program)));
}

Result<std::vector<ChatPiece>> ChatTemplate::render(std::span<const ChatMessage> messages,
                                                    GenerationPrompt prompt,
                                                    const ChatVariables& variables) const {
  chat::List list;
  for (const ChatMessage& message : messages) {
    if (!is_role(message.role)) {
      return Error(ModelsError::bad_message, "chat message " + std::to_string(list.size()) +
                                                 ": a role is made of letters, digits, \"_\" and \"-\"");
    }
    list.emplace_back(chat::Map{{"role", chat::Text(message.role, Origin::markup)},
                                {"content", chat::Text(message.content, Origin::content)}});
  }
  chat::Renderer renderer({kMaxSteps, kMaxBytes});
  renderer.define("messages", std::move(list));
  renderer.define("add_generation_prompt", prompt == GenerationPrompt::yes);
  renderer.define("bos_token", chat::Text(variables.bos_token, Origin::markup));
  renderer.define("eos_token", chat::Text(variables.eos_token, Origin::markup));
  BLUE_TRY_ASSIGN(const chat::Text text, renderer.render(*program_));
  return text.pieces();
}

}  // namespace blue::models
