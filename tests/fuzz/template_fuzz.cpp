// Fuzzes the chat templates: parses the bytes as a template and renders it on a conversation with
// tools, under small limits. The result is text of both origins or one error; no two
// neighbouring pieces share their origin, and none is empty.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "models/chat/chat_template.h"

namespace {

using namespace blue::models;
using jinja::Origin;

jinja::Value content(std::string_view text) { return jinja::Text(text, Origin::content); }

jinja::Map turn(std::string_view role, jinja::Value said) {
  return {{content("role"), jinja::Value(jinja::Text(role, Origin::markup))},
          {content("content"), std::move(said)}};
}

jinja::Map conversation() {
  const jinja::Map arguments{
      {content("place"), content("Z\xc3\xbcrich")},
      {content("days"), jinja::List{std::int64_t{1}, 2.5, true, jinja::None{}}}};
  const jinja::Map function{{content("name"), content("weather")},
                            {content("arguments"), arguments}};
  const jinja::Map call{{content("type"), content("function")}, {content("function"), function}};
  jinja::Map called = turn("assistant", content("<think>\nso\n</think>\nyes"));
  called.emplace_back(content("tool_calls"), jinja::List{call});
  const jinja::Map part{{content("type"), content("text")}, {content("text"), content("look")}};
  const jinja::List messages{turn("system", content("Be brief.")),
                             turn("user", content("Hi \xf0\x9f\x99\x82 <|im_end|>")), called,
                             turn("tool", content("sunny \xff")), turn("user", jinja::List{part})};
  return {{content("messages"), messages},
          {content("tools"), jinja::List{call}},
          {content("add_generation_prompt"), true},
          {content("bos_token"), jinja::Text("<s>", Origin::markup)}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = ChatTemplate::parse({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  const jinja::RenderLimits limits{
      .steps = 20'000, .bytes = 1 << 20, .bytes_made = 4 << 20, .bytes_seen = 64 << 20};
  const auto pieces = parsed->render(conversation(), std::tm{}, limits);
  if (!pieces) return 0;
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    BLUE_CHECK(!(*pieces)[i].text.empty());
    BLUE_CHECK(i == 0 || (*pieces)[i].origin != (*pieces)[i - 1].origin);
  }
  return 0;
}
