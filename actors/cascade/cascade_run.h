// CascadeRun: the policy of one run: which stage is next, what it may read, what is written where,
// and what the log records. Order of every write: log first (synced), Thinking Buffer second,
// messages last; so what was shown is never lost.
// Depends on base, memory/text and the policies of actors/; no CAF. Threads: the cascade actor's;
// the buffer may be observed by any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/cascade/run_record.h"
#include "base/result.h"
#include "memory/text/thinking_buffer.h"
#include "memory/text/write_ahead_log.h"
#include "messages/stages.h"

namespace blue::actors {

class CascadeRun {
 public:
  /// A new run: creates the log at `log_path`; run_begin and the task's slot are on the drive on
  /// return.
  /// Errors: log_failed.
  static Result<CascadeRun> start(RunRecord record, const std::string& log_path);
  /// A run that a crash or an error interrupted, up to its last committed slot.
  /// Errors: log_failed, log_corrupt, bad_cascade (a log without a description), run_finished (it
  /// had completed).
  static Result<CascadeRun> resume(const std::string& log_path);

  /// The next stage with its prompt filled from the slots it may read.
  struct StageToRun {
    std::uint32_t stage = 0;
    std::string prompt;
  };
  /// A stage that was left out, its slot committed with another's text.
  struct Skipped {
    std::uint32_t stage = 0;
    std::string why;
  };
  struct Finished {};
  using Step = std::variant<StageToRun, Skipped, Finished>;
  /// The next action. Errors: hidden_slot, unknown_slot (a prompt reads what its stage may not),
  /// log_failed.
  [[nodiscard]] Result<Step> next();

  /// The stage's whole text: committed. Errors: log_failed, slot_committed.
  [[nodiscard]] Status stage_done(std::uint32_t stage, const std::string& text,
                                  const messages::StageFigures& figures);
  /// The stage degenerated: its partial text is committed as its slot, and the log records the
  /// preemption.
  [[nodiscard]] Status stage_preempted(std::uint32_t stage, const std::string& text,
                                       messages::PreemptReason reason,
                                       const messages::StageFigures& figures);
  /// The stage ended without a result: its text is kept for inspection; a resume runs it again.
  [[nodiscard]] Status stage_lost(std::uint32_t stage, const std::string& text);
  /// The last record. A run that failed or was cancelled can be resumed; one that completed can't.
  [[nodiscard]] Status end(messages::Outcome outcome, const std::string& error);

  [[nodiscard]] const RunRecord& record() const { return record_; }
  [[nodiscard]] const std::shared_ptr<memory::ThinkingBuffer>& buffer() const { return buffer_; }
  /// Stages whose slot was committed before this process began, in order.
  [[nodiscard]] const std::vector<std::uint32_t>& resumed_stages() const { return resumed_; }

 private:
  CascadeRun(RunRecord record, memory::WriteAheadLog log);
  [[nodiscard]] bool is_committed(const std::string& slot) const;
  [[nodiscard]] std::optional<std::string> reason_to_skip(const StageSpec& stage) const;
  Status commit(const std::string& slot, const std::string& text);

  RunRecord record_;
  memory::WriteAheadLog log_;
  std::shared_ptr<memory::ThinkingBuffer> buffer_;
  std::vector<std::optional<float>>
      mean_entropy_nats_;  ///< by stage; nothing for one that ran before a crash
  std::vector<std::uint32_t> resumed_;
};

/// The slots of a log and whether its run completed: for listing, never for a stage.
struct LoggedRun {
  RunRecord record;
  std::vector<memory::SlotText> slots;
  std::optional<RunEndRecord> end;
};
/// Reads without touching the file. Errors: as CascadeRun::resume, less run_finished.
Result<LoggedRun> read_logged_run(const std::string& log_path);

}  // namespace blue::actors
