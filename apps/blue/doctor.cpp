#include "apps/blue/doctor.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/printable.h"

namespace blue::apps {
namespace {

constexpr std::array kOutcomes = {hal::Outcome::granted, hal::Outcome::denied, hal::Outcome::absent,
                                  hal::Outcome::skipped};

double to_ms(Nanoseconds time) { return static_cast<double>(time) / 1e6; }

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(out.size(), width), ' ');
  return out;
}

std::size_t widest_name(const hal::BootReport& report) {
  std::size_t widest = 0;
  for (const hal::BootPhase& phase : report.phases)
    for (const hal::BootItem& item : phase.items) widest = std::max(widest, item.name.size());
  return widest;
}

}  // namespace

std::string doctor_text(const hal::BootReport& report) {
  constexpr std::size_t kOutcomeWidth = 7;
  const std::size_t name_width = widest_name(report);
  const std::string remedy_indent(2 + kOutcomeWidth + 2 + name_width + 2, ' ');
  std::string text;
  for (std::size_t i = 0; i < report.phases.size(); ++i) {
    const hal::BootPhase& phase = report.phases[i];
    char took[32];
    std::snprintf(took, sizeof took, " (%.1f ms)", to_ms(phase.took_ns));
    text += std::to_string(i + 1) + " " + std::string(hal::to_text(phase.step)) + took + "\n";
    for (const hal::BootItem& item : phase.items) {
      text += "  " + padded(hal::to_text(item.outcome), kOutcomeWidth) + "  " +
              padded(printable(item.name), name_width) + "  " + printable(item.detail) + "\n";
      if (!item.remedy.empty()) text += remedy_indent + "-> " + printable(item.remedy) + "\n";
    }
  }
  std::string counts;
  for (const hal::Outcome outcome : kOutcomes)
    counts += (counts.empty() ? "" : ", ") + std::to_string(report.count(outcome)) + " " +
              std::string(hal::to_text(outcome));
  return text + counts + "\n";
}

std::string doctor_json(const hal::BootReport& report) {
  nlohmann::ordered_json out;
  out["phases"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < report.phases.size(); ++i) {
    const hal::BootPhase& phase = report.phases[i];
    nlohmann::ordered_json items = nlohmann::ordered_json::array();
    for (const hal::BootItem& item : phase.items)
      items.push_back({{"name", item.name},
                       {"outcome", hal::to_text(item.outcome)},
                       {"detail", item.detail},
                       {"remedy", item.remedy}});
    out["phases"].push_back({{"number", i + 1},
                             {"name", hal::to_text(phase.step)},
                             {"took_ms", to_ms(phase.took_ns)},
                             {"items", std::move(items)}});
  }
  for (const hal::Outcome outcome : kOutcomes)
    out[std::string(hal::to_text(outcome))] = report.count(outcome);
  // Names from the machine (a processor's, a path) need not be UTF-8: invalid bytes are replaced.
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace blue::apps
