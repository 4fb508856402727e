#include "actors/cascade/cascade_run.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "base/check.h"

namespace blue::actors {
namespace {

using memory::LogRecordType;
using memory::SlotState;

Result<LoggedRun> interpret(const memory::LogReading& reading, const std::string& path) {
  if (reading.contents.records.empty() ||
      reading.contents.records.front().type != LogRecordType::run_begin) {
    return Error(ActorsError::bad_cascade,
                 path + ": the log ends before it says what the run was; start the run anew");
  }
  LoggedRun run;
  BLUE_TRY_ASSIGN(run.record, decode_run_record(reading.contents.records.front().payload, path));
  memory::ThinkingBuffer buffer(run.record.cascade.slots);
  for (const memory::LogRecordView& entry : reading.contents.records) {
    if (entry.type == LogRecordType::slot_commit) {
      BLUE_TRY_ASSIGN(const memory::SlotRecord slot, memory::decode_slot(entry.payload));
      BLUE_TRY(buffer.write(slot.slot, slot.text));
    } else if (entry.type == LogRecordType::slot_partial) {
      BLUE_TRY_ASSIGN(const memory::SlotRecord slot, memory::decode_slot(entry.payload));
      BLUE_TRY(buffer.begin(slot.slot));
      BLUE_TRY(buffer.append(slot.slot, slot.text));
      BLUE_TRY(buffer.interrupt(slot.slot));
    } else if (entry.type == LogRecordType::run_end) {
      BLUE_TRY_ASSIGN(run.end, decode_run_end(entry.payload, path));
    } else if (entry.type == LogRecordType::stage_begin) {
      run.end.reset();  // a resumed run continues behind an end without completion
    }
  }
  run.slots = buffer.observe();
  return run;
}

}  // namespace

CascadeRun::CascadeRun(RunRecord record, memory::WriteAheadLog log)
    : record_(std::move(record)),
      log_(std::move(log)),
      buffer_(std::make_shared<memory::ThinkingBuffer>(record_.cascade.slots)),
      mean_entropy_nats_(record_.cascade.stages.size()) {}

Result<CascadeRun> CascadeRun::start(RunRecord record, const std::string& log_path) {
  BLUE_TRY_ASSIGN(memory::WriteAheadLog log, memory::WriteAheadLog::create(log_path));
  BLUE_TRY(log.append(LogRecordType::run_begin, encode_run_record(record)));
  CascadeRun run(std::move(record), std::move(log));
  BLUE_TRY(run.commit(run.record_.cascade.input, run.record_.task));
  return run;
}

Result<CascadeRun> CascadeRun::resume(const std::string& log_path) {
  BLUE_TRY_ASSIGN(memory::WriteAheadLog::Reopened reopened,
                  memory::WriteAheadLog::reopen(log_path));
  BLUE_TRY_ASSIGN(LoggedRun logged, interpret(reopened.before, log_path));
  if (logged.end && logged.end->outcome == messages::Outcome::completed) {
    return Error(ActorsError::run_finished,
                 log_path + ": this run has completed; there is nothing to resume");
  }
  CascadeRun run(std::move(logged.record), std::move(reopened.log));
  for (const memory::SlotText& slot : logged.slots) {
    if (slot.state == SlotState::committed) BLUE_TRY(run.buffer_->write(slot.name, slot.text));
  }
  // A crash between run_begin and the task's commit leaves the task in the description alone.
  if (!run.is_committed(run.record_.cascade.input))
    BLUE_TRY(run.commit(run.record_.cascade.input, run.record_.task));
  const std::vector<StageSpec>& stages = run.record_.cascade.stages;
  for (std::uint32_t i = 0; i < stages.size(); ++i) {
    if (run.is_committed(stages[i].writes)) run.resumed_.push_back(i);
  }
  return run;
}

bool CascadeRun::is_committed(const std::string& slot) const {
  const auto slots = buffer_->observe();
  const auto found = std::ranges::find(slots, slot, &memory::SlotText::name);
  return found != slots.end() && found->state == SlotState::committed;
}

Status CascadeRun::commit(const std::string& slot, const std::string& text) {
  BLUE_TRY(log_.commit_slot(slot, text));
  return buffer_->write(slot, text);
}

std::optional<std::string> CascadeRun::reason_to_skip(const StageSpec& stage) const {
  if (record_.skip == SkipPolicy::never || !stage.skip) return std::nullopt;
  const std::vector<StageSpec>& stages = record_.cascade.stages;
  const auto after = std::ranges::find(stages, stage.skip->after, &StageSpec::name);
  if (after == stages.end() || !is_committed(stage.skip->copy)) return std::nullopt;
  const std::optional<float>& mean =
      mean_entropy_nats_[static_cast<std::size_t>(after - stages.begin())];
  if (!mean || *mean >= stage.skip->mean_entropy_below) return std::nullopt;
  std::array<char, 96> figures{};
  std::snprintf(figures.data(), figures.size(), ": mean entropy %.4f nats per token, below %.4f",
                static_cast<double>(*mean), static_cast<double>(stage.skip->mean_entropy_below));
  return "'" + after->name + "' was sure of itself" + figures.data();
}

Result<CascadeRun::Step> CascadeRun::next() {
  const std::vector<StageSpec>& stages = record_.cascade.stages;
  for (std::uint32_t i = 0; i < stages.size(); ++i) {
    const StageSpec& stage = stages[i];
    if (is_committed(stage.writes)) continue;
    if (const auto why = reason_to_skip(stage)) {
      BLUE_TRY_ASSIGN(const auto view, buffer_->view({stage.skip->copy}));
      BLUE_TRY_ASSIGN(const memory::SlotText source, view.read(stage.skip->copy));
      BLUE_TRY(commit(stage.writes, source.text));
      return Step(Skipped{i, *why});
    }
    BLUE_TRY_ASSIGN(const auto view, buffer_->view(stage.reads));
    auto prompt = render_prompt(stage, [&view](std::string_view slot) -> Result<std::string> {
      BLUE_TRY_ASSIGN(memory::SlotText read, view.read(slot));
      return std::move(read.text);
    });
    if (!prompt) return std::move(prompt).error().within("stage '" + stage.name + "'");
    BLUE_TRY(log_.append_text(LogRecordType::stage_begin, stage.name));
    BLUE_TRY(buffer_->begin(stage.writes));
    return Step(StageToRun{i, std::move(prompt).value()});
  }
  return Step(Finished{});
}

Status CascadeRun::stage_done(std::uint32_t stage, const std::string& text,
                              const messages::StageFigures& figures) {
  BLUE_CHECK(stage < record_.cascade.stages.size());
  mean_entropy_nats_[stage] =
      static_cast<float>(static_cast<double>(figures.mean_entropy_micronats) * 1e-6);
  return commit(record_.cascade.stages[stage].writes, text);
}

Status CascadeRun::stage_preempted(std::uint32_t stage, const std::string& text,
                                   messages::PreemptReason reason,
                                   const messages::StageFigures& figures) {
  BLUE_CHECK(stage < record_.cascade.stages.size());
  BLUE_TRY(
      log_.append_text(LogRecordType::stage_preempted,
                       record_.cascade.stages[stage].name + ": " + std::string(to_text(reason))));
  BLUE_TRY(stage_done(stage, text, figures));
  // The entropy of a cut text is no measure of certainty: it skips no later stage.
  mean_entropy_nats_[stage].reset();
  return {};
}

Status CascadeRun::stage_lost(std::uint32_t stage, const std::string& text) {
  BLUE_CHECK(stage < record_.cascade.stages.size());
  const std::string& slot = record_.cascade.stages[stage].writes;
  BLUE_TRY(log_.append(LogRecordType::slot_partial, memory::encode_slot(slot, text)));
  BLUE_TRY(buffer_->append(slot, text));
  return buffer_->interrupt(slot);
}

Status CascadeRun::end(messages::Outcome outcome, const std::string& error) {
  return log_.append(LogRecordType::run_end, encode_run_end({outcome, error}));
}

Result<LoggedRun> read_logged_run(const std::string& log_path) {
  BLUE_TRY_ASSIGN(const memory::LogReading reading, memory::read_log(log_path));
  return interpret(reading, log_path);
}

}  // namespace blue::actors
