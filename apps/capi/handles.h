// The objects behind the C API's opaque handles. Depends on runtime. Threads: see runtime.h.
// Lifetime: a stream may outlive its runtime, so both share log and error note.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "apps/capi/boundary.h"
#include "base/log_sink.h"
#include "base/mutex.h"
#include "base/printable.h"
#include "runtime/runtime.h"

namespace blue::capi {

/// Passes printable lines to the caller's function until it is closed.
class CallbackSink final : public LogSink {
 public:
  CallbackSink(blue_log_callback callback, void* user) : callback_(callback), user_(user) {}

  void write(LogLevel level, std::string_view line) override {
    const MutexLock lock(mutex_);
    if (callback_ != nullptr)
      callback_(static_cast<blue_log_level>(level), printable(line).c_str(), user_);
  }
  /// The function is not called after this has returned.
  void close() {
    const MutexLock lock(mutex_);
    callback_ = nullptr;
  }

 private:
  Mutex mutex_;
  blue_log_callback callback_ BLUE_GUARDED_BY(mutex_);
  void* user_ BLUE_GUARDED_BY(mutex_);
};

/// What a runtime shares with its streams.
struct Core {
  Core(blue_log_callback callback, void* user) : sink(callback, user) {}

  CallbackSink sink;
  ErrorNote note;
  Mutex streams_mutex;
  std::set<blue_stream*> streams BLUE_GUARDED_BY(streams_mutex);  ///< begun and not destroyed
};

}  // namespace blue::capi

struct blue_options {
  blue::runtime::RuntimeOptions host;
  blue_log_callback callback = nullptr;
  void* user = nullptr;
};

struct blue_request {
  blue::runtime::GenerateRequest host;
};

struct blue_runtime {
  std::shared_ptr<blue::capi::Core> core;  ///< outlives `host`, which logs to it
  std::unique_ptr<blue::runtime::Runtime> host;
};

struct blue_stream {
  blue_stream(std::shared_ptr<blue::capi::Core> shared, blue::runtime::Run begun,
              std::string output_slot);
  /// Cancels the work if it still runs.
  ~blue_stream();
  blue_stream(const blue_stream&) = delete;
  blue_stream& operator=(const blue_stream&) = delete;

  /// Takes the next event. Returns the outcome of the work with `finished`, else success.
  blue::Status poll(std::chrono::milliseconds patience, blue_event& kind);
  void cancel();

  const std::shared_ptr<blue::capi::Core> core;
  const std::string id;
  mutable blue::Mutex mutex;  ///< guards all below but `run`'s cancel
  blue::runtime::RunEvent current BLUE_GUARDED_BY(mutex);
  bool has_event BLUE_GUARDED_BY(mutex) = false;
  std::map<std::string, std::string> slots BLUE_GUARDED_BY(mutex);

 private:
  void take(blue::runtime::RunEvent event) BLUE_REQUIRES(mutex);

  blue::runtime::Run run;
  const std::string output_slot;
  std::deque<blue::runtime::RunEvent> waiting BLUE_GUARDED_BY(mutex);
};
