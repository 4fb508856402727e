// `blue doctor`: the boot report as text for people and as JSON for programs. Depends on
// hal/boot_report; nlohmann-json stays in doctor.cpp. Free functions without state; any thread.
#pragma once

#include <string>

#include "hal/boot_report.h"

namespace blue::apps {

/// Each phase with its items, one line each: outcome, name, detail; where there is a remedy, a line
/// "-> remedy" below.
std::string doctor_text(const hal::BootReport& report);

/// {"phases": [{"number", "name", "took_ms", "items": [{"name", "outcome", "detail", "remedy"}]}],
///  "granted", "denied", "absent", "skipped": counts}, indented, with a newline at its end.
std::string doctor_json(const hal::BootReport& report);

}  // namespace blue::apps
