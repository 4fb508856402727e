// Options and the runtime itself.
#include "apps/capi/runtime.h"

#include <utility>

#include "apps/capi/handles.h"
#include "base/mutex.h"

using blue::MutexLock;
using blue::Status;
using blue::capi::bad_argument;
using blue::capi::guarded;

namespace {

/// Runs `set` on a handle that may be null.
template <class Handle, class Set>
blue_status change(Handle* handle, const char* function, Set&& set) noexcept {
  return guarded(function, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(handle);
    return set(*handle);
  });
}

blue::capi::ErrorNote* note_of(blue_runtime* runtime) {
  return runtime == nullptr ? nullptr : &runtime->core->note;
}

}  // namespace

extern "C" {

blue_status blue_options_create(blue_options** options) {
  return guarded(__func__, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(options);
    *options = nullptr;
    *options = new blue_options();
    return {};
  });
}

blue_status blue_options_set_device(blue_options* options, const char* device) {
  return change(options, __func__, [&](blue_options& o) -> Status {
    if (device == nullptr || *device == '\0') return bad_argument("no device given");
    o.host.device = device;
    return {};
  });
}

blue_status blue_options_set_context(blue_options* options, uint32_t n_tokens) {
  return change(options, __func__, [&](blue_options& o) -> Status {
    if (n_tokens == 0) return bad_argument("a context of 0 tokens");
    o.host.max_context = n_tokens;
    return {};
  });
}

blue_status blue_options_set_vram_budget(blue_options* options, uint64_t bytes) {
  return change(options, __func__, [&](blue_options& o) -> Status {
    o.host.resources.vram = blue::Bytes{bytes};
    return {};
  });
}

blue_status blue_options_set_ram_budget(blue_options* options, uint64_t bytes) {
  return change(options, __func__, [&](blue_options& o) -> Status {
    o.host.resources.ram = blue::Bytes{bytes};
    return {};
  });
}

blue_status blue_options_set_runs_folder(blue_options* options, const char* path) {
  return change(options, __func__, [&](blue_options& o) -> Status {
    if (path == nullptr || *path == '\0') return bad_argument("no path given");
    o.host.runs_root = path;
    return {};
  });
}

blue_status blue_options_set_log(blue_options* options, blue_log_callback callback, void* user) {
  return change(options, __func__, [&](blue_options& o) -> Status {
    o.callback = callback;
    o.user = user;
    return {};
  });
}

blue_status blue_options_destroy(blue_options** options) {
  return guarded(__func__, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(options);
    BLUE_REQUIRE_ARGUMENT(*options);
    delete std::exchange(*options, nullptr);
    return {};
  });
}

blue_status blue_create(const blue_options* options, blue_runtime** runtime) {
  return guarded(__func__, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(runtime);
    *runtime = nullptr;
    const blue_options defaults;
    const blue_options& chosen = options == nullptr ? defaults : *options;
    auto made = std::make_unique<blue_runtime>();
    made->core = std::make_shared<blue::capi::Core>(chosen.callback, chosen.user);
    BLUE_TRY_ASSIGN(made->host, blue::runtime::Runtime::start(chosen.host, made->core->sink));
    *runtime = made.release();
    return {};
  });
}

blue_status blue_destroy(blue_runtime** runtime) {
  return guarded(__func__, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(runtime);
    BLUE_REQUIRE_ARGUMENT(*runtime);
    const std::unique_ptr<blue_runtime> ending(std::exchange(*runtime, nullptr));
    ending->host->shutdown();
    ending->core->sink.close();
    return {};
  });
}

const char* blue_device(const blue_runtime* runtime) {
  return runtime == nullptr ? nullptr : runtime->host->device_choice().c_str();
}

blue_status blue_unload(blue_runtime* runtime, const char* model_path) {
  return guarded(__func__, note_of(runtime), [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(runtime);
    BLUE_REQUIRE_ARGUMENT(model_path);
    return runtime->host->unload_model(model_path);
  });
}

blue_status blue_load(blue_runtime* runtime, const char* model_path) {
  return guarded(__func__, note_of(runtime), [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(runtime);
    BLUE_REQUIRE_ARGUMENT(model_path);
    const auto loaded = runtime->host->load_model(model_path);
    return loaded ? Status() : Status(loaded.error());
  });
}

blue_status blue_cancel(blue_runtime* runtime) {
  return guarded(__func__, note_of(runtime), [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(runtime);
    const MutexLock lock(runtime->core->streams_mutex);
    for (blue_stream* stream : runtime->core->streams) stream->cancel();
    return {};
  });
}

}  // extern "C"
