// Urgency of a move. Depends on nothing. Plain values.
#pragma once

#include <cstdint>

namespace blue::memory {

enum class Urgency : std::uint8_t { guessed, planned, demanded };

}  // namespace blue::memory
