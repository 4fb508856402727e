// The runs on disk: one folder per run under a root, with its write-ahead log. Names are
// ids: sortable by time. Depends on the standard library and actors_error.h. Any thread; functions
// keep nothing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "actors/actors_error.h"
#include "base/result.h"

namespace blue::actors {

struct RunPlace {
  std::string id;  ///< "20261123-101500-250731-3f"
  std::filesystem::path directory;
  std::filesystem::path log;  ///< directory / "run.log"
};

/// $BLUE_RUNS, else $XDG_STATE_HOME/blue/runs, else $HOME/.local/state/blue/runs, else
/// ./.blue/runs.
std::filesystem::path default_runs_root();

/// Makes a folder with a fresh id. Errors: bad_request naming the path and why.
Result<RunPlace> create_run(const std::filesystem::path& root);

/// The run of this id; "last" is the newest. Errors: unknown_run naming the root; ids that are no
/// plain name.
Result<RunPlace> find_run(const std::filesystem::path& root, const std::string& id);

/// All ids, oldest first.
std::vector<std::string> list_runs(const std::filesystem::path& root);

}  // namespace blue::actors
