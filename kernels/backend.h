// The backend contract: runs ops on a device. One folder each under kernels/; `backend.cpp` there
// defines `const BackendEntry& backend_<folder>();`, found by the generated registry.
// Depends on base, hal and kernels. Threads: a Backend is driven by one thread at a time. A Backend
// owns its Device.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hal/device.h"
#include "kernels/op.h"

namespace blue::kernels {

struct BackendOptions {
  int device_index = 0;
  /// Cores (OS numbers) that workers pin themselves to, the caller's own first; empty: no pinning,
  /// one worker.
  std::vector<int> worker_cores;
};

class Backend {
 public:
  virtual ~Backend() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual hal::Device& device() = 0;

  /// Can this op run with its weight in `format` (null for ops without weight)? Asked once per
  /// program.
  /// Errors: unsupported_shape, unsupported_format; the message names op, shape and format.
  [[nodiscard]] virtual Status supports(const Op& op, const Format* format) const = 0;

  /// Can the ops that use the cache work with this type? Every backend has f32 and f16.
  /// Errors: unsupported_format naming backend and type.
  [[nodiscard]] virtual Status supports_cache(KvType type) const;

  /// Device bytes of workspace that the ops need for steps of up to `max_tokens`.
  [[nodiscard]] virtual Bytes workspace_bytes(std::span<const Op> ops,
                                              std::uint32_t max_tokens) const = 0;

  /// Enqueues one op on `stream`. Never allocates, never synchronises. Step scalars that kernels
  /// need come from device memory (StepInputs pointers); n_tokens and n_outputs are launch shapes.
  /// Errors: device_failed. The caller has asked supports() before.
  [[nodiscard]] virtual Status enqueue(const Op& op, const Bindings& bindings,
                                       const StepInputs& inputs, hal::Stream& stream) = 0;
};

struct BackendEntry {
  std::string_view name;  ///< "reference", "cpu", "cuda"
  /// The automatic choice takes the highest that has a device; the reference backend is 0.
  int preference = 0;
  /// Devices it could open here, possibly none; never fails the program for absent hardware.
  std::vector<hal::DeviceInfo> (*probe)() = nullptr;
  Result<std::unique_ptr<Backend>> (*open)(const BackendOptions& options) = nullptr;
  bool has_workers = false;  ///< does it compute on BackendOptions::worker_cores?
};

/// Every backend in the tree, alphabetical (generated from kernels/*/backend.cpp).
std::span<const BackendEntry* const> registered_backends();

/// The entry for the argument of --device or --backend: "reference", "cpu", "cuda", "cuda:1",
/// "auto".
/// Errors:   unknown_backend naming the choices.
struct BackendChoice {
  const BackendEntry* entry = nullptr;
  int device_index = 0;
  std::string why;  ///< one line: "cuda:0 (NVIDIA H200): chosen automatically"
};
Result<BackendChoice> choose_backend(std::string_view wanted);

}  // namespace blue::kernels
