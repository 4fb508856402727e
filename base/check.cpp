#include "base/check.h"

namespace blue {

void check_failed(const char* condition, const char* file, int line, const std::string& note) {
  std::string text =
      std::string(file) + ":" + std::to_string(line) + ": broken invariant: " + condition;
  if (!note.empty()) text += " (" + note + ")";
  throw CheckFailure(text);
}

}  // namespace blue
