// `blue chat`: a talk with one model, turn by turn: lines from the terminal or a pipe, answers as they come. One thread does it all, on a
// model of its own, so that the rows of earlier turns stay where they are and only what is new is computed.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/blue/command.h"
#include "apps/blue/interrupt.h"
#include "apps/blue/text_file.h"
#include "apps/blue/thinking_screen.h"
#include "models/inline_model.h"
#include "models/session.h"
#include "models/tokenizer/stream_decoder.h"

namespace blue::apps {

namespace {

struct ChatOptions {
  std::string model;
  std::string system;
  std::string device = "auto";
  std::string thinking = "usual";
  std::uint32_t context = models::kDefaultContext;
  std::uint32_t max_tokens = 1024;
  models::SamplingSpec sampling;
};

constexpr const char* kHelp =
    "/help         this\n"
    "/clear        forget the talk so far\n"
    "/system TEXT  another system message; nothing takes it away\n"
    "/save FILE    write the talk as JSON\n"
    "/quit         end; so do Ctrl-D, and Ctrl-C where no answer is being given\n";

models::Thinking thinking_of(const std::string& word) {
  if (word == "on") return models::Thinking::on;
  return word == "off" ? models::Thinking::off : models::Thinking::as_usual;
}

Result<std::unique_ptr<models::InlineModel>> open(const ChatOptions& options) {
  BLUE_TRY_ASSIGN(const auto header, models::open_model(options.model));
  models::InlineModelOptions load;
  load.backend = options.device;
  const std::uint32_t n_trained = header->program.hyper.n_context;
  load.max_context = n_trained > 0 ? std::min(options.context, n_trained) : options.context;
  return models::InlineModel::load(options.model, load);
}

/// The talk and the session that answers in it.
class Chat {
 public:
  Chat(const ChatOptions& options, models::InlineModel& model, Interrupt& interrupt)
      : options_(options),
        model_(model.model()),
        interrupt_(interrupt),
        session_(model.model(), model.executor(), 0),
        is_dimmed_(isatty(STDOUT_FILENO) == 1),
        system_(options.system) {}

  /// A line of the user: a command or a message. False to end.
  Result<bool> take(const std::string& line) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) return true;
    if (line[0] != '/') {
      BLUE_TRY(answer(line));
      return true;
    }
    const std::size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (word == "/quit") return false;
    if (word == "/help") {
      std::fputs(kHelp, stdout);
    } else if (word == "/clear") {
      turns_.clear();
    } else if (word == "/system") {
      system_ = rest;
    } else if (word == "/save") {
      BLUE_TRY(save(rest));
    } else {
      return Error(AppsError::bad_request, word + ": no such command; /help lists them");
    }
    return true;
  }

 private:
  [[nodiscard]] std::vector<models::ChatMessage> messages() const {
    std::vector<models::ChatMessage> out;
    if (!system_.empty()) out.push_back({"system", system_});
    out.insert(out.end(), turns_.begin(), turns_.end());
    return out;
  }

  /// Adds the message and its answer to the talk. When it can't be answered the talk stays as it was.
  Status answer(const std::string& line) {
    turns_.push_back({"user", line});
    Result<std::string> text = generate();
    if (!text) {
      turns_.pop_back();
      Error error = std::move(text).error();
      if (!error.is(models::ModelsError::prompt_too_long)) return error;
      return Error(AppsError::bad_request,
                   error.message() + "; /clear forgets the talk so far, --context holds more of it");
    }
    turns_.push_back({"assistant", std::move(text).value()});
    return {};
  }

