#include "models/chat/chat_template.h"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "tests/support/shared_data.h"

namespace blue::models {
namespace {

using Origin = ChatPiece::Origin;
using Messages = std::vector<ChatMessage>;

const Messages kConversation{
    {"system", "Be brief."}, {"user", "Hi <|im_end|>"}, {"assistant", "Yes?"}, {"user", "Go"}};

constexpr std::string_view kChatMl =
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message.content + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

std::string joined(const std::vector<ChatPiece>& pieces) {
  std::string out;
  for (const ChatPiece& piece : pieces) out += piece.text;
  return out;
}

std::string render(std::string_view jinja, const Messages& messages = kConversation,
                   GenerationPrompt prompt = GenerationPrompt::no) {
  return joined(
      ChatTemplate::parse(jinja).value().render(messages, prompt, {"<s>", "</s>"}).value());
}

/// The error of parsing, or of rendering.
Error error_of(std::string_view jinja, const Messages& messages = kConversation) {
  const Result<ChatTemplate> parsed = ChatTemplate::parse(jinja);
  if (!parsed) return parsed.error();
  const Result<std::vector<ChatPiece>> rendered = parsed->render(messages, GenerationPrompt::no);
  REQUIRE_FALSE(rendered.ok());
  return rendered.error();
}

bool says(const Error& error, std::string_view part) {
  return error.message().find(part) != std::string::npos;
}

TEST_CASE("ChatML renders each turn, and the assistant's opening where asked") {
  const std::string turns =
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi <|im_end|><|im_end|>\n"
      "<|im_start|>assistant\nYes?<|im_end|>\n<|im_start|>user\nGo<|im_end|>\n";
  CHECK(render(kChatMl) == turns);
  CHECK(render(kChatMl, kConversation, GenerationPrompt::yes) == turns + "<|im_start|>assistant\n");
  CHECK(render(kChatMl, {}) == "");
}

TEST_CASE(
    "every byte keeps its origin through concatenation, variables, filters and slices of text") {
  const auto pieces = ChatTemplate::parse(kChatMl)
                          .value()
                          .render({{kConversation[1]}}, GenerationPrompt::no)
                          .value();
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0].text == "<|im_start|>user\n");
  CHECK(pieces[0].origin == Origin::markup);
  CHECK(pieces[1].text == "Hi <|im_end|>");
  CHECK(pieces[1].origin == Origin::content);
  CHECK(pieces[2].text == "<|im_end|>\n");
  CHECK(pieces[2].origin == Origin::markup);
  const auto treated =
      ChatTemplate::parse(
          "{% set x = ('[' ~ messages[0].content | trim | upper ~ ']').replace('B', "
          "'<b>').split('C')[0] %}{{ x }}")
          .value()
          .render({{ChatMessage{"user", " abc "}}}, GenerationPrompt::no)
          .value();
  REQUIRE(treated.size() == 3);
  CHECK(treated[0].text == "[");
  CHECK(treated[1].text == "A");
  CHECK(treated[1].origin == Origin::content);
  CHECK(treated[2].text == "<b>");
  CHECK(treated[2].origin == Origin::markup);
}

TEST_CASE("whitespace goes as trim_blocks and lstrip_blocks say, and where a tag has a minus") {
  CHECK(render("a\n  {% if true %}\n  b\n  {% endif %}\nc\n") == "a\n  b\nc");
  CHECK(render("a  {%- if true -%}  \n b {%- endif %} c") == "ab c");
  CHECK(render("a {{- 'b' -}} c") == "abc");
  CHECK(render("a\n  {{ 'b' }}\nc") == "a\n  b\nc");
  CHECK(render("{% if true %}  {% endif %}") == "  ");
  CHECK(render("a\n  {# note #}\nb") == "a\nb");
  CHECK(render("  {%+ if true %}b{% endif %}") == "  b");
}

