// What models cost on this machine: budgets as a run gets them, rates measured or given, and the
// predictions of models/cost_model.h. Depends on models, hal, kernels. Measuring runs on the
// calling thread and drives the backend.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hal/file_reader.h"
#include "kernels/backend.h"
#include "models/cost_model.h"
#include "models/model.h"
#include "runtime/runtime.h"

namespace blue::runtime {

/// Rates that the user gives, bytes a second, and how long each of the others is measured.
struct RateRequest {
  std::optional<double> disk;
  std::optional<double> link;
  std::optional<double> compute;
  Nanoseconds each_ns = 300'000'000;
};

/// The rates of one model: its own file read past the page cache, the device's copies, the kernels
/// on a matrix of its own kind. Errors: hal's, the backend's.
Result<models::LinkRates> measure_rates(const models::Model& model, kernels::Backend& backend,
                                        hal::FileReader& reader, const RateRequest& request);

/// A model of a plan.
struct PlannedModel {
  std::shared_ptr<const models::Model> model;
  models::ModelSizes sizes;
  models::CostQuestion question;
  models::ModelCost cost;
  double switch_ms = 0;  ///< from another model of the plan; 0 with one model
  Bytes kv;              ///< of the cache for the whole context
  std::uint32_t n_context = 0;
};

struct CostPlan {
  GrantedResources resources;
  std::vector<PlannedModel> models;
};

/// Opens the models' headers and the device, loads nothing. `skew` as CostQuestion's. Errors: those
/// of a start and of opening a model; budget_too_small.
Result<CostPlan> plan_costs(const RuntimeOptions& options, const std::vector<std::string>& paths,
                            const RateRequest& request, double skew, LogSink& log);

}  // namespace blue::runtime
