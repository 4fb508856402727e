// What Tab offers: commands, files, stages with their keys, slots, runs. Pure but for looking at folders.
// Depends on commands.h. Main thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/shell/commands.h"

namespace blue::shell {

/// Ways to end the word that the cursor stands behind.
struct Completion {
  std::string word;                          ///< what is there of it
  std::vector<std::string> whole;            ///< sorted; each begins with `word`; a folder ends in '/'
  [[nodiscard]] std::string common() const;  ///< what all of them begin with; `word` where there are none
};

/// `before`: the line up to the cursor.
Completion complete(const Session& session, std::string_view before);

}  // namespace blue::shell
