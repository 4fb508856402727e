// A device that is not the host, for tests: its copies happen only when a thread waits for them, so
// code that reuses a buffer or publishes a block too early reads wrong bytes here. Fails
// the n-th copy on demand.
// Depends on hal/device.h. Threads: any; a stream belongs to one.
#pragma once

#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hal/device.h"

namespace blue::memory::test {

class FakeStream final : public hal::Stream {
 public:
  void enqueue(std::function<void()> work) {
    queue_.push_back(std::move(work));
    n_enqueued_ += 1;
  }
  void run_until(std::uint64_t n) {
    while (n_done_ < n) {
      queue_.front()();
      queue_.pop_front();
      n_done_ += 1;
    }
  }
  [[nodiscard]] std::uint64_t n_enqueued() const { return n_enqueued_; }
  [[nodiscard]] std::uint64_t n_done() const { return n_done_; }

  Status synchronize() override { return run_until(n_enqueued_), Status(); }
  Status record(hal::Event& event) override;
  Status wait_for(hal::Event& event) override { return event.wait(); }

 private:
  std::deque<std::function<void()>> queue_;
  std::uint64_t n_enqueued_ = 0;
  std::uint64_t n_done_ = 0;
};

class FakeEvent final : public hal::Event {
 public:
  Result<bool> is_done() override { return stream_ == nullptr || stream_->n_done() >= place_; }
  Status wait() override {
    if (stream_ != nullptr) stream_->run_until(place_);
    return {};
  }

 private:
  friend class FakeStream;
  FakeStream* stream_ = nullptr;
  std::uint64_t place_ = 0;
};

inline Status FakeStream::record(hal::Event& event) {
  auto& fake = static_cast<FakeEvent&>(event);
  fake.stream_ = this;
  fake.place_ = n_enqueued_;
  return {};
}

class FakeArena final : public hal::Arena {
 public:
  explicit FakeArena(Bytes size) : bytes_(size.count + kTensorSlack) {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes_.data());
    base_ = bytes_.data() + (kTensorSlack - address % kTensorSlack) % kTensorSlack;
    size_ = size;
  }
  std::byte* base() const override { return base_; }
  Bytes size() const override { return size_; }

 private:
  static constexpr std::size_t kTensorSlack = 256;
  std::vector<std::byte> bytes_;
  std::byte* base_ = nullptr;
  Bytes size_;
};

class FakeRegistration final : public hal::HostRegistration {
 public:
  explicit FakeRegistration(std::byte* host) : host_(host) {}
  std::byte* device_address() const override { return host_; }

 private:
  std::byte* host_;
};

class FakeDevice final : public hal::Device {
 public:
  FakeDevice() {
    info_.name = "fake:0";
    info_.kind = hal::DeviceKind::cuda;  // any kind but the host
  }

  std::atomic<std::uint64_t> n_copies = 0;
  /// The copy with this number is refused.
  std::atomic<std::uint64_t> failing_copy = ~std::uint64_t{0};
  std::atomic<const std::byte*> refused_into = nullptr;  ///< where the refused copy was to go
  enum class Locking : std::uint8_t { granted, denied } locking = Locking::granted;

  const hal::DeviceInfo& info() const override { return info_; }
  Result<std::unique_ptr<hal::Arena>> allocate(Bytes size) override {
    return std::unique_ptr<hal::Arena>(std::make_unique<FakeArena>(size));
  }
  Result<std::unique_ptr<hal::Stream>> open_stream() override {
    return std::unique_ptr<hal::Stream>(std::make_unique<FakeStream>());
  }
  Result<std::unique_ptr<hal::Event>> open_event() override {
    return std::unique_ptr<hal::Event>(std::make_unique<FakeEvent>());
  }
  Result<std::unique_ptr<hal::HostRegistration>> register_host(ByteSpan range) override {
    if (locking == Locking::denied)
      return Error(hal::HalError::denied, "fake: no page locking here");
    return std::unique_ptr<hal::HostRegistration>(std::make_unique<FakeRegistration>(range.data()));
  }
  Status copy_to_device(std::byte* device, const std::byte* host, Bytes size,
                        hal::Stream& stream) override {
    return copy(device, host, size, stream);
  }
  Status copy_to_host(std::byte* host, const std::byte* device, Bytes size,
                      hal::Stream& stream) override {
    return copy(host, device, size, stream);
  }
  Status copy_within(std::byte* to, const std::byte* from, Bytes size,
                     hal::Stream& stream) override {
    return copy(to, from, size, stream);
  }

 private:
  Status copy(std::byte* to, const std::byte* from, Bytes size, hal::Stream& stream) {
    if (n_copies++ == failing_copy) {
      refused_into = to;
      return Error(hal::HalError::device_failed, "fake: this copy fails");
    }
    static_cast<FakeStream&>(stream).enqueue([=] { std::memcpy(to, from, size.count); });
    return {};
  }

  hal::DeviceInfo info_;
};

}  // namespace blue::memory::test
