// What a cascade run looks like to its user: live text, the figures of each stage, one JSON object
// at the end. Depends on runtime; nlohmann-json in the .cpp. Main thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "actors/cascade/cascade_file.h"
#include "actors/cascade/run_event_queue.h"

namespace blue::apps {

enum class RunOutput : std::uint8_t { live, json };

/// Follows one run's events: prints as they come (live) or keeps all for the end (json).
class RunReport {
 public:
  RunReport(const actors::CascadeSpec& cascade, std::string run_id, std::string device,
            RunOutput output);

  /// The slots that were there before the first event: the task, and what a resumed run had
  /// already.
  void begin(const std::string& task);
  void hear(const actors::RunEvent& event);
  /// After `finished`: the answer or the JSON object on stdout, the figures on stderr. Returns the
  /// exit status.
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
  std::map<std::string, std::string> slots_;
  std::map<std::uint32_t, StageLine> lines_;
  actors::RunEvent finished_;
};

}  // namespace blue::apps
