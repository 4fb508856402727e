// RunReport: prints a cascade run: live text and the figures of each stage, or one JSON object at
// the end. Depends on runtime, apps/io; nlohmann-json in the .cpp. Main thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/cascade/cascade_file.h"
#include "actors/cascade/run_event_queue.h"
#include "models/cost_model.h"

namespace blue::apps {

enum class RunOutput : std::uint8_t { live, json };
/// By model path; nothing for a model that tier 0 holds whole.
using Predictions = std::map<std::string, std::optional<models::ModelCost>>;
enum class RunRemarks : std::uint8_t { figures, errors_only };

/// Prints the events of one run at once (live), or collects them for the end (json).
class RunReport {
 public:
  RunReport(const actors::CascadeSpec& cascade, std::string run_id, std::string device,
            RunOutput output, RunRemarks remarks);

  /// What JSON shows beside each stage's figures.
  void set_predictions(Predictions predictions) { predictions_ = std::move(predictions); }
  /// Called before the first event: prints the task.
  void begin(const std::string& task);
  void add(const actors::RunEvent& event);
  /// Called after `finished`: prints the answer or the JSON object on stdout and the figures on
  /// stderr. Returns the exit status.
  int end();

 private:
  struct StageLine {
    std::string name;
    std::string note;  ///< why it was skipped or cut, empty otherwise
    bool was_resumed = false;
    messages::StageFigures figures;
  };
  [[nodiscard]] const actors::StageSpec* stage(std::uint32_t index) const;
  StageLine& line(std::uint32_t index);
  void print_json() const;
  void print_figures() const;

  const actors::CascadeSpec& cascade_;
  std::string run_id_;
  std::string device_;
  RunOutput output_;
  RunRemarks remarks_;
  Predictions predictions_;
  std::map<std::string, std::string> slots_;
  std::map<std::uint32_t, StageLine> lines_;
  actors::RunEvent finished_;
};

}  // namespace blue::apps
