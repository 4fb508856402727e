// Streams: a generation or a cascade under way, and the blocking generation over one.
#include <algorithm>
#include <cstring>
#include <utility>

#include "apps/capi/handles.h"
#include "apps/capi/runtime.h"
#include "base/mutex.h"
#include "runtime/assets.h"

using blue::MutexLock;
using blue::Result;
using blue::Status;
using blue::capi::bad_argument;
using blue::capi::copy_out;
using blue::capi::guarded;
using blue::runtime::RunEvent;

namespace {

/// Copies as much of the figures as the caller's struct holds. Errors: bad_argument for a size
/// below that of the size field.
Status copy_figures(const RunEvent& event, blue_figures& out) {
  if (out.size < sizeof(out.size))
    return bad_argument("set figures->size to sizeof(blue_figures) first");
  blue_figures whole{};
  whole.size = out.size;
  whole.n_prompt_tokens = event.figures.n_prompt_tokens;
  whole.n_tokens = event.figures.n_tokens;
  whole.load_ns = event.figures.load_ns;
  whole.prompt_ns = event.figures.prompt_ns;
  whole.decode_ns = event.figures.decode_ns;
  whole.mean_entropy_micronats = event.figures.mean_entropy_micronats;
  whole.n_misses = event.figures.n_misses;
  whole.end = static_cast<std::int32_t>(event.end);
  std::memcpy(&out, &whole, std::min(whole.size, sizeof(whole)));
  return {};
}

Result<std::unique_ptr<blue_stream>> begin_generation(blue_runtime& runtime,
                                                      const blue_request& request) {
  BLUE_TRY_ASSIGN(blue::runtime::Run run, runtime.host->generate(request.host));
  return std::make_unique<blue_stream>(runtime.core, std::move(run), "");
}

Result<std::string> cascade_path_or_default(const char* path) {
  if (path != nullptr) return std::string(path);
  const auto found = blue::runtime::find_asset(blue::runtime::kDefaultCascade);
  if (!found) return bad_argument("no bundled cascade found; set BLUE_ASSETS or name a file");
  return found->string();
}

blue::capi::ErrorNote* note_of(blue_runtime* runtime) {
  return runtime == nullptr ? nullptr : &runtime->core->note;
}
blue::capi::ErrorNote* note_of(const blue_stream* stream) {
  return stream == nullptr ? nullptr : &stream->core->note;
}

}  // namespace

extern "C" {

blue_status blue_generate(blue_runtime* runtime, const blue_request* request, char** text,
                          size_t* length, blue_figures* figures) {
  return guarded(__func__, note_of(runtime), [&]() -> Status {
    if (length != nullptr) *length = 0;
    BLUE_REQUIRE_ARGUMENT(text);
    *text = nullptr;
    BLUE_REQUIRE_ARGUMENT(runtime);
    BLUE_REQUIRE_ARGUMENT(request);
    if (figures != nullptr) BLUE_TRY(copy_figures({}, *figures));
    BLUE_TRY_ASSIGN(const auto stream, begin_generation(*runtime, *request));
    blue_event kind = BLUE_EVENT_NONE;
    while (kind != BLUE_EVENT_FINISHED) {
      BLUE_TRY(stream->poll(std::chrono::milliseconds(500), kind));
    }
    const MutexLock lock(stream->mutex);
    if (figures != nullptr) BLUE_TRY(copy_figures(stream->current, *figures));
    *text = copy_out(stream->current.text);
    if (length != nullptr) *length = stream->current.text.size();
    return {};
  });
}

blue_status blue_generate_stream_begin(blue_runtime* runtime, const blue_request* request,
                                       blue_stream** stream) {
  return guarded(__func__, note_of(runtime), [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(stream);
    *stream = nullptr;
    BLUE_REQUIRE_ARGUMENT(runtime);
    BLUE_REQUIRE_ARGUMENT(request);
    BLUE_TRY_ASSIGN(auto begun, begin_generation(*runtime, *request));
    *stream = begun.release();
    return {};
  });
}

blue_status blue_run_cascade_begin(blue_runtime* runtime, const char* cascade_path,
                                   const char* task, const char* const* overrides,
                                   size_t n_overrides, blue_stream** stream) {
  return guarded(__func__, note_of(runtime), [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(stream);
    *stream = nullptr;
    BLUE_REQUIRE_ARGUMENT(runtime);
    BLUE_REQUIRE_ARGUMENT(task);
    if (n_overrides > 0) BLUE_REQUIRE_ARGUMENT(overrides);
    BLUE_TRY_ASSIGN(const std::string path, cascade_path_or_default(cascade_path));
    BLUE_TRY_ASSIGN(blue::actors::CascadeSpec cascade, blue::actors::load_cascade(path));
    for (size_t i = 0; i < n_overrides; ++i) {
      BLUE_REQUIRE_ARGUMENT(overrides[i]);
      BLUE_TRY(blue::actors::apply_override(cascade, overrides[i]));
    }
    const std::string output = cascade.output;
    BLUE_TRY_ASSIGN(blue::runtime::Run run,
                    runtime->host->run_cascade(std::move(cascade), task, {}));
    *stream = new blue_stream(runtime->core, std::move(run), output);
    return {};
  });
}

blue_status blue_stream_poll(blue_stream* stream, uint32_t timeout_ms, blue_event* event) {
  return guarded(__func__, note_of(stream), [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(event);
    *event = BLUE_EVENT_NONE;
    BLUE_REQUIRE_ARGUMENT(stream);
    return stream->poll(std::chrono::milliseconds(timeout_ms), *event);
  });
}

const char* blue_stream_text(const blue_stream* stream, size_t* length) {
  if (length != nullptr) *length = 0;
  if (stream == nullptr) return nullptr;
  const MutexLock lock(stream->mutex);
  if (length != nullptr) *length = stream->current.text.size();
  return stream->current.text.c_str();
}

const char* blue_stream_name(const blue_stream* stream) {
  if (stream == nullptr) return nullptr;
  const MutexLock lock(stream->mutex);
  return stream->current.name.c_str();
}

blue_status blue_stream_figures(const blue_stream* stream, blue_figures* figures) {
  return guarded(__func__, note_of(stream), [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(stream);
    BLUE_REQUIRE_ARGUMENT(figures);
    const MutexLock lock(stream->mutex);
    return copy_figures(stream->current, *figures);
  });
}

blue_status blue_stream_slot(const blue_stream* stream, const char* slot, char** text,
                             size_t* length) {
  return guarded(__func__, note_of(stream), [&]() -> Status {
    if (length != nullptr) *length = 0;
    BLUE_REQUIRE_ARGUMENT(text);
    *text = nullptr;
    BLUE_REQUIRE_ARGUMENT(stream);
    BLUE_REQUIRE_ARGUMENT(slot);
    const MutexLock lock(stream->mutex);
    const auto found = stream->slots.find(slot);
    if (found == stream->slots.end())
      return bad_argument(std::string("no slot '") + slot + "' was written yet");
    *text = copy_out(found->second);
    if (length != nullptr) *length = found->second.size();
    return {};
  });
}

const char* blue_stream_run_id(const blue_stream* stream) {
  return stream == nullptr ? nullptr : stream->id.c_str();
}

blue_status blue_stream_cancel(blue_stream* stream) {
  return guarded(__func__, note_of(stream), [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(stream);
    stream->cancel();
    return {};
  });
}

blue_status blue_stream_destroy(blue_stream** stream) {
  return guarded(__func__, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(stream);
    BLUE_REQUIRE_ARGUMENT(*stream);
    delete std::exchange(*stream, nullptr);
    return {};
  });
}

}  // extern "C"