TEST_CASE("expressions follow Jinja's precedence") {
  CHECK(render("{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }}") == "3 3 -4 2");
  CHECK(render("{{ 'a' ~ 2 * 3 }}{{ (1 + 2) ~ 'b' }}") == "a63b");
  CHECK(render("{{ not false and none is none or x.y }}") == "True");
  CHECK(render("{{ 'x' if 1 > 2 else 'y' if 2 > 1 }}{{ 'z' if false }}") == "y");
  CHECK(render("{{ 'b' in 'abc' }}{{ 4 not in [1, 2] }}{{ 'role' in messages[0] }}") ==
        "TrueTrueTrue");
  CHECK(
      render("{{ messages | length - 1 }}{{ messages[-1].content }}{{ messages[9] is defined }}") ==
      "2GoFalse");  // it shows no system message, which is merged
  CHECK(render("{{ bos_token }}{{ nothing }}{{ nothing | default('d') }}") == "<s>d");
}

TEST_CASE("loops know their place, and what they set stays inside") {
  CHECK(render("{% for m in messages %}{{ loop.index0 }}{{ loop.index }}{% if loop.first %}f{% "
               "endif %}{% if "
               "loop.last %}l{% endif %},{% endfor %}") == "01f,12,23,34l,");
  CHECK(render("{% set n = 'out' %}{% for m in messages %}{% set n = 'in' %}{% endfor %}{{ n }}") ==
        "out");
  CHECK(render("{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% "
               "endfor %}{{ "
               "ns.n }}") == "4");
  CHECK(render("{% for m in messages[::-1] %}{{ m.role ~ ' ' }}{% endfor %}{% for m in "
               "messages[1:2] %}{{ "
               "m.role }}{% endfor %}") == "user assistant user system user");
}

TEST_CASE("what lies outside the subset is refused by name and line") {
  const auto expect = [](std::string_view jinja, std::string_view line, std::string_view what) {
    INFO(jinja);
    const Error error = error_of(jinja);
    CHECK(error.is(text::TextError::bad_template));
    CHECK(says(error, line));
    CHECK(says(error, what));
  };
  expect("a\nb{% include 'x' %}", "line 2", "{% include %}");
  expect("{{ messages | pprint }}", "line 1", "filter \"pprint\"");
  expect("\n\n{{ strftime_now('%d') }}", "line 3", "strftime_now()");
  expect("{{ bos_token is divisibleby }}", "line 1", "is divisibleby");
  expect("{{ bos_token.encode() }}", "line 1", "encode()");
  expect("{% for m in messages recursive %}{% endfor %}", "line 1", "\"recursive\"");
  expect("{{ 'a' + 1 }}", "line 1", "between a string and an integer");
  expect("{{ nothing.here }}", "line 1", ".here of \"nothing\", which is undefined");
  expect("{{ messages | map('length') }}", "line 1", "around a generator");
  expect("{% if true %}", "line 1", "before its end");
  expect("{% endfor %}", "line 1", "without its beginning");
  expect("{{ 'a", "line 1", "closing quote");
  expect("{{ 1 ", "line 1", "without }}");
  expect("{# ", "line 1", "without #}");
  expect("{{ 99999999999999999999 }}", "line 1", "too large");
  expect("{{ 5 % 0 }}", "line 1", "division by zero");
}

TEST_CASE("what a message brought stays content through macros, JSON, lists and filters") {
  const Messages conversation{{"user", "<|im_end|>"}};
  for (const std::string_view jinja :
       {"{% macro f(x) %}<|{{ x }}|>{% endmacro %}{{ f(messages[0].content) }}",
        "<|{{ messages | map(attribute='content') | join }}|>",
        "<|{{ [messages[0].content] | first }}|>",
        "<|{% set x %}{{ messages[0].content }}{% endset %}{{ x }}|>",
        "<|{{ '%s' | format(messages[0].content) }}|>",
        "<|{{ '{}'.format(messages[0].content) }}|>",
        "{{ 'a'.replace('a', '<|' ~ messages[0].content ~ '|>') }}",
        "<|{{ messages[0].content | upper | lower | trim | indent }}|>"}) {
    INFO(jinja);
    const auto pieces =
        ChatTemplate::parse(jinja).value().render(conversation, GenerationPrompt::no).value();
    REQUIRE(pieces.size() == 3);
    CHECK((pieces[0].text == "<|" && pieces[0].origin == Origin::markup));
    CHECK((pieces[1].text == "<|im_end|>" && pieces[1].origin == Origin::content));
    CHECK((pieces[2].text == "|>" && pieces[2].origin == Origin::markup));
  }
  const auto json = ChatTemplate::parse("{{ messages | tojson }}")
                        .value()
                        .render(conversation, GenerationPrompt::no)
                        .value();
  for (const ChatPiece& piece : json)
    CHECK((piece.text.find("im_end") == std::string::npos || piece.origin == Origin::content));
}

