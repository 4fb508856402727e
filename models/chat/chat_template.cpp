#include "models/chat/chat_template.h"

#include <algorithm>

#include "text/jinja/template_lexer.h"
#include "text/jinja/template_parser.h"
#include "text/jinja/template_renderer.h"

namespace blue::models {
namespace {

using jinja::Origin;

jinja::Value markup(std::string_view text) { return jinja::Text(text, Origin::markup); }

void define(jinja::Map& map, std::string_view name, jinja::Value value) {
  map.emplace_back(markup(name), std::move(value));
}

}  // namespace

ChatTemplate::ChatTemplate(std::unique_ptr<const jinja::Program> program)
    : program_(std::move(program)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

bool ChatTemplate::is_role(std::string_view role) {
  const auto is_role_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !role.empty() && std::all_of(role.begin(), role.end(), is_role_character);
}

Result<ChatTemplate> ChatTemplate::parse(std::string_view jinja) {
  BLUE_TRY_ASSIGN(const std::vector<jinja::Token> tokens, jinja::tokenize_template(jinja));
  BLUE_TRY_ASSIGN(jinja::Program program, jinja::parse_tokens(tokens));
  return ChatTemplate(std::make_unique<const jinja::Program>(std::move(program)));
}

Result<std::vector<ChatPiece>> ChatTemplate::render(std::span<const ChatMessage> messages,
                                                    GenerationPrompt prompt,
                                                    const ChatVariables& variables) const {
  jinja::List list;
  for (const ChatMessage& message : messages) {
    if (!is_role(message.role)) {
      return Error(text::TextError::bad_message,
                   "chat message " + std::to_string(list.size()) +
                       ": a role is made of letters, digits, \"_\" and \"-\"");
    }
    jinja::Map entry;
    define(entry, "role", markup(message.role));
    define(entry, "content", jinja::Text(message.content, Origin::content));
    list.emplace_back(std::move(entry));
  }
  jinja::Map map;
  define(map, "messages", std::move(list));
  define(map, "tools", jinja::None{});  // as apply_chat_template passes them: there, and none
  define(map, "documents", jinja::None{});
  define(map, "add_generation_prompt", prompt == GenerationPrompt::yes);
  define(map, "bos_token", markup(variables.bos_token));
  define(map, "eos_token", markup(variables.eos_token));
  if (variables.thinking != Thinking::as_usual)
    define(map, "enable_thinking", variables.thinking == Thinking::on);
  return render(map, variables.now);
}

Result<std::vector<ChatPiece>> ChatTemplate::render(const jinja::Map& variables,
                                                    const std::optional<std::tm>& now,
                                                    const jinja::RenderLimits& limits) const {
  jinja::Renderer renderer(limits, now);
  for (const auto& [name, value] : variables) {
    if (name.text() != nullptr) renderer.define(name.text()->bytes(), value);
  }
  BLUE_TRY_ASSIGN(const jinja::Text text, renderer.render(*program_));
  return text.pieces();
}

}  // namespace blue::models
