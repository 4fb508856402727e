#include "actors/cascade/cascade_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "actors/cascade/prompt_template.h"
#include "actors/cascade/toml_reader.h"
#include "base/units.h"

namespace blue::actors {

namespace {

constexpr std::int64_t kMostTokens = 1 << 20;
constexpr std::size_t kMostStages = 64;
constexpr std::size_t kMostFileBytes = 1 << 20;

bool has(const std::vector<std::string>& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

std::string in_quotes(std::string_view name) { return "'" + std::string(name) + "'"; }

models::SamplingSpec read_sampling(const toml::table& table, const std::string& file,
                                   const std::string& what, std::optional<Error>& error) {
  TomlReader reader(table, file, what + ", sampling", error);
  models::SamplingSpec sampling;
  sampling.temperature = static_cast<float>(reader.number_or("temperature", sampling.temperature));
  sampling.top_k = static_cast<int>(reader.integer_or("top_k", sampling.top_k, 0, kMostTokens));
  sampling.top_p = static_cast<float>(reader.number_or("top_p", sampling.top_p));
  sampling.min_p = static_cast<float>(reader.number_or("min_p", sampling.min_p));
  sampling.seed = static_cast<std::uint64_t>(
      reader.integer_or("seed", 0, 0, std::numeric_limits<std::int64_t>::max()));
  reader.finish();
  if (const Status valid = sampling.validate(); !valid) reader.complain(valid.error().message());
  return sampling;
}

SkipRule read_skip(const toml::table& table, const std::string& file, const std::string& what,
                   std::optional<Error>& error) {
  TomlReader reader(table, file, what + ", skip", error);
  SkipRule rule;
  rule.after = reader.text("after");
  rule.mean_entropy_below = static_cast<float>(reader.number_or("mean_entropy_below", 0.0));
  rule.copy = reader.text("copy");
  reader.finish();
  if (!std::isfinite(rule.mean_entropy_below) || rule.mean_entropy_below <= 0.0F) {
    reader.complain("needs mean_entropy_below, a positive number of nats per token");
  }
  return rule;
}

/// A key of [resources] whose text `parse` turns into a value; nothing where it is absent.
template <class Parse>
auto read_parsed(TomlReader& reader, std::string_view key, Parse&& parse) {
  decltype(parse(std::string_view()).value()) value{};
  const toml::node* node = reader.find(key);
  if (node == nullptr) return value;
  const auto* text = node->as_string();
  if (text == nullptr) {
    reader.complain_at(*node, std::string(key) + " must be a string");
    return value;
  }
  auto parsed = parse(std::string_view(text->get()));
  if (!parsed) reader.complain_at(*node, std::string(key) + ": " + parsed.error().message());
  return parsed ? *std::move(parsed) : value;
}

ResourceOptions read_resources(const toml::table& table, const std::string& file,
                               std::optional<Error>& error) {
  TomlReader reader(table, file, "resources", error);
  ResourceOptions resources;
  resources.vram = read_parsed(reader, "vram", parse_memory_size);
  resources.ram = read_parsed(reader, "ram", parse_memory_size);
  if (table.contains("policy")) resources.policy = read_parsed(reader, "policy", parse_policy);
  resources.n_threads =
      static_cast<std::uint32_t>(reader.integer_or("threads", 0, 1, kMostThreads));
  reader.finish();
  return resources;
}

StageSpec read_stage(const toml::table& table, const std::string& file, std::size_t index,
                     std::optional<Error>& error) {
  std::string what = "stage " + std::to_string(index + 1);
  if (const auto name = table["name"].value<std::string>()) what += " (" + *name + ")";
  TomlReader reader(table, file, what, error);
  StageSpec stage;
  stage.name = reader.text("name");
  stage.role = reader.text_or("role", stage.name);
  const std::filesystem::path model = reader.text("model");
  stage.model = (std::filesystem::path(file).parent_path() / model).lexically_normal().string();
  stage.system = reader.text_or("system", "");
  stage.prompt = reader.text("prompt");
  stage.reads = reader.texts("reads");
  stage.writes = reader.text("writes");
  stage.max_tokens =
      static_cast<std::uint32_t>(reader.integer_or("max_tokens", stage.max_tokens, 1, kMostTokens));
  if (const toml::table* sampling = reader.table_or_null("sampling")) {
    stage.sampling = read_sampling(*sampling, file, what, error);
  }
  if (const toml::table* skip = reader.table_or_null("skip"))
    stage.skip = read_skip(*skip, file, what, error);
  reader.finish();

  const Status walked = walk_prompt(
      stage.prompt, [](std::string_view) {},
      [&](std::string_view slot) -> Status {
        if (!has(stage.reads, slot)) {
          reader.complain("the prompt names the slot " + in_quotes(slot) +
                          ", which is not among its reads");
        }
        return {};
      });
  if (!walked) reader.complain(walked.error().message());
  return stage;
}

/// Names become parts of thread names, traces and --set: letters, digits, `_` and `-` only.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

void check_names(const CascadeSpec& cascade, TomlReader& reader) {
  std::set<std::string> seen;
  for (const std::string& slot : cascade.slots) {
    if (!is_plain_name(slot))
      reader.complain("slot " + in_quotes(slot) + " must be letters, digits, _ or -");
    if (!seen.insert(slot).second)
      reader.complain("slot " + in_quotes(slot) + " is declared twice");
  }
  seen.clear();
  for (const StageSpec& stage : cascade.stages) {
    if (!is_plain_name(stage.name))
      reader.complain("stage name " + in_quotes(stage.name) + " must be letters, digits, _ or -");
    if (!seen.insert(stage.name).second)
      reader.complain("two stages are called " + in_quotes(stage.name));
  }
  for (const auto& [key, slot] :
       {std::pair("input", cascade.input), std::pair("output", cascade.output)}) {
    if (!has(cascade.slots, slot))
      reader.complain(std::string(key) + " names the slot " + in_quotes(slot) +
                      ", which slots does not declare");
  }
}

/// Follows the slots through the stages: each is written once and read only after that.
void check_flow(const CascadeSpec& cascade, TomlReader& reader) {
  std::set<std::string, std::less<>> written = {cascade.input};
  std::set<std::string, std::less<>> done;
  for (const StageSpec& stage : cascade.stages) {
    const std::string who = "stage " + in_quotes(stage.name);
    for (const std::string& slot : stage.reads) {
      if (!has(cascade.slots, slot)) {
        reader.complain(who + " reads the slot " + in_quotes(slot) +
                        ", which slots does not declare");
      } else if (!written.contains(slot)) {
        reader.complain(who + " reads the slot " + in_quotes(slot) +
                        " before any stage has written it");
      }
    }
    if (stage.skip && !done.contains(stage.skip->after)) {
      reader.complain(who + ": skip.after names " + in_quotes(stage.skip->after) +
                      ", which is no earlier stage");
    }
    if (stage.skip && !written.contains(stage.skip->copy)) {
      reader.complain(who + ": skip.copy names the slot " + in_quotes(stage.skip->copy) +
                      ", which is not written by then");
    }
    if (!has(cascade.slots, stage.writes)) {
      reader.complain(who + " writes the slot " + in_quotes(stage.writes) +
                      ", which slots does not declare");
    }
    if (!written.insert(stage.writes).second) {
      reader.complain(who + " writes the slot " + in_quotes(stage.writes) +
                      ", which is written already");
    }
    done.insert(stage.name);
  }
  for (const std::string& slot : cascade.slots) {
    if (!written.contains(slot)) reader.complain("no stage writes the slot " + in_quotes(slot));
  }
}

}  // namespace

Result<CascadeSpec> parse_cascade(std::string_view toml, const std::string& source) {
  BLUE_TRY_ASSIGN(const std::string ascii, ascii_toml(toml, source));
  const toml::parse_result parsed = toml::parse(ascii, source);
  if (!parsed) {
    return Error(ActorsError::bad_cascade,
                 source + ":" + std::to_string(parsed.error().source().begin.line) +
                     ": not TOML: " + std::string(parsed.error().description()));
  }
  std::optional<Error> error;
  const toml::table& root = parsed.table();
  TomlReader reader(root, source, "the cascade", error);
  CascadeSpec cascade;
  cascade.source = source;
  cascade.name = reader.text("name");
  cascade.slots = reader.texts("slots");
  cascade.input = reader.text("input");
  cascade.output = reader.text("output");
  cascade.allows_skip = reader.flag_or("allow_skip", false);

  if (const toml::table* resources = reader.table_or_null("resources"))
    cascade.resources = read_resources(*resources, source, error);

  const toml::node* stages = reader.find("stage");
  const bool is_list =
      stages != nullptr && stages->is_array_of_tables() && !stages->as_array()->empty();
  if (!is_list || stages->as_array()->size() > kMostStages) {
    reader.complain("needs 1 to " + std::to_string(kMostStages) + " [[stage]] tables");
  } else {
    for (const toml::node& node : *stages->as_array()) {
      cascade.stages.push_back(read_stage(*node.as_table(), source, cascade.stages.size(), error));
    }
  }
  reader.finish();
  check_names(cascade, reader);
  check_flow(cascade, reader);
  if (error) return *std::move(error);
  return cascade;
}

Result<CascadeSpec> load_cascade(const std::string& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) {
    return Error(ActorsError::bad_cascade, path + ": is a directory, a cascade is a TOML file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error(ActorsError::bad_cascade, path + ": no such cascade file, or not readable");
  std::string text(kMostFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostFileBytes) {
    return Error(ActorsError::bad_cascade,
                 path + ": larger than " + to_text(Bytes{kMostFileBytes}) + ", no cascade file");
  }
  return parse_cascade(text, path);
}

Result<std::string> render_prompt(
    const StageSpec& stage, const std::function<Result<std::string>(std::string_view slot)>& read) {
  std::string rendered;
  BLUE_TRY(walk_prompt(
      stage.prompt, [&](std::string_view text) { rendered += text; },
      [&](std::string_view slot) -> Status {
        BLUE_TRY_ASSIGN(const std::string text, read(slot));
        rendered += text;
        return {};
      }));
  return rendered;
}

}  // namespace blue::actors
