// The CPU backend's threads: one parallel_for at a time over a static partition, the calling thread taking the first part.
// Depends on base and hal/affinity.h.
// Threads: parallel_for from one thread at a time. Hand-over is one atomic each way, no lock; waiting threads spin for some
// tens of microseconds, since ops follow each other closely inside a step, then sleep in the kernel until called:
// an idle program burns nothing. Allocates in the constructor only. The destructor joins every worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

namespace blue::kernels::cpu {

class WorkerPool {
 public:
  /// One worker per entry of `cores`, the caller being the first: its pinning is its own affair, the others pin themselves
  /// to cores[1..]. Empty: the caller alone. Where the system refuses a pin the worker runs unpinned, where it refuses a
  /// thread there are fewer: n_pinned() and n_workers() tell.
  explicit WorkerPool(std::span<const int> cores);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// The caller included.
  [[nodiscard]] std::uint32_t n_workers() const { return static_cast<std::uint32_t>(threads_.size()) + 1; }
  /// Workers that hold their core, the caller not counted. Final when the constructor returns.
  [[nodiscard]] std::uint32_t n_pinned() const { return n_pinned_.load(std::memory_order_relaxed); }

  /// Calls body(begin, end) for disjoint parts that cover [0, n_items), each part's begin a multiple of `grain`, and
  /// returns when all have returned. With one part's worth of items or less it runs on the caller alone.
  /// `body` must not throw: it runs on threads that have nobody to tell.
  template <class Body>
  void parallel_for(std::uint64_t n_items, std::uint64_t grain, const Body& body) {
    if (threads_.empty() || n_items <= grain) {
      if (n_items > 0) body(std::uint64_t{0}, n_items);
      return;
    }
    run({.run = [](const void* of, std::uint64_t begin,
                   std::uint64_t end) { (*static_cast<const Body*>(of))(begin, end); },
         .body = &body,
         .n_items = n_items,
         .grain = grain});
  }

 private:
  struct Job {
    void (*run)(const void* body, std::uint64_t begin, std::uint64_t end) = nullptr;
    const void* body = nullptr;
    std::uint64_t n_items = 0;
    std::uint64_t grain = 1;
  };

  void run(const Job& job);
  void run_part(std::uint32_t worker) const;
  void work(std::uint32_t worker, int core);

  Job job_;                   ///< written by the caller before generation_ moves, read by workers after
  bool should_stop_ = false;  ///< published like job_
  alignas(64) std::atomic<std::uint32_t> generation_{0};  ///< moves once per job
  alignas(64) std::atomic<std::uint32_t> n_running_{0};   ///< workers that have not finished the job
  alignas(64) std::atomic<std::uint32_t> n_pinned_{0};
  std::vector<std::thread> threads_;
};

}  // namespace blue::kernels::cpu
