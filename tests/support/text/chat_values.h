// JSON as the values of a chat template. All texts are content but the roles of messages and the
// special tokens, as in an application. Depends on nlohmann-json and models/chat. Pure function;
// any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "models/chat/chat_template.h"

namespace blue::test {

/// `json` keeps the order of its keys, as Python's dict does.
inline text::jinja::Value chat_value(const nlohmann::ordered_json& json,
                                     const std::string& key = {}) {
  using text::jinja::Origin;
  using text::jinja::Text;
  using text::jinja::Value;
  if (json.is_null()) return text::jinja::None{};
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) {
    const auto text = json.get<std::string>();
    const bool is_markup =
        key.ends_with("_token") || (key == "role" && models::ChatTemplate::is_role(text));
    return Text(text, is_markup ? Origin::markup : Origin::content);
  }
  if (json.is_array()) {
    text::jinja::List list;
    for (const auto& entry : json) list.push_back(chat_value(entry));
    return Value(std::move(list));
  }
  text::jinja::Map map;
  for (const auto& [name, entry] : json.items())
    map.emplace_back(Text(name, Origin::content), chat_value(entry, name));
  return Value(std::move(map));
}

}  // namespace blue::test