  /// The answer, shown as it comes; what there is of it when Ctrl-C stopped it.
  Result<std::string> generate() {
    BLUE_TRY_ASSIGN(const std::vector<TokenId> prompt,
                    model_.chat_tokens(messages(), thinking_of(options_.thinking)));
    interrupt_.forget();
    const StopToken stop = interrupt_.stop();
    // Where the template has opened the thinking already, the answer begins inside it.
    const std::string before =
        model_.tokenizer->decode(std::span(prompt).last(std::min<std::size_t>(prompt.size(), 4)));
    const std::size_t last = before.find_last_not_of(" \n");
    const bool is_thinking =
        last != std::string::npos && std::string_view(before).substr(0, last + 1).ends_with("<think>");
    std::string text = is_thinking ? "<think>\n" : "";
    ThinkingScreen screen(is_dimmed_ ? ThinkingScreen::Style::dimmed : ThinkingScreen::Style::plain,
                          is_thinking ? ThinkingScreen::Begins::thinking : ThinkingScreen::Begins::answering);
    models::StreamDecoder decoder(*model_.tokenizer, models::StreamDecoder::TextStart::continuation);
    Status status = session_.begin(prompt, options_.sampling, options_.max_tokens, stop);
    while (status) {
      Result<std::optional<models::TokenEvent>> event = session_.next(stop);
      if (!event) status = std::move(event).error();
      if (!status || !*event) break;
      const std::string_view piece = decoder.feed((*event)->id);
      text += piece;
      screen.show(piece);
      std::fflush(stdout);
    }
    const bool was_stopped = !status && status.error().is(models::ModelsError::stopped);
    if (!status && !was_stopped) return std::move(status).error();
    const std::string_view rest = decoder.flush();
    text += rest;
    screen.show(rest);
    screen.finish();
    std::fputc('\n', stdout);
    std::fflush(stdout);
    tell_end(was_stopped);
    return text;
  }

  void tell_end(bool was_stopped) const {
    if (was_stopped) {
      std::fprintf(stderr, "blue: the answer was stopped\n");
    } else if (session_.end() == models::SessionEnd::token_budget) {
      std::fprintf(stderr, "blue: the answer was cut after %u tokens (-n)\n", options_.max_tokens);
    } else if (session_.end() == models::SessionEnd::context_full) {
      std::fprintf(stderr, "blue: the context is full; /clear forgets the talk so far\n");
    }
  }

  Status save(const std::string& path) const {
    if (path.empty()) return Error(AppsError::bad_request, "/save: no file is named");
    auto talk = nlohmann::ordered_json::array();
    for (const models::ChatMessage& message : messages())
      talk.push_back({{"role", message.role}, {"content", message.content}});
    return write_file(path,
                      talk.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  }

  const ChatOptions& options_;
  const models::Model& model_;
  Interrupt& interrupt_;
  models::Session session_;
  bool is_dimmed_;
  std::string system_;
  std::vector<models::ChatMessage> turns_;
};

/// One line; nothing at the end of input, and when Ctrl-C was pressed meanwhile.
std::optional<std::string> read_line(bool is_terminal) {
  if (is_terminal) {
    std::fputs("> ", stdout);
    std::fflush(stdout);
  }
  std::string line;
  if (std::getline(std::cin, line)) return line;
  if (is_terminal) std::fputc('\n', stdout);
  return std::nullopt;
}

Result<int> chat(const ChatOptions& options) {
  BLUE_TRY(options.sampling.validate());
  BLUE_TRY_ASSIGN(const std::unique_ptr<models::InlineModel> model, open(options));
  std::fprintf(stderr, "blue: device %s\n", model->choice().c_str());
  Interrupt interrupt(Interrupt::Again::is_noted);
  Chat talk(options, *model, interrupt);
  const bool is_terminal = isatty(STDIN_FILENO) == 1;
  if (is_terminal) std::fprintf(stderr, "blue: /help lists the commands; Ctrl-D ends\n");
  int status = kExitDone;
  for (;;) {
    const std::optional<std::string> line = read_line(is_terminal);
    if (!line) break;
    const Result<bool> goes_on = talk.take(*line);
    std::fflush(stdout);
    if (!goes_on) {
      const int told = tell(goes_on.error());
      if (!is_terminal) status = told;  // a script hears at its end that a line of it was refused
      continue;
    }
    if (!*goes_on) break;
  }
  return status;
}

}  // namespace

void add_chat(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("chat", "Talk with one model, turn by turn");
  auto options = std::make_shared<ChatOptions>();
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  command->add_option("--system", options->system, "System message");
  command->add_option("-n,--tokens", options->max_tokens, "Most tokens of one answer")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--think", options->thinking, "on or off, for models that can be told")
      ->check(CLI::IsMember({"usual", "on", "off"}))
      ->capture_default_str();
  add_sampling_options(*command, options->sampling);
  command
      ->add_option("--context", options->context, "Tokens of context; cut to what the model was trained for")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  add_device_option(*command, options->device);
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = chat(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
