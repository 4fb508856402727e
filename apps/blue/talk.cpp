#include "apps/blue/talk.h"

#include <nlohmann/json.hpp>

namespace blue::apps {

std::vector<models::ChatMessage> Talk::messages() const {
  std::vector<models::ChatMessage> all;
  if (!system_.empty()) all.push_back({"system", system_});
  all.insert(all.end(), turns_.begin(), turns_.end());
  return all;
}

std::string Talk::to_json() const {
  auto talk = nlohmann::ordered_json::array();
  for (const models::ChatMessage& message : messages())
    talk.push_back({{"role", message.role}, {"content", message.content}});
  return talk.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace blue::apps
