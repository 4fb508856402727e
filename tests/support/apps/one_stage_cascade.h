// The file of a cascade of one stage, for tests that run programs. Depends on the standard library.
#pragma once

#include <string>

namespace blue::test {

/// Reads `task`, writes `answer`, eight tokens. `resources`: a [resources] table, or nothing.
inline std::string one_stage_cascade(const std::string& model, const std::string& prompt,
                                     const std::string& resources = "") {
  return R"(name = "c"
slots = ["task", "answer"]
input = "task"
output = "answer"
)" + resources +
         R"([[stage]]
name = "only"
model = ")" +
         model + R"("
prompt = ")" +
         prompt + R"("
reads = ["task"]
writes = "answer"
max_tokens = 8
)";
}

}  // namespace blue::test
