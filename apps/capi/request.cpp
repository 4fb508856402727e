// Requests: what to generate.
#include <utility>

#include "apps/capi/handles.h"
#include "apps/capi/runtime.h"

using blue::Status;
using blue::capi::bad_argument;
using blue::capi::guarded;

namespace {

/// Sets one field of the sampling, unless the result would be invalid.
template <class Set>
blue_status change_sampling(const char* function, blue_request* request, Set&& set) noexcept {
  return guarded(function, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(request);
    blue::models::SamplingSpec changed = request->host.sampling;
    set(changed);
    BLUE_TRY(changed.validate());
    request->host.sampling = changed;
    return {};
  });
}

}  // namespace

extern "C" {

blue_status blue_request_create(const char* model_path, const char* prompt,
                                blue_request** request) {
  return guarded(__func__, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(request);
    *request = nullptr;
    BLUE_REQUIRE_ARGUMENT(model_path);
    BLUE_REQUIRE_ARGUMENT(prompt);
    auto made = std::make_unique<blue_request>();
    made->host.model = model_path;
    made->host.prompt = prompt;
    *request = made.release();
    return {};
  });
}

blue_status blue_request_set_system(blue_request* request, const char* text) {
  return guarded(__func__, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(request);
    BLUE_REQUIRE_ARGUMENT(text);
    request->host.system = text;
    return {};
  });
}

blue_status blue_request_set_max_tokens(blue_request* request, uint32_t n_tokens) {
  return guarded(__func__, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(request);
    if (n_tokens == 0) return bad_argument("an answer of 0 tokens");
    request->host.max_tokens = n_tokens;
    return {};
  });
}

blue_status blue_request_set_temperature(blue_request* request, float temperature) {
  return change_sampling(__func__, request,
                         [&](blue::models::SamplingSpec& spec) { spec.temperature = temperature; });
}

blue_status blue_request_set_top_k(blue_request* request, int32_t top_k) {
  return change_sampling(__func__, request,
                         [&](blue::models::SamplingSpec& spec) { spec.top_k = top_k; });
}

blue_status blue_request_set_top_p(blue_request* request, float top_p) {
  return change_sampling(__func__, request,
                         [&](blue::models::SamplingSpec& spec) { spec.top_p = top_p; });
}

blue_status blue_request_set_min_p(blue_request* request, float min_p) {
  return change_sampling(__func__, request,
                         [&](blue::models::SamplingSpec& spec) { spec.min_p = min_p; });
}

blue_status blue_request_set_seed(blue_request* request, uint64_t seed) {
  return change_sampling(__func__, request,
                         [&](blue::models::SamplingSpec& spec) { spec.seed = seed; });
}

blue_status blue_request_destroy(blue_request** request) {
  return guarded(__func__, nullptr, [&]() -> Status {
    BLUE_REQUIRE_ARGUMENT(request);
    BLUE_REQUIRE_ARGUMENT(*request);
    delete std::exchange(*request, nullptr);
    return {};
  });
}

}  // extern "C"
