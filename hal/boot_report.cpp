#include "hal/boot_report.h"

#include <algorithm>

namespace blue::hal {

std::string_view to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::granted: return "granted";
    case Outcome::denied: return "denied";
    case Outcome::absent: return "absent";
    case Outcome::skipped: return "skipped";
  }
  return "unknown";
}

std::string_view to_text(BootStep step) {
  switch (step) {
    case BootStep::cpu_and_memory: return "CPU and memory";
    case BootStep::pcie_and_devices: return "PCIe, GPUs and drives";
    case BootStep::memory_reservation: return "memory reservation";
    case BootStep::cpu_tuning: return "CPU tuning";
    case BootStep::tiers: return "tiers opened and measured";
    case BootStep::hand_over: return "hand-over to the actors";
  }
  return "unknown";
}

BootItem item_of(std::string name, const Error& error) {
  const std::string& message = error.message();
  const auto cut = std::min(message.find("; "), message.size());
  return {std::move(name), error.is(HalError::absent) ? Outcome::absent : Outcome::denied,
          message.substr(0, cut), cut < message.size() ? message.substr(cut + 2) : ""};
}

const BootItem* BootPhase::find(std::string_view name) const {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const BootItem& item) { return item.name == name; });
  return found != items.end() ? &*found : nullptr;
}

BootReport::BootReport() {
  for (std::size_t i = 0; i < kBootSteps; ++i) phases[i].step = static_cast<BootStep>(i);
}

std::size_t BootReport::count(Outcome outcome) const {
  std::size_t n_found = 0;
  for (const BootPhase& phase : phases)
    for (const BootItem& item : phase.items) n_found += item.outcome == outcome ? 1 : 0;
  return n_found;
}

}  // namespace blue::hal
