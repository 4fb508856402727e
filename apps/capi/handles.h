// The objects behind the C API's opaque handles. Depends on runtime. Threads: as runtime.h says.
// Lifetime: a stream may outlive its runtime, so what both need (log, error note) is shared.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "apps/capi/boundary.h"
#include "base/log_sink.h"
#include "base/printable.h"
#include "runtime/runtime.h"

namespace blue::capi {

/// Passes lines, printable ones, to the caller's function until it is closed.
class CallbackSink final : public LogSink {
 public:
  CallbackSink(blue_log_callback callback, void* user) : callback_(callback), user_(user) {}

  void write(LogLevel level, std::string_view line) override {
    const std::lock_guard lock(mutex_);
    if (callback_ != nullptr)
      callback_(static_cast<blue_log_level>(level), printable(line).c_str(), user_);
  }
  /// Nothing is called any more once this has returned.
  void close() {
    const std::lock_guard lock(mutex_);
    callback_ = nullptr;
  }

 private:
  std::mutex mutex_;
  blue_log_callback callback_;
  void* user_;
};

/// What a runtime shares with its streams.
struct Core {
  Core(blue_log_callback callback, void* user) : sink(callback, user) {}

  CallbackSink sink;
  ErrorNote note;
  std::mutex streams_mutex;
  std::set<blue_stream*> streams;  ///< all that were begun and not destroyed
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
  /// Cancels what still runs.
  ~blue_stream();
  blue_stream(const blue_stream&) = delete;
  blue_stream& operator=(const blue_stream&) = delete;

  /// Takes the next event; Status is that of the end, once it came.
  blue::Status poll(std::chrono::milliseconds patience, blue_event& kind);
  void cancel();

  const std::shared_ptr<blue::capi::Core> core;
  const std::string id;
  mutable std::mutex mutex;  ///< guards all below but `run`'s cancel
  blue::runtime::RunEvent current;
  bool has_event = false;
  std::map<std::string, std::string> slots;

 private:
  void take(blue::runtime::RunEvent event);

  blue::runtime::Run run;
  const std::string output_slot;
  std::deque<blue::runtime::RunEvent> waiting;
};
