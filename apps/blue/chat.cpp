// `blue chat`: a conversation with one model, turn by turn: lines from the terminal or a pipe,
// answers as they are generated. Every answer is a generation of the runtime; its stage keeps the
// KV rows of earlier turns, so that only new tokens are computed.
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "apps/blue/command.h"
#include "apps/blue/conversation.h"
#include "apps/blue/interrupt.h"
#include "apps/blue/prompt.h"
#include "apps/blue/stream_printer.h"
#include "apps/io/output.h"
#include "apps/io/text_file.h"
#include "apps/options/resource_options.h"
#include "apps/terminal/line_reader.h"
#include "runtime/runtime.h"

namespace blue::apps {

namespace {

struct ChatOptions {
  std::string model;
  std::string system;
  std::string thinking = "usual";
  std::string trace;
  bool is_quiet = false;
  runtime::RuntimeOptions runtime;
  std::uint32_t max_tokens = 1024;
  models::SamplingSpec sampling;
  PromptStyle style;
};

constexpr const char* kHelp =
    "/help         list the commands\n"
    "/clear        forget the conversation so far\n"
    "/system TEXT  another system message; without TEXT: none\n"
    "/save FILE    write the conversation as JSON\n"
    "/quit         end; Ctrl-D does too, and Ctrl-C while no answer is generated\n";

models::Thinking thinking_of(const std::string& word) {
  if (word == "on") return models::Thinking::on;
  return word == "off" ? models::Thinking::off : models::Thinking::as_usual;
}

/// One model, one conversation.
class Chat {
 public:
  Chat(const ChatOptions& options, const PromptEncoder& encoder, runtime::Runtime& runtime,
       std::shared_ptr<const models::Model> model, const Interrupt& interrupt)
      : options_(options),
        encoder_(encoder),
        runtime_(runtime),
        model_(std::move(model)),
        interrupt_(interrupt),
        is_dimmed_(io::has_styles(STDOUT_FILENO)),
        conversation_(options.system) {}

  /// Handles a line of the user: a command or a message. False at the end.
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
      io::print_text(kHelp);
    } else if (word == "/clear") {
      conversation_.clear();
    } else if (word == "/system") {
      conversation_.set_system(rest);
    } else if (word == "/save") {
      if (rest.empty()) return Error(AppsError::bad_request, "/save: no file is named");
      BLUE_TRY(io::write_file(rest, conversation_.to_json()));
    } else {
      return Error(AppsError::bad_request, word + ": no such command; /help lists them");
    }
    return true;
  }

 private:
  /// Adds the message and its answer to the conversation, or neither when there is no answer.
  Status answer(const std::string& line) {
    conversation_.ask(line);
    Result<std::optional<std::string>> text = generate();
    if (!text || !*text) conversation_.take_back();
    if (!text) return std::move(text).error();
    if (*text) conversation_.answer(std::move(**text));
    return {};
  }

  /// The prompt of the conversation so far. Errors: chat_tokens'; bad_request when the context has
  /// no room for an answer to it.
  Result<std::vector<TokenId>> prompt() const {
    BLUE_TRY_ASSIGN(
        std::vector<TokenId> tokens,
        encoder_.conversation(*model_, conversation_.messages(), thinking_of(options_.thinking)));
    const std::uint32_t n_trained = model_->program.hyper.n_context;
    const std::uint32_t n_context = n_trained > 0
                                        ? std::min(options_.runtime.max_context, n_trained)
                                        : options_.runtime.max_context;
    if (tokens.size() < n_context) return tokens;
    return Error(AppsError::bad_request,
                 "the conversation has " + std::to_string(tokens.size()) +
                     " tokens with this message, the context holds " + std::to_string(n_context) +
                     " and needs room for one more; /clear forgets the conversation "
                     "so far, --context holds more of it");
  }

  /// Does the prompt end inside an open <think>? The answer then begins with thinking.
  [[nodiscard]] bool opens_thinking(std::span<const TokenId> prompt) const {
    const std::string end =
        model_->tokenizer->decode(prompt.last(std::min<std::size_t>(prompt.size(), 4)));
    const std::size_t last = end.find_last_not_of(" \n");
    return last != std::string::npos &&
           std::string_view(end).substr(0, last + 1).ends_with("<think>");
  }

  /// Generates and prints the answer. Of a stopped answer the generated part is returned;
  /// nothing when it had not begun.
  Result<std::optional<std::string>> generate() {
    runtime::GenerateRequest request;
    request.model = options_.model;
    request.max_tokens = options_.max_tokens;
    request.sampling = options_.sampling;
    BLUE_TRY_ASSIGN(request.prompt_tokens, prompt());
    const bool is_thinking = opens_thinking(request.prompt_tokens);
    StreamPrinter screen(
        is_dimmed_ ? StreamPrinter::Style::dimmed : StreamPrinter::Style::plain,
        is_thinking ? StreamPrinter::Begins::thinking : StreamPrinter::Begins::answering);
    BLUE_TRY_ASSIGN(runtime::Run run, runtime_.generate(request));
    const runtime::RunEvent end = run.follow(
        [&screen](const runtime::RunEvent& event) {
          if (event.kind != runtime::RunEvent::Kind::text) return;
          screen.show(event.text);
          io::flush_output();
        },
        [this] { return interrupt_.is_asked() || io::is_output_lost(); });
    screen.finish();
    if (end.outcome == messages::Outcome::failed && !end.preempted) {
      if (!end.text.empty()) io::print_text("\n");
      const bool is_for_user =
          end.error_kind == ErrorKind::bad_input || end.error_kind == ErrorKind::corrupt;
      return Error(is_for_user ? AppsError::bad_request : AppsError::run_failed, end.error);
    }
    const bool has_begun = !end.preempted || !end.text.empty();
    if (has_begun) io::print_text("\n");
    io::flush_output();
    if (!io::is_output_lost()) tell_end(end);
    if (!has_begun) return std::optional<std::string>();
    return std::optional((is_thinking ? "<think>\n" : "") + end.text);
  }