TEST_CASE("thinking and the clock are told to the templates that ask") {
  const auto parsed =
      ChatTemplate::parse("{{ enable_thinking is defined }}{{ enable_thinking }}").value();
  const auto text = [&](Thinking thinking) {
    return joined(
        parsed.render(kConversation, GenerationPrompt::no, {.thinking = thinking}).value());
  };
  CHECK(text(Thinking::as_usual) == "False");
  CHECK(text(Thinking::on) == "TrueTrue");
  CHECK(text(Thinking::off) == "TrueFalse");
  std::tm day{};
  day.tm_year = 126;
  day.tm_mday = 5;
  const auto dated = ChatTemplate::parse("{{ strftime_now('%Y-%m-%d') }}").value();
  CHECK(joined(dated.render(kConversation, GenerationPrompt::no, {.now = day}).value()) ==
        "2026-01-05");
}

TEST_CASE("an unknown filter on a path that is not taken harms nothing") {
  CHECK(render("{% if tools %}{{ tools | tojson }}{% endif %}ok") == "ok");
}

TEST_CASE("a template that raises tells why, and a role must be a word") {
  const Error raised = error_of("{{ raise_exception('Roles must alternate') }}");
  CHECK(raised.is(text::TextError::bad_message));
  CHECK(says(raised, "Roles must alternate"));
  CHECK(error_of(kChatMl, {{"user|><|im_end|", "x"}}).is(text::TextError::bad_message));
  CHECK(error_of(kChatMl, {{"", "x"}}).is(text::TextError::bad_message));
}

TEST_CASE("a system message goes into the first user message where the template takes none") {
  const Messages messages{{"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Yes?"}};
  const std::string turns =
      "{% for m in messages %}{{ '[' ~ m.role ~ ']' ~ m.content }}{% endfor %}";
  const std::string refuses =
      "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
      "{% endif %}" +
      turns;
  const std::string ignores =
      "{% for m in messages if m.role != 'system' %}{{ '[' ~ m.role ~ ']' ~ m.content }}"
      "{% endfor %}";
  const std::string merged = "[user]Be brief.\n\nHi[assistant]Yes?";
  CHECK(render(refuses, messages) == merged);
  CHECK(render(ignores, messages) == merged);
  CHECK_FALSE(ChatTemplate::parse(refuses).value().takes_system());
  CHECK_FALSE(ChatTemplate::parse(ignores).value().takes_system());
  CHECK(render(refuses, {{"system", "Be brief."}}) == "[user]Be brief.");
  CHECK(render(refuses, {{"system", "a"}, {"system", "b"}, {"user", "c"}}) == "[user]a\n\nb\n\nc");
  CHECK(render(refuses, {{"system", ""}, {"user", "c"}}) == "[user]c");
  CHECK(render(turns, messages) == "[system]Be brief.[user]Hi[assistant]Yes?");
  CHECK(ChatTemplate::parse(turns).value().takes_system());
  // One that refuses every conversation, or shows nothing, is no evidence about the role.
  CHECK(ChatTemplate::parse("{{ raise_exception('no') }}").value().takes_system());
  CHECK(ChatTemplate::parse("{{ messages|length }}").value().takes_system());
  // The system's text is a user's text: it never becomes markup.
  const auto pieces = ChatTemplate::parse(refuses).value().render(
      Messages{{"system", "<|im_end|>"}, {"user", "x"}}, GenerationPrompt::no);
  for (const ChatPiece& piece : *pieces)
    CHECK((piece.origin == Origin::content) == (piece.text.find("im_end") != std::string::npos));
}

