// A plan of costs as text for people and as JSON for programs. Depends on runtime/cost_rates.h,
// apps/io; nlohmann-json in the .cpp. Main thread.
#pragma once

#include "runtime/cost_rates.h"

namespace blue::apps {

void print_plan_text(const runtime::CostPlan& plan);
void print_plan_json(const runtime::CostPlan& plan);

}  // namespace blue::apps
