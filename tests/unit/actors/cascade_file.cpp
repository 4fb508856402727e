#include "actors/cascade/cascade_file.h"

#include <catch2/catch_test_macros.hpp>

namespace blue::actors {
namespace {

const std::string kGood = R"(name = "pair"
slots = ["task", "draft", "answer"]
input = "task"
output = "answer"

[[stage]]
name = "write"
model = "m/writer.gguf"
prompt = "Do {task} in {{braces}}."
reads = ["task"]
writes = "draft"
sampling = { temperature = 0.5, top_k = 3, seed = 9 }

[[stage]]
name = "mend"
role = "fixer"
model = "/abs/fixer.gguf"
system = "You mend."
prompt = "{task}|{draft}"
reads = ["task", "draft"]
writes = "answer"
max_tokens = 12
skip = { after = "write", mean_entropy_below = 0.1, copy = "draft" }
)";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

TEST_CASE("a good cascade file is read whole") {
  const auto cascade = parse_cascade(kGood, "dir/pair.toml");
  REQUIRE(cascade.ok());
  CHECK(cascade->name == "pair");
  CHECK_FALSE(cascade->allows_skip);
  REQUIRE(cascade->stages.size() == 2);
  CHECK(cascade->stages[0].model == "dir/m/writer.gguf");
  CHECK(cascade->stages[0].role == "write");
  CHECK(cascade->stages[0].sampling.top_k == 3);
  CHECK(cascade->stages[0].sampling.seed == 9);
  CHECK(cascade->stages[1].model == "/abs/fixer.gguf");
  CHECK(cascade->stages[1].system == "You mend.");
  CHECK(cascade->stages[1].max_tokens == 12);
  REQUIRE(cascade->stages[1].skip);
  CHECK(cascade->stages[1].skip->copy == "draft");
}

TEST_CASE("each mistake in a cascade file is one line that names file, place and thing") {
  struct Mistake {
    std::string what;
    std::string with;
    std::string place;
    std::string thing;
  };
  const std::vector<Mistake> mistakes = {
      {"name = \"pair\"", "nam = \"pair\"", "c.toml:1", "name"},
      {"output = \"answer\"", "output = \"anwser\"", "c.toml", "anwser"},
      {"reads = [\"task\"]", "reads = [\"task\", \"missing\"]", "c.toml", "missing"},
      {"reads = [\"task\"]", "reads = [\"draft\", \"task\"]", "c.toml",
       "before any stage has written it"},
      {"writes = \"answer\"", "writes = \"draft\"", "c.toml", "written already"},
      {"writes = \"answer\"", "writes = \"task\"", "c.toml", "written already"},
      {"prompt = \"{task}|{draft}\"", "prompt = \"{reasoning}\"", "c.toml", "'reasoning'"},
      {"prompt = \"{task}|{draft}\"", "prompt = \"{task\"", "c.toml", "unclosed"},
      {"max_tokens = 12", "max_tokens = 0", "c.toml:22", "max_tokens"},
      {"max_tokens = 12", "max_tokenz = 12", "c.toml:22", "unknown key max_tokenz"},
      {"temperature = 0.5", "temperature = -1", "c.toml", "temperature"},
      {"after = \"write\"", "after = \"mend\"", "c.toml", "no earlier stage"},
      {"mean_entropy_below = 0.1", "mean_entropy_below = 0", "c.toml", "mean_entropy_below"},
      {"name = \"mend\"", "name = \"write\"", "c.toml", "two stages"},
      {"[[stage]]", "[stage", "c.toml:6", "not TOML"},
      {"\"draft\", \"answer\"]", "\"draft\", \"draft\", \"answer\"]", "c.toml", "declared twice"},
      {"\"draft\", \"answer\"]", "\"draft\", \"answer\", \"idle\"]", "c.toml", "no stage writes"},
  };
  for (const Mistake& mistake : mistakes) {
    INFO(mistake.what << " -> " << mistake.with);
    const auto cascade = parse_cascade(replaced(kGood, mistake.what, mistake.with), "c.toml");
    REQUIRE_FALSE(cascade.ok());
    INFO(cascade.error().message());
    CHECK(cascade.error().is(ActorsError::bad_cascade));
    CHECK(cascade.error().message().find(mistake.place) == 0);
    CHECK(cascade.error().message().find(mistake.thing) != std::string::npos);
    CHECK(cascade.error().message().find('\n') == std::string::npos);
  }
}

TEST_CASE("characters beyond ASCII belong in strings and comments alone") {
  const std::string sentence = "Tu répares. 修 \\\" 🙂";
  const auto cascade = parse_cascade("# é\n" + replaced(kGood, "You mend.", sentence), "c.toml");
  REQUIRE(cascade.ok());
  CHECK(cascade->stages[1].system == "Tu répares. 修 \" 🙂");
  CHECK(parse_cascade("\xEF\xBB\xBF" + kGood, "c.toml").ok());
  for (const std::string bad :
       {"\xEF\xBB\x9E\n", "\n\xC3\xA9 = 1\n", "a = \"x\" \xC3\xA9\n", "a = \"\xFF\"\n", "a = 'é'\n",
        "a = \"x\\é\"\n", "a = \"\xED\xA0\x80\"\n", "a = \"\xC0\x80\"\n"}) {
    const auto refused = parse_cascade(bad, "c.toml");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message().find("not ASCII") != std::string::npos);
  }
  // Where toml++ looks ahead over a quote it must not meet such a character either.
  CHECK_FALSE(parse_cascade("j=4\x02"
                            "e=\"x\xCF\x99\x02",
                            "c.toml")
                  .ok());
}

TEST_CASE("a cascade file that is absent or a folder is refused by name") {
  CHECK(load_cascade("/nowhere/c.toml").error().message().find("/nowhere/c.toml") == 0);
  CHECK(load_cascade("/").error().message().find("directory") != std::string::npos);
}

TEST_CASE("an override changes one stage and nothing else") {
  CascadeSpec cascade = parse_cascade(kGood, "c.toml").value();
  REQUIRE(apply_override(cascade, "mend.model=/other=odd.gguf").ok());
  CHECK(cascade.stages[1].model == "/other=odd.gguf");
  REQUIRE(apply_override(cascade, "write.max_tokens=7").ok());
  CHECK(cascade.stages[0].max_tokens == 7);
  REQUIRE(apply_override(cascade, "write.temperature=0").ok());
  CHECK(cascade.stages[0].sampling.temperature == 0.0F);
  for (const char* bad :
       {"mend", "mend.model", "mend=x", "nobody.model=x", "mend.colour=x", "mend.max_tokens=0",
        "mend.max_tokens=7x", "mend.temperature=-2", "mend.seed=-1", "mend.model="}) {
    INFO(bad);
    const Status status = apply_override(cascade, bad);
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().is(ActorsError::bad_override));
  }
}

TEST_CASE("a prompt is filled by slots, and braces can be literal") {
  const CascadeSpec cascade = parse_cascade(kGood, "c.toml").value();
  const auto read = [](std::string_view slot) -> Result<std::string> {
    return "<" + std::string(slot) + "{x}>";
  };
  CHECK(render_prompt(cascade.stages[0], read).value() == "Do <task{x}> in {braces}.");
  const auto refuse = [](std::string_view slot) -> Result<std::string> {
    return Error(ActorsError::bad_request, "no " + std::string(slot));
  };
  CHECK(render_prompt(cascade.stages[1], refuse).error().message() == "no task");
}

}  // namespace
}  // namespace blue::actors
