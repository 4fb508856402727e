#include "apps/blue/plan_report.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/io/output.h"

namespace blue::apps {

namespace {

using models::ModelCost;
using models::TierShare;
using nlohmann::ordered_json;
using runtime::PlannedModel;

constexpr std::array<const char*, memory::kTiers> kPlaces = {"vram", "ram", "file"};

std::string size_or_dash(Bytes size) { return size.count == 0 ? "-" : to_text(size); }

void print_places(const PlannedModel& planned) {
  io::print_linef("  %-9s %12s %12s %12s", "where", "vram", "ram", "file only");
  const auto row = [&](const char* name, Bytes TierShare::*part) {
    const auto& places = planned.cost.places;
    io::print_linef("  %-9s %12s %12s %12s", name, size_or_dash(places[0].*part).c_str(),
                    size_or_dash(places[1].*part).c_str(), size_or_dash(places[2].*part).c_str());
  };
  row("dense", &TierShare::dense);
  if (!planned.sizes.experts.empty()) row("experts", &TierShare::experts);
  io::print_linef("  %-9s %12s              beside the budget, for %u tokens", "KV cache",
                  to_text(planned.kv).c_str(), planned.n_context);
}

void print_costs(const PlannedModel& planned) {
  const ModelCost& cost = planned.cost;
  const models::LinkRates& rates = planned.question.rates;
  io::print_linef("  a token   computes %8.2f ms: reads %.3f GB of weights at %.2f GB/s, %u ops",
                  cost.compute_ms, static_cast<double>(planned.sizes.read_per_token.count) / 1e9,
                  rates.compute / 1e9, planned.sizes.n_ops);
  if (rates.link > 0)
    io::print_linef("            copies   %8.2f ms: %.3f GB from ram to vram at %.2f GB/s",
                    cost.link_ms, cost.link_bytes / 1e9, rates.link / 1e9);
  io::print_linef("            reads    %8.2f ms: %.3f GB of the file at %.2f GB/s", cost.disk_ms,
                  cost.disk_bytes / 1e9, rates.disk / 1e9);
  if (!planned.sizes.experts.empty()) {
    const double skew = planned.question.skew;
    io::print_linef("            %.1f %% of its experts are in vram (%s routing assumed%s)",
                    100 * cost.expert_hit_rate, skew == 0 ? "uniform" : "skewed",
                    skew == 0 ? "; --skew" : "");
  }
  io::print_linef("  predicted %.2f tokens/s, bound by %s; loading %.1f s%s%s", cost.tokens_per_s(),
                  std::string(to_text(cost.bound)).c_str(), cost.load_ms / 1e3,
                  planned.switch_ms > 0 ? ", from another model " : "",
                  planned.switch_ms > 0
                      ? (std::to_string(std::lround(planned.switch_ms)) + " ms").c_str()
                      : "");
}

ordered_json json_of(const PlannedModel& planned) {
  const ModelCost& cost = planned.cost;
  ordered_json places;
  for (std::size_t tier = 0; tier < kPlaces.size(); ++tier)
    places[kPlaces[tier]] = {{"dense_bytes", cost.places[tier].dense.count},
                             {"expert_bytes", cost.places[tier].experts.count}};
  return {{"model", planned.model->path},
          {"weight_bytes", planned.sizes.weights().count},
          {"context", planned.n_context},
          {"kv_bytes", planned.kv.count},
          {"places", places},
          {"skew", planned.question.skew},
          {"expert_hit_rate", cost.expert_hit_rate},
          {"token",
           {{"weight_bytes_computed", planned.sizes.read_per_token.count},
            {"bytes_read", cost.disk_bytes},
            {"bytes_copied", cost.link_bytes},
            {"compute_ms", cost.compute_ms},
            {"link_ms", cost.link_ms},
            {"disk_ms", cost.disk_ms},
            {"ms", cost.token_ms}}},
          {"rates",
           {{"compute_gbytes_per_s", planned.question.rates.compute / 1e9},
            {"link_gbytes_per_s", planned.question.rates.link / 1e9},
            {"disk_gbytes_per_s", planned.question.rates.disk / 1e9},
            {"op_ns", planned.question.rates.op_ns}}},
          {"tokens_per_s", cost.tokens_per_s()},
          {"bound", to_text(cost.bound)},
          {"load_ms", cost.load_ms},
          {"switch_ms", planned.switch_ms}};
}

}  // namespace

void print_plan_text(const runtime::CostPlan& plan) {
  io::print_line("device " + to_text(plan.resources));
  for (const PlannedModel& planned : plan.models) {
    io::print_line(planned.model->path + ": " + to_text(planned.sizes.weights()) + " of weights");
    print_places(planned);
    print_costs(planned);
  }
}

void print_plan_json(const runtime::CostPlan& plan) {
  ordered_json document;
  document["device"] = plan.resources.device;
  document["vram_bytes"] = plan.resources.vram.count;
  document["ram_bytes"] = plan.resources.ram.value_or(Bytes{}).count;
  document["policy"] = actors::to_text(plan.resources.policy);
  document["threads"] = plan.resources.n_threads;
  document["models"] = ordered_json::array();
  for (const PlannedModel& planned : plan.models) document["models"].push_back(json_of(planned));
  io::print_text(document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace blue::apps
