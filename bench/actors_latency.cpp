// One-way times between two threads on two cores: a hint over its ring (both cores hot), a message
// to a detached actor that sleeps, and to one whose mailbox is never empty; traced and untraced.
// The limit beside them is the ring hand-over, which is two cache-line transfers.
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "actors/handles.h"
#include "hal/affinity.h"
#include "messages/rings.h"
#include "messages/system_config.h"
#include "messages/traced.h"

namespace blue {
namespace {

using messages::Handles;
using ReceiverHandle =
    messages::Protocol<Handles<messages::JobBegan>, Handles<messages::LookAgain>>;

constexpr int kWarmUp = 200;
constexpr int kRounds = 3000;

void report(const char* what, std::vector<Nanoseconds> times) {
  times.erase(times.begin(), times.begin() + kWarmUp);
  std::ranges::sort(times);
  const auto at = [&](double part) {
    return static_cast<double>(
               times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))]) /
           1e3;
  };
  std::printf("%-52s p50 %8.2f us   p99 %8.2f us\n", what, at(0.50), at(0.99));
}

void pin_this_thread(int cpu) {
  auto pin = hal::ThreadPin::to_cpu(cpu);
  if (pin) pin->keep();
}

/// Records the arrival time of each message. `hot`: its mailbox never runs empty.
class Receiver final : public messages::TracedActor<ReceiverHandle> {
 public:
  enum class Mode : std::uint8_t { sleeping, hot };
  Receiver(caf::actor_config& config, TraceHub& hub, int cpu, Mode mode,
           std::atomic<Nanoseconds>* came)
      : TracedActor(config, hub, "receiver", "receiver"), cpu_(cpu), mode_(mode), came_(came) {}

  Behavior make_behavior() override {
    pin_this_thread(cpu_);
    if (mode_ == Mode::hot) send_to_self(messages::LookAgain{});
    return {on([this](const messages::JobBegan&) {
              came_->store(monotonic_now_ns(), std::memory_order_release);
            }),
            on([this](const messages::LookAgain&) { send_to_self(messages::LookAgain{}); })};
  }

 private:
  int cpu_;
  Mode mode_;
  std::atomic<Nanoseconds>* came_;
};

void bench_ring(int near_cpu, int far_cpu) {
  messages::HintRing ring(1024);
  std::atomic<Nanoseconds> came{0};
  std::atomic<bool> is_over{false};
  std::thread consumer([&] {
    pin_this_thread(far_cpu);
    messages::HintRecord hint;
    while (!is_over.load(std::memory_order_relaxed)) {
      if (ring.pop(hint)) came.store(monotonic_now_ns(), std::memory_order_release);
    }
  });
  pin_this_thread(near_cpu);
  std::vector<Nanoseconds> times;
  for (int i = 0; i < kWarmUp + kRounds; ++i) {
    came.store(0, std::memory_order_release);
    const Nanoseconds until_ns = monotonic_now_ns() + 10'000;
    while (monotonic_now_ns() < until_ns) {
    }
    messages::HintRecord hint;
    const Nanoseconds sent_ns = monotonic_now_ns();
    ring.push(hint);
    Nanoseconds arrived_ns = 0;
    while ((arrived_ns = came.load(std::memory_order_acquire)) == 0) {
    }
    times.push_back(arrived_ns - sent_ns);
  }
  is_over = true;
  consumer.join();
  report("ring hint, both cores hot", std::move(times));
}

void bench_actor(const char* what, int near_cpu, int far_cpu, Receiver::Mode mode,
                 std::size_t spans_per_actor) {
  TraceHub hub(spans_per_actor);
  messages::SystemConfig config(messages::Scheduling::threads);
  caf::actor_system system(config);
  std::atomic<Nanoseconds> came{0};
  std::vector<Nanoseconds> times;
  {
    pin_this_thread(near_cpu);
    auto receiver = system.spawn<Receiver, caf::detached>(std::ref(hub), far_cpu, mode, &came);
    std::vector<TraceSpan> drained;
    for (int i = 0; i < kWarmUp + kRounds; ++i) {
      came.store(0, std::memory_order_release);
      if (mode == Receiver::Mode::sleeping) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      messages::JobBegan message;
      const Nanoseconds sent_ns = monotonic_now_ns();
      if (hub.is_on()) message.trace = child_of({});
      messages::send_bare_from_outside(receiver, message);
      Nanoseconds arrived_ns = 0;
      while ((arrived_ns = came.load(std::memory_order_acquire)) == 0) sched_yield();
      times.push_back(arrived_ns - sent_ns);
      if (i % 256 == 0) hub.drain(drained);
    }
    messages::send_exit_to(receiver);
  }
  report(what, std::move(times));
}

int run() {
  const auto cpus = hal::current_affinity();
  if (!cpus || cpus->size() < 2) {
    std::printf("actors_latency needs two cores; this machine gives one\n");
    return 0;
  }
  const int near_cpu = cpus->front();
  const int far_cpu = cpus->back();
  bench_ring(near_cpu, far_cpu);
  using Mode = Receiver::Mode;
  bench_actor("message to a detached actor that sleeps", near_cpu, far_cpu, Mode::sleeping, 0);
  bench_actor("message to a detached actor that sleeps, traced", near_cpu, far_cpu, Mode::sleeping,
              16384);
  bench_actor("message to a hot detached actor", near_cpu, far_cpu, Mode::hot, 0);
  bench_actor("message to a hot detached actor, traced", near_cpu, far_cpu, Mode::hot, 16384);
  return 0;
}

}  // namespace
}  // namespace blue

int main() { return blue::run(); }