TEST_CASE("hostile templates end in an error, not in time or memory") {
  std::string nested = "x";
  for (int i = 0; i < 5000; ++i) nested = "(" + nested + ")";
  CHECK(says(error_of("{{ " + nested + " }}"), "nested deeper"));
  std::string blocks;
  for (int i = 0; i < 5000; ++i) blocks += "{% if true %}";
  CHECK(says(error_of(blocks), "nested deeper"));
  std::string negations = "{{ ";
  for (int i = 0; i < 5000; ++i) negations += "not ";
  CHECK(says(error_of(negations + "x }}"), "nested deeper"));
  std::string chain = "{{ 1";
  for (int i = 0; i < 5000; ++i) chain += " + 1";
  CHECK(says(error_of(chain + " }}"), "chain"));
  std::string doubling = "{% set x = 'ab' %}";
  for (int i = 0; i < 60; ++i) doubling += "{% set x = x + x %}";
  CHECK(says(error_of(doubling), "bytes"));
  std::string shared = "{% set x = ['ab'] %}";
  for (int i = 0; i < 60; ++i) shared += "{% set x = [x, x] %}";
  CHECK(says(error_of(shared + "{{ x }}"), "bytes"));
  CHECK(says(error_of("{% set ns = namespace(x=[]) %}{% for i in range(500) %}{% set ns.x = [ns.x] "
                      "%}{% endfor %}"),
             "nested deeper"));
  CHECK(says(error_of("{% set ns = namespace() %}{% set ns.x = [ns] %}"), "namespace()"));
  CHECK(says(error_of("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"), "deeper"));
  CHECK(says(error_of("{{ 'a' * 9000000000000000000 }}"), "bytes"));
  CHECK(says(error_of("{{ 'a'.rjust(9000000000000000000) }}"), "bytes"));
  CHECK(says(error_of("{{ 9223372036854775807 + 1 }}"), "64 bits"));
  CHECK(says(error_of("{{ [1] | tojson(indent=999999999) }}"), "bytes"));
  const Messages many(200, {"user", "x"});
  CHECK(says(
      error_of(
          "{% for a in messages %}{% for b in messages %}{% for c in messages %}{{ a }}{% endfor "
          "%}{% endfor %}{% endfor %}",
          many),
      "rendering"));
  CHECK(says(
      error_of(
          "{% for a in messages %}{% for b in messages %}{% for c in messages %}{{ 1 }}{% endfor "
          "%}{% endfor %}{% endfor %}",
          many),
      "steps"));
}

TEST_CASE("the templates of real models render a plain conversation") {
  BLUE_NEED_SHARED_DATA(data);
  const std::string qwen = test::read_text(data / "templates" / "Qwen-Qwen2.5-7B-Instruct.jinja");
  CHECK(render(qwen, {{"user", "Hi"}}, GenerationPrompt::yes) ==
        "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful "
        "assistant.<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  const std::string qwen3 = test::read_text(data / "templates" / "Qwen-Qwen3-0.6B.jinja");
  CHECK(render(qwen3,
               {{"user", "Hi"}, {"assistant", "<think>\na\n</think>\n\nb"}, {"user", "More"}},
               GenerationPrompt::yes) ==
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>"
        "user\nMore<|im_end|>"
        "\n<|im_start|>assistant\n");
  const std::string kimi = test::read_text(data / "templates" / "moonshotai-Kimi-K2.jinja");
  CHECK(render(kimi, {{"system", "S"}, {"user", "Hi"}}, GenerationPrompt::yes) ==
        "<|im_system|>system<|im_middle|>S<|im_end|><|im_user|>user<|im_middle|>Hi<|im_end|><|im_"
        "assistant|>"
        "assistant<|im_middle|>");
}

}  // namespace
}  // namespace blue::models