  void tell_end(const runtime::RunEvent& end) const {
    if (end.preempted) {
      const bool was_asked = *end.preempted == messages::PreemptReason::cancelled;
      io::messagef("the answer was stopped%s%s%s", was_asked ? "" : ": ",
                   was_asked ? "" : std::string(messages::to_text(*end.preempted)).c_str(),
                   end.text.empty() ? " before it began; your message is forgotten" : "");
    } else if (end.end == messages::StageEnd::token_budget) {
      io::messagef("the answer was cut after %u tokens (-n)", options_.max_tokens);
    } else if (end.end == messages::StageEnd::context_full) {
      io::message("the context is full; /clear forgets the conversation so far");
    }
  }

  const ChatOptions& options_;
  const PromptEncoder& encoder_;
  runtime::Runtime& runtime_;
  std::shared_ptr<const models::Model> model_;
  const Interrupt& interrupt_;
  bool is_dimmed_;
  Conversation conversation_;
};

/// Reads lines to the end of input. The exit status: for a script, that of its last error.
int read_lines(Chat& chat, terminal::LineReader& lines, Interrupt& interrupt, bool is_terminal) {
  int status = kExitDone;
  for (;;) {
    // A Ctrl-C from here on stops the answer to this line, also while its prompt is computed.
    interrupt.forget();
    const std::optional<std::string> line = lines.next();
    if (!line) return status;
    const Result<bool> goes_on = chat.take(*line);
    io::flush_output();
    if (io::is_output_lost()) return kExitFailed;
    if (!goes_on) {
      const int told = tell(goes_on.error());
      if (!is_terminal) status = told;  // a script continues, and its exit status reports the error
    } else if (!*goes_on) {
      return status;
    }
  }
}

Result<int> chat(const ChatOptions& options) {
  BLUE_TRY(options.sampling.validate());
  BLUE_TRY_ASSIGN(const PromptEncoder encoder, PromptEncoder::open(options.style));
  io::MessageLog log(options.is_quiet ? LogLevel::warning : LogLevel::info);
  runtime::RuntimeOptions how = options.runtime;
  how.models = {options.model};
  how.tracing = options.trace.empty() ? runtime::Tracing::off : runtime::Tracing::on;
  BLUE_TRY_ASSIGN(const std::unique_ptr<runtime::Runtime> runtime,
                  runtime::Runtime::start(how, log));
  BLUE_TRY_ASSIGN(std::shared_ptr<const models::Model> model, runtime->load_model(options.model));
  if (!options.system.empty() && !model->system_note().empty())
    log.write_once(LogLevel::info, model->path + ": " + model->system_note());
  if (!options.is_quiet) io::message("device " + to_text(runtime->resources()));
  Interrupt interrupt(Interrupt::Again::is_noted);
  Chat chat(options, encoder, *runtime, std::move(model), interrupt);
  const bool is_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  if (is_terminal && !options.is_quiet) io::message("/help lists the commands; Ctrl-D ends");
  const auto lines =
      is_terminal ? terminal::edited_lines({.program = "blue",
                                            .prompt = "> ",
                                            .history = terminal::history_path("chat_history"),
                                            .complete = {},
                                            .interrupt = terminal::InterruptKey::ends_input})
                  : terminal::script_lines();
  const int status = read_lines(chat, *lines, interrupt, is_terminal);
  if (!options.trace.empty()) BLUE_TRY(write_trace(*runtime, options.trace));
  runtime->shutdown();
  return status;
}

}  // namespace

void add_chat(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("chat", "Conversation with one model, turn by turn");
  auto options = std::make_shared<ChatOptions>();
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  command->add_option("--system", options->system, "System message");
  command->add_option("-n,--tokens", options->max_tokens, "Most tokens of one answer")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command
      ->add_option("--think", options->thinking,
                   "Thinking on or off, for models with a switch for it; usual: as the model's "
                   "template has it")
      ->check(CLI::IsMember({"usual", "on", "off"}))
      ->capture_default_str();
  add_template_options(*command, options->style);
  add_sampling_options(*command, options->sampling);
  command
      ->add_option("--context", options->runtime.max_context,
                   "Tokens of context; cut to what the model was trained for")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  add_device_option(*command, options->runtime.device);
  add_resource_options(*command, options->runtime.resources);
  add_kv_option(*command, options->runtime.kv_type);
  add_pre_option(*command, options->runtime.model);
  add_trace_option(*command, options->trace);
  add_quiet_option(*command, options->is_quiet);
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = chat(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
