// The prompt of a stage: text with {slot} placeholders; {{ and }} are literal braces.
// Depends on base. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace blue::actors {

/// Calls on_text for literal stretches and on_slot for each placeholder, in order; stops at the
/// first error.
/// Errors: bad_cascade for an unclosed, empty or stray brace; whatever the callbacks give.
Status walk_prompt(std::string_view prompt, const std::function<void(std::string_view)>& on_text,
                   const std::function<Status(std::string_view slot)>& on_slot);

}  // namespace blue::actors
