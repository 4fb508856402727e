#include <cstdlib>
#include <iostream>

#include "apps/terminal/line_reader.h"

namespace blue::terminal {

namespace {

class ScriptLines final : public LineReader {
 public:
  std::optional<std::string> next() override {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
};

}  // namespace

std::unique_ptr<LineReader> script_lines() { return std::make_unique<ScriptLines>(); }

std::filesystem::path history_path(const std::string& name) {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    return std::filesystem::path(state) / "blue" / name;
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::filesystem::path(home) / ".local" / "state" / "blue" / name;
  }
  return {};
}

}  // namespace blue::terminal
