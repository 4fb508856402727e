// --vram, --ram, --policy, --threads and --quiet, the same for every program and command that runs
// a model. Depends on CLI11 (in the .cpp), actors/scheduling. Main thread.
#pragma once

#include "actors/scheduling/resource_options.h"

namespace CLI {
class App;
}

namespace blue::apps {

/// Into `resources`; a value that is none is a parse error of the command line.
void add_resource_options(CLI::App& command, actors::ResourceOptions& resources);

/// --quiet, into `is_quiet`.
void add_quiet_option(CLI::App& command, bool& is_quiet);

}  // namespace blue::apps
