// Renders chat templates for test_templates.py: reads one JSON object a line, {"template": text,
// "variables": {...}}, and answers each with one line, {"text": ...} or {"error": ...}.
// strftime_now() shows the second of a day that the test shares.
#include <iostream>
#include <string>

#include "tests/support/text/chat_values.h"

namespace {

using namespace blue;
using Json = nlohmann::ordered_json;

std::tm test_day() {
  std::tm day{};  // Monday, 2 March 2026, 13:04:05
  day.tm_year = 126;
  day.tm_mon = 2;
  day.tm_mday = 2;
  day.tm_hour = 13;
  day.tm_min = 4;
  day.tm_sec = 5;
  day.tm_wday = 1;
  day.tm_yday = 60;
  return day;
}

Json render(const Json& task) {
  const auto parsed = models::ChatTemplate::parse(task["template"].get<std::string>());
  if (!parsed) return {{"error", parsed.error().message()}};
  const text::jinja::Value variables = test::chat_value(task["variables"]);
  const auto pieces = parsed->render(*variables.map(), test_day());
  if (!pieces) return {{"error", pieces.error().message()}};
  std::string text;
  for (const text::ChatPiece& piece : *pieces) text += piece.text;
  return {{"text", text}};
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << render(Json::parse(line)).dump(-1, ' ', true, Json::error_handler_t::replace)
              << std::endl;
  }
  return 0;
}
