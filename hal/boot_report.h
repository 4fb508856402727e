// What the boot requested of the machine and what it got: phases of items, each granted, denied,
// absent or skipped, with the reason and the remedy. Pure data; the applications render it. Depends
// on base and hal_error. Value types; any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "hal/hal_error.h"

namespace blue::hal {

enum class Outcome : std::uint8_t {
  granted,  ///< present, or requested and granted
  denied,   ///< requested and refused; the program continues without it
  absent,   ///< this machine lacks it
  /// not requested, since it would change the machine for all its users; the remedy explains how
  skipped,
};
std::string_view to_text(Outcome outcome);

struct BootItem {
  std::string name;  ///< "priority", "drive nvme0n1"
  Outcome outcome = Outcome::granted;
  std::string detail;  ///< what was found, or why not; one line
  std::string remedy;  ///< what to do about it; empty where there is nothing to do
};

/// An item out of an error: HalError::absent is absent, the rest denied. Of the message, what
/// follows the first "; " is the remedy, as messages are written here.
BootItem item_of(std::string name, const Error& error);

enum class BootStep : std::uint8_t {
  cpu_and_memory,
  pcie_and_devices,
  memory_reservation,
  cpu_tuning,
  tiers,
  hand_over
};
inline constexpr std::size_t kBootSteps = 6;
std::string_view to_text(BootStep step);

struct BootPhase {
  BootStep step = BootStep::cpu_and_memory;
  std::vector<BootItem> items;
  Nanoseconds took_ns = 0;

  /// The item of this name; null when there is none.
  [[nodiscard]] const BootItem* find(std::string_view name) const;
};

struct BootReport {
  BootReport();  ///< all six phases, empty
  [[nodiscard]] BootPhase& phase(BootStep step) { return phases[static_cast<std::size_t>(step)]; }
  [[nodiscard]] const BootPhase& phase(BootStep step) const {
    return phases[static_cast<std::size_t>(step)];
  }
  [[nodiscard]] std::size_t count(Outcome outcome) const;

  std::array<BootPhase, kBootSteps> phases;
};

}  // namespace blue::hal
