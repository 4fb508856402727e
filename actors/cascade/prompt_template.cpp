#include "actors/cascade/prompt_template.h"

#include "actors/actors_error.h"

namespace blue::actors {

namespace {

Error bad_brace(std::string_view what, std::size_t at) {
  return {ActorsError::bad_cascade, "prompt: " + std::string(what) + " at character " +
                                        std::to_string(at + 1) +
                                        " (write {slot} for a slot, {{ or }} for a brace)"};
}

}  // namespace

Status walk_prompt(std::string_view prompt, const std::function<void(std::string_view)>& on_text,
                   const std::function<Status(std::string_view slot)>& on_slot) {
  std::size_t at = 0;
  while (at < prompt.size()) {
    const std::size_t brace = prompt.find_first_of("{}", at);
    if (brace != at) on_text(prompt.substr(at, brace - at));
    if (brace == std::string_view::npos) break;
    if (brace + 1 < prompt.size() && prompt[brace + 1] == prompt[brace]) {
      on_text(prompt.substr(brace, 1));
      at = brace + 2;
      continue;
    }
    if (prompt[brace] == '}') return bad_brace("a '}' without its '{'", brace);
    const std::size_t close = prompt.find_first_of("{}", brace + 1);
    if (close == std::string_view::npos || prompt[close] == '{')
      return bad_brace("an unclosed '{'", brace);
    if (close == brace + 1) return bad_brace("an empty '{}'", brace);
    BLUE_TRY(on_slot(prompt.substr(brace + 1, close - brace - 1)));
    at = close + 1;
  }
  return {};
}

}  // namespace blue::actors
