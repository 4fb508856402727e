// `blue tokenize`: the ids of a text, or what each token is.
#include <cstdio>
#include <memory>

#include "apps/blue/command.h"
#include "apps/blue/text_file.h"
#include "models/gguf/gguf_file.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::apps {

namespace {

struct TokenizeOptions {
  std::string model;
  models::ModelOptions reading;
  bool shows_ids = false;
  bool parses_special = false;
};

/// A token's bytes on one line: control characters escaped.
std::string printable(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (c == '\n') {
      text += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
      text += escaped;
    } else {
      text += c;
    }
  }
  return text;
}

Result<std::vector<TokenId>> encode(const text::Tokenizer& tokenizer,
                                    const TokenizeOptions& options) {
  const std::string text = read_standard_input();
  if (!options.parses_special) return tokenizer.encode(text, text::SpecialTokens::as_text);
  BLUE_TRY_ASSIGN(std::vector<TokenId> tokens, tokenizer.encode(text, text::SpecialTokens::parse));
  const bool has_bos = !tokens.empty() && tokens.front() == tokenizer.bos();
  if (tokenizer.adds_bos() && tokenizer.bos() != kNoToken && !has_bos)
    tokens.insert(tokens.begin(), tokenizer.bos());
  return tokens;
}

Status tokenize(const TokenizeOptions& options) {
  BLUE_TRY_ASSIGN(const models::GgufFile file, models::GgufFile::open(options.model));
  BLUE_TRY_ASSIGN(const std::unique_ptr<text::Tokenizer> tokenizer,
                  text::Tokenizer::from_metadata(file, options.reading.tokenizer));
  BLUE_TRY_ASSIGN(const std::vector<TokenId> tokens, encode(*tokenizer, options));
  std::string out;
  for (const TokenId token : tokens) {
    if (options.shows_ids) {
      out += (out.empty() ? "" : " ") + std::to_string(token);
    } else {
      out += std::to_string(token) + "\t" + printable(tokenizer->piece(token)) + "\n";
    }
  }
  if (options.shows_ids) out += "\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
  return {};
}

}  // namespace

void add_tokenize(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("tokenize", "Read text from standard input, print its tokens");
  auto options = std::make_shared<TokenizeOptions>();
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  add_pre_option(*command, options->reading);
  command->add_flag("--ids", options->shows_ids, "Ids alone, on one line");
  command->add_flag("--special", options->parses_special,
                    "Add BOS where the model asks for it and parse special tokens");
  command->callback([&action, options] {
    action = [options] {
      const Status status = tokenize(*options);
      return status ? kExitDone : tell(status.error());
    };
  });
}

}  // namespace blue::apps
