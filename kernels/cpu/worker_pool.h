// The CPU backend's threads: one parallel_for at a time, whose parts whoever is
// free takes, the calling thread among them. A worker whose core is busy with
// another program takes fewer parts, or none, and holds nobody up but for the
// part in hand. Depends on base and hal/affinity.h. Threads: parallel_for from
// one thread at a time. A part is taken by one compare-and-swap, no lock;
// waiting threads spin for some tens of microseconds, since ops follow each
// other closely inside a step, then sleep in the kernel until called: an idle
// program burns nothing. Allocates in the constructor only. The destructor
// joins every worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

namespace blue::kernels::cpu {

class WorkerPool {
 public:
  /// One worker per entry of `cores`, the caller being the first: its pinning
  /// is its own affair, the others pin themselves to cores[1..]. Empty: the
  /// caller alone. Where the system refuses a pin the worker runs unpinned,
  /// where it refuses a thread there are fewer: n_pinned() and n_workers()
  /// tell.
  explicit WorkerPool(std::span<const int> cores);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// The caller included.
  [[nodiscard]] std::uint32_t n_workers() const {
    return static_cast<std::uint32_t>(threads_.size()) + 1;
  }
  /// Workers that hold their core, the caller not counted. Final when the
  /// constructor returns.
  [[nodiscard]] std::uint32_t n_pinned() const { return n_pinned_.load(std::memory_order_relaxed); }

  /// Calls body(begin, end) for disjoint parts that cover [0, n_items), each of
  /// `grain` items but for the last one, and returns when all have returned.
  /// With one part's worth of items or less it runs on the caller alone. Many
  /// small grains are joined, up to kPartsPerWorker parts for each worker:
  /// taking one costs some tens of nanoseconds. `body` must not throw: it runs
  /// on threads that have nobody to tell.
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

  void run(const Job& job);
  void take_parts();
  void work(std::uint32_t worker, int core);

  /// Written by the caller while no part is left or in hand, read by whoever
  /// has taken one.
  Job job_;
  std::uint32_t generation_of_job_ = 0;  ///< the caller's own count of jobs
  std::atomic<bool> should_stop_{false};
  alignas(64) std::atomic<std::uint32_t> generation_{
      0};  ///< moves once per job: what idle workers wait on
  /// The job's generation in the upper half, how many of its parts are left in
  /// the lower: a part is taken only from the job that it belongs to, however
  /// late a worker comes.
  alignas(64) std::atomic<std::uint64_t> left_{0};
  alignas(64) std::atomic<std::uint32_t> n_done_{0};      ///< parts of the job that have returned
  alignas(64) std::atomic<std::uint32_t> n_starting_{0};  ///< workers that have not reported in
  alignas(64) std::atomic<std::uint32_t> n_pinned_{0};
  std::vector<std::thread> threads_;
};

}  // namespace blue::kernels::cpu
