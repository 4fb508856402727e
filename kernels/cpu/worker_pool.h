// The CPU backend's threads: one parallel_for at a time, whose parts are taken by the workers that
// are free, the calling thread among them. A worker whose core another program uses takes fewer
// parts, and delays the others by its current part at most. Depends on base and hal/affinity.h.
// Threads: parallel_for from one thread at a time. Taking a part is one subtraction, no lock; a
// worker reports once a job, since all workers queue for such a line of memory; waiting threads
// spin for some tens of microseconds, since ops follow each other closely inside a step, then sleep
// in the kernel: an idle program uses no processor time. Allocates in the constructor only. The
// destructor joins every worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

namespace blue::kernels::cpu {

class WorkerPool {
 public:
  /// One worker per entry of `cores`. The caller is the first and is not pinned here; the others
  /// pin themselves to cores[1..]. Empty: the caller only. Where the system refuses a pin the
  /// worker runs unpinned, where it refuses a thread there are fewer: see n_pinned() and
  /// n_workers().
  explicit WorkerPool(std::span<const int> cores);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// The caller included.
  [[nodiscard]] std::uint32_t n_workers() const {
    return static_cast<std::uint32_t>(threads_.size()) + 1;
  }
  /// Pinned workers, without the caller. Final when the constructor returns.
  [[nodiscard]] std::uint32_t n_pinned() const { return n_pinned_.load(std::memory_order_relaxed); }

  /// Calls body(begin, end) for disjoint parts that cover [0, n_items), each of `grain` items
  /// except the last, and returns when all have returned. Up to `grain` items run on the caller
  /// only. Many small grains are joined, up to kPartsPerWorker parts per worker: taking one costs
  /// some tens of nanoseconds. `body` must not throw: its threads have no handler.
  template <class Body>
  void parallel_for(std::uint64_t n_items, std::uint64_t grain, const Body& body) {
    if (threads_.empty() || n_items <= grain) {
      if (n_items > 0) body(std::uint64_t{0}, n_items);
      return;
    }
    const std::uint64_t n_grains = (n_items + grain - 1) / grain;
    const std::uint64_t most = kPartsPerWorker * n_workers();
    const std::uint64_t part = n_grains <= most ? grain : (n_grains + most - 1) / most * grain;
    run({.run = [](const void* of, std::uint64_t begin,
                   std::uint64_t end) { (*static_cast<const Body*>(of))(begin, end); },
         .body = &body,
         .n_items = n_items,
         .part = part,
         .n_parts = static_cast<std::uint32_t>((n_items + part - 1) / part)});
  }

 private:
  struct Job {
    void (*run)(const void* body, std::uint64_t begin, std::uint64_t end) = nullptr;
    const void* body = nullptr;
    std::uint64_t n_items = 0;
    std::uint64_t part = 1;  ///< items
    std::uint32_t n_parts = 0;
  };
  static constexpr std::uint64_t kPartsPerWorker = 8;
  /// left_ counts down to here: workers that find none left subtract as well, each at most once per
  /// job and wake-up.
  static constexpr std::uint32_t kNoneLeft = 1U << 30;

  void run(const Job& job);
  void take_parts();
  void work(std::uint32_t worker, int core);

  /// Written by the caller while no part is left or being executed, read by workers that have taken
  /// one.
  Job job_;
  std::uint32_t generation_of_job_ = 0;  ///< the caller's own count of jobs
  std::atomic<bool> should_stop_{false};
  /// Incremented once per job; idle workers wait on it.
  alignas(64) std::atomic<std::uint32_t> generation_{0};
  /// The job's generation in the upper half; in the lower kNoneLeft, and the number of its parts
  /// left: a late worker either takes a part of the job that is under way or none.
  alignas(64) std::atomic<std::uint64_t> left_{0};
  alignas(64) std::atomic<std::uint32_t> n_done_{0};      ///< parts of the job that have returned
  alignas(64) std::atomic<std::uint32_t> n_starting_{0};  ///< workers that have not reported in
  alignas(64) std::atomic<std::uint32_t> n_pinned_{0};
  std::vector<std::thread> threads_;
};

}  // namespace blue::kernels::cpu
