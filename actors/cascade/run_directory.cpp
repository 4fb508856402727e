#include "actors/cascade/run_directory.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/trace_context.h"

namespace blue::actors {

namespace {

RunPlace place(const std::filesystem::path& root, const std::string& id) {
  return {id, root / id, root / id / "run.log"};
}

/// Microseconds in it, so that ids sort by time also within a second: "last" is the newest.
std::string fresh_id() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char text[64];
  const std::size_t n = std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &utc);
  std::snprintf(text + n, sizeof text - n, "-%06ld-%02x", now.tv_nsec / 1000,
                static_cast<unsigned>(random_id() & 0xff));
  return text;
}

bool is_plain_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::filesystem::path default_runs_root() {
  const auto from_environment = [](const char* name) -> std::filesystem::path {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (const auto runs = from_environment("BLUE_RUNS"); !runs.empty()) return runs;
  if (const auto state = from_environment("XDG_STATE_HOME"); !state.empty())
    return state / "blue" / "runs";
  if (const auto home = from_environment("HOME"); !home.empty())
    return home / ".local" / "state" / "blue" / "runs";
  return std::filesystem::path(".blue") / "runs";
}

Result<RunPlace> create_run(const std::filesystem::path& root) {
  std::error_code failure;
  std::filesystem::create_directories(root, failure);
  constexpr int kTries = 8;
  for (int i = 0; i < kTries && !failure; ++i) {
    const RunPlace fresh = place(root, fresh_id());
    if (std::filesystem::create_directory(fresh.directory, failure)) return fresh;
  }
  return Error(ActorsError::bad_request, root.string() + ": cannot make a folder for the run (" +
                                             failure.message() +
                                             "); name another place with BLUE_RUNS");
}

std::vector<std::string> list_runs(const std::filesystem::path& root) {
  std::vector<std::string> ids;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(root, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string id = entry->path().filename().string();
    if (is_plain_id(id) && std::filesystem::exists(place(root, id).log, failure)) ids.push_back(id);
  }
  std::ranges::sort(ids);
  return ids;
}

Result<RunPlace> find_run(const std::filesystem::path& root, const std::string& id) {
  const std::vector<std::string> known = list_runs(root);
  if (id == "last" && !known.empty()) return place(root, known.back());
  if (std::ranges::find(known, id) != known.end()) return place(root, id);
  return Error(ActorsError::unknown_run,
               "no run '" + id + "' under " + root.string() +
                   (known.empty() ? "" : "; the newest is " + known.back()));
}

}  // namespace blue::actors
