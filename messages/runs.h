// The conversation about runs: application, supervisor, scheduler and cascade. A run's plan (the
// parsed cascade, the task, its folder) lies in the runtime's run table; messages name it by
// number.
//   application -open_run-> supervisor -submit_run-> scheduler -begin_run-> cascade
//   cascade -stage_started, slot_written, stage_skipped, slot_preempted, run_done-> application
//   cascade -run_done-> supervisor -run_done-> scheduler
//   for a single generation: supervisor -stage_ready (stages.h)-> scheduler
// Depends on base. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "messages/ids.h"
#include "messages/message.h"
#include "messages/stages.h"

namespace blue::messages {

/// runtime -> application -> supervisor: spawn what the run or generation needs, and start it.
struct OpenRun {
  static constexpr const char* type_name = "open_run";
  TraceContext trace;
  RunNumber run;
};

/// supervisor -> scheduler: the run's cascade actor waits for its turn.
struct SubmitRun {
  static constexpr const char* type_name = "submit_run";
  TraceContext trace;
  RunNumber run;
};

/// scheduler -> cascade: begin with the first unfinished stage.
struct BeginRun {
  static constexpr const char* type_name = "begin_run";
  TraceContext trace;
  RunNumber run;
};

/// application -> scheduler -> cascade, urgent: end the run; what was committed stays.
struct CancelRun {
  static constexpr const char* type_name = "cancel_run";
  TraceContext trace;
  RunNumber run;
};

/// cascade -> application: a stage's text follows, under this job.
struct StageStarted {
  static constexpr const char* type_name = "stage_started";
  TraceContext trace;
  JobKey key;
  std::string name;
};

/// cascade -> application: a slot is committed: in the log and on disk.
struct SlotWritten {
  static constexpr const char* type_name = "slot_written";
  TraceContext trace;
  RunNumber run;
  std::uint32_t stage = 0;  ///< index in the cascade
  std::string slot;
  /// What follows the bytes that crossed the text ring: nearly always nothing for a stage that ran
  /// here, everything for the task, a resumed slot, or a skipped stage's.
  JobText text;
  bool was_resumed = false;  ///< it was committed before this process began
  StageFigures figures;      ///< all zero for the task's slot and for resumed ones
};

/// cascade -> application: a stage was skipped, its slot copied from another.
struct StageSkipped {
  static constexpr const char* type_name = "stage_skipped";
  TraceContext trace;
  RunNumber run;
  std::uint32_t stage = 0;
  std::string name;
  std::string why;
};

/// cascade -> application: a stage was preempted; its partial text became its slot's.
struct SlotPreempted {
  static constexpr const char* type_name = "slot_preempted";
  TraceContext trace;
  RunNumber run;
  std::uint32_t stage = 0;
  std::string name;
  PreemptReason reason{};
};

/// cascade (supervisor, when the cascade died; application, for a single generation)
/// -> application, scheduler, supervisor: the run has ended, its log is closed.
struct RunDone {
  static constexpr const char* type_name = "run_done";
  TraceContext trace;
  RunNumber run;
  Outcome outcome{};
  ErrorKind kind{};   ///< meaningless when completed
  std::string error;  ///< one line; empty when completed
};

/// any embedding actor -> application, answered by generated_text. The application gives the
/// spec its key.
struct GenerateText {
  static constexpr const char* type_name = "generate_text";
  TraceContext trace;
  JobSpec spec;
};

/// application -> asker.
struct GeneratedText {
  static constexpr const char* type_name = "generated_text";
  TraceContext trace;
  std::string text;
  StageFigures figures;
  std::string error;  ///< one line; empty on success
};

}  // namespace blue::messages
