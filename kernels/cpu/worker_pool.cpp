#include "kernels/cpu/worker_pool.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "base/units.h"
#include "hal/affinity.h"

namespace blue::kernels::cpu {
namespace {

/// Spinning this long costs about as much as waking a sleeping thread (35-80 µs), so waiting costs
/// at most twice the cheaper way. A pause is 40-140 cycles, depending on the processor.
constexpr int kSpins = 2000;

inline void pause() { __builtin_ia32_pause(); }

/// Returns the first value of `number` that is not `old`.
std::uint32_t wait_while(const std::atomic<std::uint32_t>& number, std::uint32_t old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    const std::uint32_t seen = number.load(std::memory_order_acquire);
    if (seen != old) return seen;
    pause();
  }
  number.wait(old, std::memory_order_acquire);
  return number.load(std::memory_order_acquire);
}

}  // namespace

WorkerPool::WorkerPool(std::span<const int> cores) {
  if (cores.size() < 2) return;
  // Each worker reports in once through n_starting_, so that n_pinned() is
  // final afterwards.
  threads_.reserve(cores.size() - 1);
  for (std::uint32_t worker = 1; worker < cores.size(); ++worker) {
    n_starting_.fetch_add(1, std::memory_order_relaxed);
    try {
      threads_.emplace_back([this, worker, core = cores[worker]] { work(worker, core); });
    } catch (const std::system_error&) {  // no more threads are allowed: use those that exist
      n_starting_.fetch_sub(1, std::memory_order_relaxed);
      break;
    }
  }
  for (std::uint32_t left = n_starting_.load(); left != 0;) left = wait_while(n_starting_, left);
}

WorkerPool::~WorkerPool() {
  should_stop_.store(true, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::run(const Job& job) {
  job_ = job;
  n_done_.store(0, std::memory_order_relaxed);
  ++generation_of_job_;
  left_.store(std::uint64_t{generation_of_job_} << 32 | (kNoneLeft + job.n_parts),
              std::memory_order_release);
  generation_.store(generation_of_job_, std::memory_order_release);
  generation_.notify_all();
  take_parts();
  for (std::uint32_t done = n_done_.load(std::memory_order_acquire); done != job.n_parts;)
    done = wait_while(n_done_, done);
}

/// Until none is left. The job does not change before all its parts are reported done, so that it
/// is safe to read after taking one.
void WorkerPool::take_parts() {
  std::uint32_t n_taken = 0;
  std::uint32_t n_parts = 0;
  while (true) {
    const auto left =
        static_cast<std::uint32_t>(left_.fetch_sub(1, std::memory_order_acq_rel)) - kNoneLeft;
    if (static_cast<std::int32_t>(left) <= 0) break;
    n_parts = job_.n_parts;
    const std::uint64_t begin = (n_parts - left) * job_.part;
    job_.run(job_.body, begin, std::min(begin + job_.part, job_.n_items));
    ++n_taken;
  }
  if (n_taken == 0) return;
  if (n_done_.fetch_add(n_taken, std::memory_order_acq_rel) + n_taken == n_parts)
    n_done_.notify_one();
}

void WorkerPool::work(std::uint32_t worker, int core) {
  // The name is for ps and gdb only; a failure changes nothing.
  static_cast<void>(hal::name_thread("blue-worker-" + std::to_string(worker)));
  Result<hal::ThreadPin> pin = hal::ThreadPin::to_cpu(core);
  if (pin.ok()) {
    pin.value().keep();
    n_pinned_.fetch_add(1, std::memory_order_relaxed);
  }
  if (n_starting_.fetch_sub(1, std::memory_order_acq_rel) == 1) n_starting_.notify_one();
  std::uint32_t done = 0;
  while (true) {
    done = wait_while(generation_, done);
    if (should_stop_.load(std::memory_order_relaxed)) return;
    take_parts();
  }
}

}  // namespace blue::kernels::cpu
