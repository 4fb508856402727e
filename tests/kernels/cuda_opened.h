// What the tests of the CUDA backend share: opening the backend or reporting that there is none,
// and vectors in device memory. Depends on kernels/backend.h and Catch2; names no CUDA header. One
// thread.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/backend.h"

namespace blue::kernels::test {

/// The backend on the first GPU; null, with one visible line, where the build or the machine has
/// none.
inline std::unique_ptr<Backend> open_cuda_or_say_skipped() {
  for (const BackendEntry* entry : registered_backends()) {
    if (entry->name != "cuda") continue;
    if (entry->probe().empty()) break;
    Result<std::unique_ptr<Backend>> backend = entry->open({});
    INFO((backend ? std::string("opened") : backend.error().message()));
    REQUIRE(backend.ok());
    return std::move(backend).value();
  }
  WARN("skipped: no CUDA device");
  return nullptr;
}

/// Fails the test with the error's own line.
inline void require_ok(const Status& status) {
  INFO((status ? std::string("ok") : status.error().message()));
  REQUIRE(status.ok());
}

template <class T>
T require_value(Result<T> result) {
  INFO((result ? std::string("ok") : result.error().message()));
  REQUIRE(result.ok());
  return std::move(result).value();
}

/// A vector of plain values in device memory.
template <class T>
class DeviceVector {
 public:
  DeviceVector(hal::Device& device, hal::Stream& stream, const std::vector<T>& values)
      : device_(device), stream_(stream), size_(values.size()) {
    arena_ = require_value(device.allocate(Bytes{size_ * sizeof(T)}));
    set(values);
  }

  void set(const std::vector<T>& values) {
    REQUIRE(values.size() == size_);
    const auto* from = reinterpret_cast<const std::byte*>(values.data());
    require_ok(device_.copy_to_device(arena_->base(), from, Bytes{size_ * sizeof(T)}, stream_));
    require_ok(stream_.synchronize());
  }

  [[nodiscard]] std::vector<T> get() const {
    std::vector<T> values(size_);
    auto* to = reinterpret_cast<std::byte*>(values.data());
    require_ok(device_.copy_to_host(to, arena_->base(), Bytes{size_ * sizeof(T)}, stream_));
    require_ok(stream_.synchronize());
    return values;
  }

  [[nodiscard]] T* data() const { return reinterpret_cast<T*>(arena_->base()); }
  [[nodiscard]] std::byte* bytes() const { return arena_->base(); }

 private:
  hal::Device& device_;
  hal::Stream& stream_;
  std::size_t size_;
  std::unique_ptr<hal::Arena> arena_;
};

/// `n` values in [-1, 1), the same ones for the same seed.
inline std::vector<float> random_values(std::size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> distribution(-1.0F, 1.0F);
  std::vector<float> values(n);
  for (float& value : values) value = distribution(engine);
  return values;
}

/// The same bits, so that -0 and NaN cannot hide a difference.
inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace blue::kernels::test
