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

/// The conversation without the system messages that open it; their texts go in front of the
/// message behind them, or are the user's where none follows.
std::vector<ChatMessage> with_merged_system(std::span<const ChatMessage> messages) {
  std::string system;
  std::size_t n_system = 0;
  while (n_system < messages.size() && messages[n_system].role == "system") {
    const std::string& text = messages[n_system++].content;
    if (!system.empty() && !text.empty()) system += "\n\n";
    system += text;
  }
  std::vector<ChatMessage> merged(messages.begin() + static_cast<std::ptrdiff_t>(n_system),
                                  messages.end());
  if (system.empty()) return merged;
  if (merged.empty() || merged[0].role != "user") {
    merged.insert(merged.begin(), {"user", std::move(system)});
  } else {
    merged[0].content = system + "\n\n" + merged[0].content;
  }
  return merged;
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
  ChatTemplate parsed(std::make_unique<const jinja::Program>(std::move(program)));
  parsed.takes_system_ = parsed.shows_system();
  return parsed;
}

/// Renders a small conversation with and without a system message. A template that refuses both, or
/// shows no message at all, decides nothing about the role.
bool ChatTemplate::shows_system() const {
  constexpr std::string_view kSystem = "The system text of a probe.";
  constexpr jinja::RenderLimits kLimits{
      .steps = 20'000, .bytes = 1U << 20, .bytes_made = 4U << 20, .bytes_seen = 64U << 20};
  constexpr std::string_view kUser = "The user's text of a probe.";
  const std::vector<ChatMessage> messages{{"system", std::string(kSystem)},
                                          {"user", std::string(kUser)}};
  ChatVariables variables;
  variables.now = std::tm{};
  variables.now->tm_mday = 1;
  variables.now->tm_year = 126;
  const auto rendered = render_as_given(messages, GenerationPrompt::yes, variables, kLimits);
  if (!rendered) {
    const std::span<const ChatMessage> user = std::span(messages).last(1);
    return !render_as_given(user, GenerationPrompt::yes, variables, kLimits).ok();
  }
  const auto shows = [&](std::string_view text) {
    return std::any_of(rendered->begin(), rendered->end(), [&](const ChatPiece& piece) {
      return piece.text.find(text) != std::string::npos;
    });
  };
  return shows(kSystem) || !shows(kUser);
}

Result<std::vector<ChatPiece>> ChatTemplate::render(std::span<const ChatMessage> messages,
                                                    GenerationPrompt prompt,
                                                    const ChatVariables& variables) const {
  const bool opens_with_system = !messages.empty() && messages[0].role == "system";
  if (takes_system_ || !opens_with_system) return render_as_given(messages, prompt, variables, {});
  return render_as_given(with_merged_system(messages), prompt, variables, {});
}

Result<std::vector<ChatPiece>> ChatTemplate::render_as_given(
    std::span<const ChatMessage> messages, GenerationPrompt prompt, const ChatVariables& variables,
    const jinja::RenderLimits& limits) const {
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
  return render(map, variables.now, limits);
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
