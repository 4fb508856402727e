#include "models/model.h"

#include <filesystem>

#include "models/arch.h"
#include "models/chat/chat_tokens.h"

namespace blue::models {

namespace {

/// FNV-1a over what distinguishes sets of weights without reading them: names, shapes,
/// types and places of all tensors, each file's size and when it was last written (fine-tunes of
/// one model differ in nothing else).
std::uint64_t fingerprint_of(const GgufFile& file) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&hash](ConstByteSpan bytes) {
    for (const std::byte byte : bytes)
      hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3ULL;
  };
  const auto mix_number = [&mix](std::uint64_t number) {
    mix(std::as_bytes(std::span(&number, 1)));
  };
  for (const GgufPart& part : file.parts()) {
    mix_number(part.size);
    std::error_code unknown_time;
    const auto written = std::filesystem::last_write_time(part.path, unknown_time);
    if (!unknown_time) mix_number(static_cast<std::uint64_t>(written.time_since_epoch().count()));
  }
  for (const TensorInfo& tensor : file.tensors()) {
    mix(std::as_bytes(std::span(tensor.name)));
    for (const std::uint64_t dim : tensor.dims) mix_number(dim);
    mix_number(tensor.type);
    mix_number(tensor.file);
    mix_number(tensor.file_offset);
  }
  return hash;
}

}  // namespace

Result<std::shared_ptr<const Model>> open_model(const std::string& path,
                                                const ModelOptions& options) {
  BLUE_TRY_ASSIGN(const GgufFile file, GgufFile::open(path));
  auto model = std::make_shared<Model>();
  model->path = path;
  for (const GgufPart& part : file.parts()) model->files.push_back(part.path);
  model->fingerprint = fingerprint_of(file);
  BLUE_TRY_ASSIGN(model->program, compile_program(file));
  if (!model->program.conversions.empty()) {
    auto converted = ConvertedTensors::create(model->program.conversions, model->files);
    if (!converted) return std::move(converted).error().within(path);
    model->converted.emplace(std::move(converted).value());
    model->files.push_back(model->converted->path());
  }
  auto tokenizer = text::Tokenizer::from_metadata(file, options.tokenizer);
  if (tokenizer) {
    model->tokenizer = std::move(tokenizer).value();
    for (const std::string& note : model->tokenizer->notes()) model->program.notes.push_back(note);
  } else {
    model->tokenizer_error = tokenizer.error().message();
  }
  if (const auto source = file.text("tokenizer.chat_template")) {
    auto chat = ChatTemplate::parse(*source);
    if (chat) {
      model->chat = std::move(chat).value();
    } else {
      model->chat_error = path + ": " + chat.error().message();
    }
  }
  return std::shared_ptr<const Model>(std::move(model));
}

std::string Model::system_note() const {
  if (!chat || chat->takes_system()) return {};
  return "the chat template takes no system message; its text (--system) is put in front of the "
         "first user message";
}

Result<std::vector<TokenId>> Model::prompt_tokens(std::string_view system,
                                                  std::string_view user) const {
  if (tokenizer && chat_error.empty() && !chat)
    return text_tokens(std::string(system) + std::string(user));
  std::vector<ChatMessage> messages;
  if (!system.empty()) messages.push_back({"system", std::string(system)});
  messages.push_back({"user", std::string(user)});
  return chat_tokens(messages, Thinking::as_usual);
}

Result<std::vector<TokenId>> Model::chat_tokens(std::span<const ChatMessage> messages,
                                                Thinking thinking) const {
  if (!tokenizer) return Error(text::TextError::unsupported_tokenizer, tokenizer_error);
  if (!chat_error.empty()) return Error(text::TextError::bad_template, chat_error);
  if (!chat) {
    std::string text;
    for (const ChatMessage& message : messages)
      text += (text.empty() ? "" : "\n") + message.content;
    return text_tokens(text);
  }
  auto tokens = models::chat_tokens(*tokenizer, *chat, messages, thinking);
  if (!tokens) return std::move(tokens).error().within(path);
  return tokens;
}

Result<std::vector<TokenId>> Model::text_tokens(std::string_view text) const {
  if (!tokenizer) return Error(text::TextError::unsupported_tokenizer, tokenizer_error);
  return bare_tokens(*tokenizer, text, text::SpecialTokens::as_text);
}

}  // namespace blue::models
