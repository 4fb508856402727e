// `blue tokenize`: prints the ids of a text, or each token with its bytes.
#include <memory>

#include "apps/blue/command.h"
#include "apps/blue/prompt.h"
#include "apps/io/output.h"
#include "base/printable.h"
#include "models/gguf/gguf_file.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::apps {

namespace {

struct TokenizeOptions {
  std::string model;
  models::ModelOptions reading;
  bool shows_ids = false;
  bool parses_special = false;
  bool has_no_bos = false;
  TextSource source;
};

Result<std::vector<TokenId>> encode(const text::Tokenizer& tokenizer,
                                    const TokenizeOptions& options) {
  TextSource source = options.source;
  if (!source.argument && source.file.empty()) source.argument = "-";  // at a terminal too
  BLUE_TRY_ASSIGN(const std::optional<std::string> given, read_text(source, Reading::as_it_is));
  const std::string& text = *given;
  if (!options.parses_special) return tokenizer.encode(text, text::SpecialTokens::as_text);
  BLUE_TRY_ASSIGN(std::vector<TokenId> tokens, tokenizer.encode(text, text::SpecialTokens::parse));
  const bool has_bos = !tokens.empty() && tokens.front() == tokenizer.bos();
  if (has_bos && options.has_no_bos) tokens.erase(tokens.begin());
  const bool wants_bos = tokenizer.adds_bos() && !has_bos && !options.has_no_bos;
  if (wants_bos && tokenizer.bos() != kNoToken) tokens.insert(tokens.begin(), tokenizer.bos());
  return tokens;
}

Status tokenize(const TokenizeOptions& options) {
  BLUE_TRY_ASSIGN(const models::GgufFile file, models::GgufFile::open(options.model));
  BLUE_TRY_ASSIGN(const std::unique_ptr<text::Tokenizer> tokenizer,
                  text::Tokenizer::from_metadata(file, options.reading.tokenizer));
  for (const std::string& note : tokenizer->notes()) io::message(options.model + ": " + note);
  BLUE_TRY_ASSIGN(const std::vector<TokenId> tokens, encode(*tokenizer, options));
  std::string ids;
  for (const TokenId token : tokens) {
    if (options.shows_ids) {
      ids += (ids.empty() ? "" : " ") + std::to_string(token);
    } else {
      io::print_text(std::to_string(token) + "\t" + printable(tokenizer->piece(token)) + "\n");
    }
  }
  if (options.shows_ids) io::print_line(ids);
  return {};
}

}  // namespace

void add_tokenize(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("tokenize", "Print the tokens of a text, which is read to the byte");
  auto options = std::make_shared<TokenizeOptions>();
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  add_pre_option(*command, options->reading);
  CLI::Option* text = command->add_option("-p,--prompt", options->source.argument,
                                          "The text; by default standard input");
  command->add_option("-f,--file", options->source.file, "File that holds the text")
      ->excludes(text);
  command->add_flag("--ids", options->shows_ids, "Ids alone, on one line");
  command->add_flag("--special,--raw", options->parses_special,
                    "Add BOS where the model asks for it and parse special tokens");
  command->add_flag("--no-bos", options->has_no_bos, "Add no BOS");
  command->callback([&action, options] {
    action = [options] {
      const Status status = tokenize(*options);
      return status ? kExitDone : tell(status.error());
    };
  });
}

}  // namespace blue::apps
