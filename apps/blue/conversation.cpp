#include "apps/blue/conversation.h"

#include <nlohmann/json.hpp>

namespace blue::apps {

std::vector<models::ChatMessage> Conversation::messages() const {
  std::vector<models::ChatMessage> all;
  if (!system_.empty()) all.push_back({"system", system_});
  all.insert(all.end(), turns_.begin(), turns_.end());
  return all;
}

std::string Conversation::to_json() const {
  auto conversation = nlohmann::ordered_json::array();
  for (const models::ChatMessage& message : messages())
    conversation.push_back({{"role", message.role}, {"content", message.content}});
  return conversation.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace blue::apps
