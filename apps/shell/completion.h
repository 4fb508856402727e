// Completion by Tab: commands, files, stages with their keys, slots, runs. Reads folders, changes
// nothing. Depends on commands.h, apps/terminal. Main thread.
#pragma once

#include <string_view>

#include "apps/shell/commands.h"
#include "apps/terminal/line_reader.h"

namespace blue::shell {

/// `before`: the line up to the cursor.
terminal::Completion complete(const Session& session, std::string_view before);

}  // namespace blue::shell
