// Conversation: the system message and the turns of a chat, in order.
// Depends on models/chat. Value; main thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/chat/chat_template.h"

namespace blue::apps {

class Conversation {
 public:
  explicit Conversation(std::string system) : system_(std::move(system)) {}

  /// The system message, where there is one, and the turns.
  [[nodiscard]] std::vector<models::ChatMessage> messages() const;
  /// An array of {"role", "content"}. Bytes that are not UTF-8 become U+FFFD.
  [[nodiscard]] std::string to_json() const;

  /// Forgets the turns; the system message stays.
  void clear() { turns_.clear(); }
  void set_system(std::string text) { system_ = std::move(text); }
  void ask(std::string text) { turns_.push_back({"user", std::move(text)}); }
  void answer(std::string text) { turns_.push_back({"assistant", std::move(text)}); }
  /// Forgets the last turn.
  void take_back() { turns_.pop_back(); }

 private:
  std::string system_;
  std::vector<models::ChatMessage> turns_;
};

}  // namespace blue::apps
