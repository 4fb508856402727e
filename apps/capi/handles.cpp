#include "apps/capi/handles.h"

#include <string_view>
#include <utility>

using blue::Error;
using blue::MutexLock;
using blue::Status;
using blue::capi::guarded;
using blue::runtime::RunEvent;

namespace {

/// The end of a run as an Error, from its kind and message.
enum class EndedAs { bad_input, exhausted, unavailable, corrupt, cancelled, failed };
constexpr std::string_view error_domain(EndedAs) { return "run"; }
constexpr blue::ErrorKind error_kind(EndedAs as) { return static_cast<blue::ErrorKind>(as); }

static_assert(error_kind(EndedAs::bad_input) == blue::ErrorKind::bad_input);
static_assert(error_kind(EndedAs::exhausted) == blue::ErrorKind::exhausted);
static_assert(error_kind(EndedAs::unavailable) == blue::ErrorKind::unavailable);
static_assert(error_kind(EndedAs::corrupt) == blue::ErrorKind::corrupt);
static_assert(error_kind(EndedAs::cancelled) == blue::ErrorKind::cancelled);
static_assert(error_kind(EndedAs::failed) == blue::ErrorKind::failed);

Status status_of_end(const RunEvent& event) {
  switch (event.outcome) {
    case blue::messages::Outcome::completed: return {};
    case blue::messages::Outcome::cancelled: return Error(EndedAs::cancelled, event.error);
    case blue::messages::Outcome::failed:
      return Error(static_cast<EndedAs>(event.error_kind), event.error);
  }
  return Error(EndedAs::failed, event.error);
}

blue_event kind_of(RunEvent::Kind kind) {
  switch (kind) {
    case RunEvent::Kind::stage_started: return BLUE_EVENT_STAGE_STARTED;
    case RunEvent::Kind::text: return BLUE_EVENT_TEXT;
    case RunEvent::Kind::slot_written: return BLUE_EVENT_SLOT_WRITTEN;
    case RunEvent::Kind::stage_skipped: return BLUE_EVENT_STAGE_SKIPPED;
    case RunEvent::Kind::stage_preempted: return BLUE_EVENT_STAGE_PREEMPTED;
    case RunEvent::Kind::finished: return BLUE_EVENT_FINISHED;
  }
  return BLUE_EVENT_NONE;
}

}  // namespace

blue_stream::blue_stream(std::shared_ptr<blue::capi::Core> shared, blue::runtime::Run begun,
                         std::string output)
    : core(std::move(shared)),
      id(begun.id()),
      run(std::move(begun)),
      output_slot(std::move(output)) {
  const MutexLock lock(core->streams_mutex);
  core->streams.insert(this);
}

blue_stream::~blue_stream() {
  {
    const MutexLock lock(core->streams_mutex);
    core->streams.erase(this);
  }
  // A stream that can't be cancelled for lack of memory runs on; its events are dropped.
  if (!run.is_finished())
    guarded("blue_stream_destroy", nullptr, [this]() -> Status { return cancel(), Status(); });
}

void blue_stream::cancel() { run.cancel(); }

void blue_stream::take(RunEvent event) {
  if (event.kind == RunEvent::Kind::slot_written) slots[event.name] = event.text;
  if (event.kind == RunEvent::Kind::finished && event.text.empty() && !output_slot.empty()) {
    if (const auto found = slots.find(output_slot); found != slots.end())
      event.text = found->second;
  }
  current = std::move(event);
  has_event = true;
}

Status blue_stream::poll(std::chrono::milliseconds patience, blue_event& kind) {
  const MutexLock lock(mutex);
  const bool is_at_end = has_event && current.kind == RunEvent::Kind::finished;
  if (!is_at_end) {
    if (waiting.empty()) {
      for (RunEvent& event : run.wait(patience)) waiting.push_back(std::move(event));
    }
    if (waiting.empty()) {
      has_event = false;
      current = {};
      kind = BLUE_EVENT_NONE;
      return {};
    }
    take(std::move(waiting.front()));
    waiting.pop_front();
  }
  kind = kind_of(current.kind);
  return current.kind == RunEvent::Kind::finished ? status_of_end(current) : Status();
}
