// The cascade file reader on any bytes: no crash, and what it accepts can be rendered and
// overridden.
#include <cstdint>
#include <string_view>

#include "actors/cascade/cascade_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto cascade = blue::actors::parse_cascade(text, "fuzz.toml");
  if (!cascade) {
    if (cascade.error().message().find("fuzz.toml") != 0) __builtin_trap();
    return 0;
  }
  for (const blue::actors::StageSpec& stage : cascade->stages) {
    const auto read = [](std::string_view slot) -> blue::Result<std::string> {
      return std::string(slot);
    };
    if (!blue::actors::render_prompt(stage, read)) __builtin_trap();
  }
  (void)blue::actors::apply_override(*cascade, text.substr(0, 64)).ok();
  return 0;
}
