// The conversation about runs: application, supervisor, scheduler and cascade. A run's plan (the
// parsed cascade, the task, its folder) lies in the runtime's run table; messages name it by
// number.
//   application -open_run-> supervisor -submit_run-> scheduler -begin_run-> cascade
//   cascade -stage_started, slot_written, stage_skipped, run_done-> application;  cascade -run_done-> scheduler, supervisor
//   application -open_generation-> supervisor -stage_ready (stages.h)-> scheduler
// Depends on base. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "messages/ids.h"
#include "messages/message.h"
#include "messages/stages.h"

namespace blue::messages {

/// application -> supervisor: spawn what the run needs and submit it.
struct OpenRun {
  static constexpr const char* type_name = "open_run";
  TraceContext trace;
  RunNumber run = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run);
  }
};

/// application -> supervisor: one stage's work without a cascade; its end comes back as stage_done
/// or its kin.
struct OpenGeneration {
  static constexpr const char* type_name = "open_generation";
  TraceContext trace;
  RunNumber run = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run);
  }
};

/// supervisor -> scheduler: the run's cascade actor waits for its turn.
struct SubmitRun {
  static constexpr const char* type_name = "submit_run";
  TraceContext trace;
  RunNumber run = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run);
  }
};

/// scheduler -> cascade: begin with the first unfinished stage.
struct BeginRun {
  static constexpr const char* type_name = "begin_run";
  TraceContext trace;
  RunNumber run = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run);
  }
};

/// application -> scheduler -> cascade, urgent: end the run; what was committed stays.
struct CancelRun {
  static constexpr const char* type_name = "cancel_run";
  TraceContext trace;
  RunNumber run = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run);
  }
};

/// cascade -> application: a stage's text is on its way, under this job number.
struct StageStarted {
  static constexpr const char* type_name = "stage_started";
  TraceContext trace;
  RunNumber run = 0;
  JobNumber job = 0;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  std::string name;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, job, stage, name);
  }
};

/// cascade -> application: a slot is committed: in the log and on disk.
struct SlotWritten {
  static constexpr const char* type_name = "slot_written";
  TraceContext trace;
  RunNumber run = 0;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  std::string slot;
  std::string text;
  std::uint8_t was_resumed = 0;  ///< 1: it was committed before a crash
  StageFigures figures;          ///< all zero for the task's slot and for resumed ones

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, stage, slot, text, was_resumed, figures);
  }
};

/// cascade -> application: a stage was left out, its slot copied from another.
struct StageSkipped {
  static constexpr const char* type_name = "stage_skipped";
  TraceContext trace;
  RunNumber run = 0;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  std::string name;
  std::string why;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, stage, name, why);
  }
};

/// cascade -> application: a stage was preempted; its partial text became its slot's.
struct SlotPreempted {
  static constexpr const char* type_name = "slot_preempted";
  TraceContext trace;
  RunNumber run = 0;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  std::string name;
  PreemptReason reason{};

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, stage, name, reason);
  }
};

/// cascade (supervisor, when the cascade died) -> application, scheduler, supervisor: the run has
/// ended, its log is closed.
struct RunDone {
  static constexpr const char* type_name = "run_done";
  TraceContext trace;
  RunNumber run = 0;
  Outcome outcome{};
  std::uint8_t kind = 0;  ///< ErrorKind of base/error.h; meaningful unless completed
  std::string error;      ///< one line; empty when completed

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, outcome, kind, error);
  }
};

/// any embedding actor -> application, answered by generated_text.
struct GenerateText {
  static constexpr const char* type_name = "generate_text";
  TraceContext trace;
  std::string model;   ///< path
  std::string system;  ///< may be empty
  std::string prompt;
  std::uint32_t max_tokens = 0;
  SamplingBits sampling;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, model, system, prompt, max_tokens, sampling);
  }
};

/// application -> who asked.
struct GeneratedText {
  static constexpr const char* type_name = "generated_text";
  TraceContext trace;
  std::string text;
  StageFigures figures;
  std::string error;  ///< one line; empty when all went well

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, text, figures, error);
  }
};

/// application -> itself: look at the text rings again.
struct PollText {
  static constexpr const char* type_name = "poll_text";
  static constexpr bool is_poll = true;
  TraceContext trace;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace);
  }
};

}  // namespace blue::messages
