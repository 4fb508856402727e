#include "kernels/cpu/worker_pool.h"

#include <catch2/catch_test_macros.hpp>
#include <ctime>
#include <mutex>
#include <set>

#include "hal/affinity.h"

using blue::kernels::cpu::WorkerPool;

namespace {

std::vector<int> cores_for(std::size_t n_workers) {
  const std::vector<int> allowed = blue::hal::current_affinity().value();
  std::vector<int> cores;
  for (std::size_t i = 0; i < n_workers; ++i) cores.push_back(allowed[i % allowed.size()]);
  return cores;
}

}  // namespace

TEST_CASE("every item is worked on exactly once, whatever the numbers of items, workers and the grain") {
  for (const std::size_t n_workers : {0U, 1U, 2U, 3U, 5U}) {
    WorkerPool pool(cores_for(n_workers));
    for (const std::uint64_t n_items : {0U, 1U, 3U, 4U, 7U, 64U, 1001U}) {
      for (const std::uint64_t grain : {1U, 4U, 100U}) {
        std::vector<int> visits(n_items, 0);
        std::atomic<int> n_misaligned{0};
        pool.parallel_for(n_items, grain, [&](std::uint64_t begin, std::uint64_t end) {
          if (begin % grain != 0) ++n_misaligned;
          for (std::uint64_t i = begin; i < end; ++i) ++visits[i];
        });
        INFO(n_workers << " workers, " << n_items << " items, grain " << grain);
        REQUIRE(visits == std::vector<int>(n_items, 1));
        REQUIRE(n_misaligned == 0);
      }
    }
  }
}

TEST_CASE("what one job wrote the next one reads, over many hand-overs") {
  WorkerPool pool(cores_for(3));
  std::vector<std::uint64_t> values(64, 0);
  for (std::uint64_t round = 0; round < 5000; ++round) {
    pool.parallel_for(values.size(), 1, [&](std::uint64_t begin, std::uint64_t end) {
      // Reads its neighbour of the last round, which another worker may have written.
      for (std::uint64_t i = begin; i < end; ++i) values[i] = round + 1;
    });
    std::uint64_t sum = 0;
    for (const std::uint64_t value : values) sum += value;
    REQUIRE(sum == values.size() * (round + 1));
  }
}

TEST_CASE("work below one grain stays on the calling thread") {
  WorkerPool pool(cores_for(3));
  std::set<std::thread::id> threads;
  pool.parallel_for(100, 100,
                    [&](std::uint64_t, std::uint64_t) { threads.insert(std::this_thread::get_id()); });
  CHECK(threads == std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST_CASE("the caller takes the first part and every worker a part of its own") {
  WorkerPool pool(cores_for(3));
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::thread::id of_first;
  pool.parallel_for(3, 1, [&](std::uint64_t begin, std::uint64_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
    if (begin == 0) of_first = std::this_thread::get_id();
  });
  CHECK(threads.size() == 3);
  CHECK(of_first == std::this_thread::get_id());
}

TEST_CASE("workers hold their cores and the caller keeps its own mask") {
  const std::vector<int> before = blue::hal::current_affinity().value();
  const std::vector<int> cores = cores_for(3);
  WorkerPool pool(cores);
  CHECK(pool.n_workers() == 3);
  CHECK(pool.n_pinned() == 2);
  std::mutex mutex;
  std::vector<std::vector<int>> masks(3);
  pool.parallel_for(3, 1, [&](std::uint64_t begin, std::uint64_t) {
    const std::lock_guard lock(mutex);
    masks[begin] = blue::hal::current_affinity().value();
  });
  CHECK(masks[0] == before);
  CHECK(masks[1] == std::vector<int>{cores[1]});
  CHECK(masks[2] == std::vector<int>{cores[2]});
}

TEST_CASE("a core that does not exist leaves its worker unpinned and working") {
  WorkerPool pool(std::vector<int>{0, 100000});
  CHECK(pool.n_workers() == 2);
  CHECK(pool.n_pinned() == 0);
  std::atomic<std::uint64_t> sum{0};
  pool.parallel_for(10, 1, [&](std::uint64_t begin, std::uint64_t end) { sum += end - begin; });
  CHECK(sum == 10);
}

TEST_CASE("pools are made and destroyed at any moment, used or not") {
  for (int round = 0; round < 200; ++round) {
    WorkerPool pool(cores_for(3));
    std::atomic<int> n{0};
    if (round % 2 == 0) pool.parallel_for(3, 1, [&](std::uint64_t, std::uint64_t) { ++n; });
    REQUIRE(n == (round % 2 == 0 ? 3 : 0));
  }
}

TEST_CASE("workers without work use no processor time") {
  WorkerPool pool(cores_for(3));
  pool.parallel_for(3, 1, [](std::uint64_t, std::uint64_t) {});
  const auto cpu_ns = [] {
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return spent.tv_sec * 1'000'000'000L + spent.tv_nsec;
  };
  const long before = cpu_ns();
  const timespec quiet{.tv_sec = 0, .tv_nsec = 300'000'000};
  nanosleep(&quiet, nullptr);  // the measured interval, not a wait for something to become true
  // Spinning workers would use 600 ms; spinning out after the job takes well under a millisecond each.
  CHECK(cpu_ns() - before < 100'000'000);
}
