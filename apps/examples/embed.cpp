// A host program with an actor of its own inside the runtime's actor system: it prints a prompt's
// tokens and asks the application for an answer through typed messages.
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include "base/printable.h"
#include "runtime/embedded.h"

namespace {

using namespace blue;

constexpr int kExitFailed = 1;
constexpr int kExitBadInput = 2;
constexpr std::chrono::minutes kPatience(5);

class StderrSink final : public LogSink {
 public:
  void write(LogLevel level, std::string_view line) override {
    if (level < LogLevel::warning) return;
    std::fprintf(stderr, "example_embed: %s\n", printable(line).c_str());
  }
};

int tell(const std::string& message, int status) {
  std::fprintf(stderr, "example_embed: %s\n", printable(message).c_str());
  return status;
}

std::string joined(const std::vector<TokenId>& ids) {
  std::string text;
  for (const TokenId id : ids) text += " " + std::to_string(id);
  return text;
}

/// The actor of this program: requests an answer, prints it, sends the exit status to its parent
/// and ends.
caf::behavior asker(caf::event_based_actor* self, actors::ApplicationHandle application,
                    messages::GenerateText order, caf::actor parent) {
  self->request(application, kPatience, std::move(order))
      .then(
          [=](const messages::GeneratedText& answer) {
            if (!answer.error.empty()) {
              self->send(parent, tell(answer.error, kExitBadInput));
            } else {
              std::printf("%s\n[%u tokens]\n", answer.text.c_str(), answer.figures.n_tokens);
              self->send(parent, 0);
            }
            self->quit();
          },
          [=](const caf::error& problem) {
            self->send(parent, tell(self->system().render(problem), kExitFailed));
            self->quit();
          });
  return {};
}

/// Prints the prompt's token ids. The exit status.
int print_tokens(runtime::Runtime& runtime, const std::string& path, const std::string& prompt) {
  const auto model = runtime.load_model(path);
  if (!model) return tell(model.error().message(), kExitBadInput);
  const auto& tokenizer = (*model)->tokenizer;
  if (!tokenizer) return tell((*model)->tokenizer_error, kExitBadInput);
  const auto ids = tokenizer->encode(prompt, text::SpecialTokens::as_text);
  if (!ids) return tell(ids.error().message(), kExitBadInput);
  std::printf("prompt tokens:%s\n", joined(*ids).c_str());
  return 0;
}

int converse(runtime::Runtime& runtime, const std::string& model, const std::string& prompt) {
  caf::actor_system& system = runtime::actor_system(runtime);
  caf::scoped_actor self(system);
  if (const int status = print_tokens(runtime, model, prompt); status != 0) return status;
  messages::GenerateText order;
  order.spec.model = model;
  order.spec.prompt = prompt;
  order.spec.max_tokens = 48;
  system.spawn(asker, runtime::application(runtime), runtime::as_root(runtime, std::move(order)),
               caf::actor(self));
  int status = kExitFailed;
  self->receive([&](int told) { status = told; });
  return status;
}

int run(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: example_embed MODEL.gguf PROMPT\n");
    return kExitBadInput;
  }
  StderrSink log;
  auto runtime = runtime::Runtime::start({}, log);
  if (!runtime) return tell(runtime.error().message(), kExitFailed);
  // converse() drops every handle before it returns, so the shutdown waits for none.
  const int status = converse(**runtime, argv[1], argv[2]);
  (*runtime)->shutdown();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    return tell(failure.what(), kExitFailed);
  }
}
