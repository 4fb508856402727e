// Generations of a runtime with the prompt as tokens: what a conversation is made of.
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <string>
#include <vector>

#include "runtime/runtime.h"
#include "tests/support/apps/endless_model.h"

namespace blue::runtime {
namespace {

constexpr const char* kModel = "assets/nano/coder.gguf";
using Conversation = std::vector<models::ChatMessage>;

bool never() { return false; }

class Ground {
 public:
  NullLogSink log;
  std::unique_ptr<Runtime> runtime;
  std::shared_ptr<const models::Model> model;

  explicit Ground(std::string path = kModel, Bytes tier_0 = 64_MiB) : path_(std::move(path)) {
    RuntimeOptions options;
    options.device = "reference";
    options.resources.vram = tier_0;
    runtime = std::move(Runtime::start(options, log)).value();
    model = runtime->load_model(path_).value();
  }
  RunEvent answer(std::vector<TokenId> prompt, std::uint32_t max_tokens = 16, float temperature = 0,
                  const std::function<bool()>& wants_stop = never) {
    GenerateRequest request;
    request.model = path_;
    request.max_tokens = max_tokens;
    request.sampling.temperature = temperature;
    request.prompt_tokens = std::move(prompt);
    Run run = runtime->generate(request).value();
    return run.follow([](const RunEvent&) {}, wants_stop);
  }
  std::vector<TokenId> tokens(const Conversation& conversation) const {
    return model->chat_tokens(conversation, models::Thinking::as_usual).value();
  }

 private:
  std::string path_;
};

TEST_CASE(
    "a turn computes what is new alone, and says what a conversation that was computed anew says") {
  Ground warm;
  Conversation conversation = {{"user", "Task: Return the largest number in xs."}};
  const std::vector<TokenId> first = warm.tokens(conversation);
  const RunEvent one = warm.answer(first);
  REQUIRE(one.outcome == messages::Outcome::completed);
  CHECK(one.figures.n_prompt_tokens == first.size());
  CHECK(one.figures.n_cached_tokens == 0);

  conversation.push_back({"assistant", one.text});
  conversation.push_back({"user", "Now the smallest."});
  const std::vector<TokenId> second = warm.tokens(conversation);
  const RunEvent two = warm.answer(second);
  REQUIRE(two.outcome == messages::Outcome::completed);
  CHECK(two.figures.n_cached_tokens >= first.size());
  CHECK(two.figures.n_cached_tokens < second.size());

  Ground cold;
  const RunEvent anew = cold.answer(second);
  CHECK(anew.figures.n_cached_tokens == 0);
  CHECK(two.text == anew.text);
}

TEST_CASE(
    "a conversation with a model larger than its tier keeps its rows too, and says the same") {
  Ground roomy;
  Ground narrow(kModel, 1_MiB);
  Conversation conversation = {{"user", "Task: Return the largest number in xs."}};
  for (int turn = 0; turn < 2; ++turn) {
    const std::vector<TokenId> prompt = roomy.tokens(conversation);
    const RunEvent there = roomy.answer(prompt);
    const RunEvent here = narrow.answer(prompt);
    REQUIRE(here.error == "");
    CHECK(here.text == there.text);
    CHECK(here.figures.n_cached_tokens == there.figures.n_cached_tokens);
    CHECK(here.figures.n_misses > there.figures.n_misses);
    conversation.push_back({"assistant", there.text});
    conversation.push_back({"user", "Now the smallest."});
  }
}

TEST_CASE("the same prompt again runs its last token alone") {
  Ground ground;
  const std::vector<TokenId> prompt = ground.tokens({{"user", "Task: Sort xs."}});
  const RunEvent once = ground.answer(prompt);
  const RunEvent again = ground.answer(prompt);
  CHECK(again.figures.n_cached_tokens == prompt.size() - 1);
  CHECK(again.text == once.text);
}

TEST_CASE(
    "a prompt of tokens that the model does not have is refused, and the next one is answered") {
  Ground ground;
  for (const TokenId wrong :
       {TokenId{-1}, static_cast<TokenId>(ground.model->program.hyper.n_vocab)}) {
    const RunEvent end = ground.answer({1, wrong});
    CHECK(end.outcome == messages::Outcome::failed);
    CHECK_FALSE(end.preempted);
    CHECK_FALSE(end.error.empty());
  }
  CHECK(ground.answer(ground.tokens({{"user", "Task: Sort xs."}})).outcome ==
        messages::Outcome::completed);
}

TEST_CASE("a generation that is stopped says so, and how far it came") {
  const test::ScratchFolder scratch;
  Ground ground(test::write_endless_model(scratch));
  int n_asked = 0;
  const RunEvent end = ground.answer({'h', 'i'}, 4000, 1.0F, [&n_asked] { return ++n_asked == 2; });
  CHECK(end.outcome == messages::Outcome::cancelled);
  CHECK(end.preempted == messages::PreemptReason::cancelled);
  CHECK(end.figures.n_tokens < 4000);
}

}  // namespace
}  // namespace blue::runtime
