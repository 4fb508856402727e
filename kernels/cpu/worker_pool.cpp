#include "kernels/cpu/worker_pool.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "base/units.h"
#include "hal/affinity.h"

namespace blue::kernels::cpu {
namespace {

/// Spinning this long costs about what waking a sleeping thread does (35-80 µs), so neither choice is ever twice too dear.
/// A pause is 40-140 cycles, depending on the processor.
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
  // Each worker reports in once through n_running_, so that n_pinned() is final afterwards.
  threads_.reserve(cores.size() - 1);
  for (std::uint32_t worker = 1; worker < cores.size(); ++worker) {
    n_running_.fetch_add(1, std::memory_order_relaxed);
    try {
      threads_.emplace_back([this, worker, core = cores[worker]] { work(worker, core); });
    } catch (
        const std::system_error&) {  // the process may have no more threads: go on with those that there are
      n_running_.fetch_sub(1, std::memory_order_relaxed);
      break;
    }
  }
  for (std::uint32_t left = n_running_.load(); left != 0;) left = wait_while(n_running_, left);
}

WorkerPool::~WorkerPool() {
  should_stop_ = true;
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::run(const Job& job) {
  job_ = job;
  n_running_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  run_part(0);
  for (std::uint32_t left = n_running_.load(std::memory_order_acquire); left != 0;)
    left = wait_while(n_running_, left);
}

void WorkerPool::run_part(std::uint32_t worker) const {
  const std::uint64_t n_grains = (job_.n_items + job_.grain - 1) / job_.grain;
  const std::uint64_t begin = n_grains * worker / n_workers() * job_.grain;
  const std::uint64_t end = std::min(n_grains * (worker + 1) / n_workers() * job_.grain, job_.n_items);
  if (begin < end) job_.run(job_.body, begin, end);
}

void WorkerPool::work(std::uint32_t worker, int core) {
  // A name is only a courtesy to ps and gdb: without it the work is the same.
  static_cast<void>(hal::name_thread("blue-worker-" + std::to_string(worker)));
  Result<hal::ThreadPin> pin = hal::ThreadPin::to_cpu(core);
  if (pin.ok()) {
    pin.value().keep();
    n_pinned_.fetch_add(1, std::memory_order_relaxed);
  }
  std::uint32_t done = 0;
  while (true) {
    if (n_running_.fetch_sub(1, std::memory_order_acq_rel) == 1) n_running_.notify_one();
    done = wait_while(generation_, done);
    if (should_stop_) return;
    run_part(worker);
  }
}

}  // namespace blue::kernels::cpu
