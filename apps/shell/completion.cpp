#include "apps/shell/completion.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "actors/cascade/run_directory.h"

namespace blue::shell {

namespace {

namespace fs = std::filesystem;

constexpr std::array kKeys = {"model", "max_tokens", "temperature", "seed"};

std::vector<std::string> files(const std::string& prefix) {
  const std::size_t slash = prefix.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : prefix.substr(0, slash + 1);
  std::vector<std::string> found;
  std::error_code refused;
  for (fs::directory_iterator entry(folder.empty() ? "." : folder, refused), end;
       !refused && entry != end; entry.increment(refused)) {
    const std::string name = entry->path().filename().string();
    const bool is_hidden = name.starts_with(".") && prefix.size() == folder.size();
    std::error_code unknown;
    if (!is_hidden) found.push_back(folder + name + (entry->is_directory(unknown) ? "/" : ""));
  }
  return found;
}

std::vector<std::string> assignments(const Session& session, const std::string& word) {
  if (const std::size_t equals = word.find('='); equals != std::string::npos) {
    const std::string left = word.substr(0, equals + 1);
    if (!left.ends_with(".model=")) return {};
    std::vector<std::string> found = files(word.substr(equals + 1));
    for (std::string& path : found) path.insert(0, left);
    return found;
  }
  std::vector<std::string> stages = {kGenerateStage};
  if (const actors::CascadeSpec* cascade = session.current_cascade()) {
    for (const actors::StageSpec& stage : cascade->stages) stages.push_back(stage.name);
  }
  std::vector<std::string> found;
  for (const std::string& stage : stages) {
    for (const char* key : kKeys) found.push_back(stage + "." + key + "=");
  }
  return found;
}

std::vector<std::string> candidates(const Session& session, Argument argument,
                                    const std::string& word) {
  std::vector<std::string> found;
  switch (argument) {
    case Argument::none:
    case Argument::text: break;
    case Argument::file: return files(word);
    case Argument::assignment: return assignments(session, word);
    case Argument::run_id: return actors::list_runs(session.runs_root);
    case Argument::command:
      for (const Command& command : commands()) found.emplace_back(command.name);
      break;
    case Argument::slot:
      if (const actors::CascadeSpec* cascade = session.current_cascade()) found = cascade->slots;
      break;
  }
  return found;
}

}  // namespace

terminal::Completion complete(const Session& session, std::string_view before) {
  const std::size_t begin = std::min(before.find_first_not_of(" \t"), before.size());
  const std::string_view line = before.substr(begin);
  const std::size_t blank = line.find_first_of(" \t");
  terminal::Completion completion;
  Argument argument = Argument::command;
  if (blank == std::string_view::npos) {
    completion.word = line;
  } else {
    // An argument extends to the end of the line, blanks included.
    const std::size_t rest = std::min(line.find_first_not_of(" \t", blank), line.size());
    completion.word = line.substr(rest);
    argument = Argument::none;
    for (const Command& command : commands()) {
      if (line.substr(0, blank) == command.name) argument = command.argument;
    }
  }
  for (std::string& candidate : candidates(session, argument, completion.word)) {
    if (candidate.starts_with(completion.word)) completion.whole.push_back(std::move(candidate));
  }
  std::sort(completion.whole.begin(), completion.whole.end());
  return completion;
}

}  // namespace blue::shell
