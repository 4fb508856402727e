#include "kernels/cpu/worker_pool.h"

#include <algorithm>
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

/// One part for each of three workers, none of which returns before all have begun.
template <class Body>
void in_step(WorkerPool& pool, const Body& body) {
  std::atomic<int> n_begun{0};
  pool.parallel_for(3, 1, [&](std::uint64_t begin, std::uint64_t) {
    ++n_begun;
    while (n_begun < 3) std::this_thread::yield();
    body(begin);
  });
}

}  // namespace

TEST_CASE(
    "every item is worked on exactly once, whatever the numbers of items, workers and the grain") {
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
  pool.parallel_for(
      100, 100, [&](std::uint64_t, std::uint64_t) { threads.insert(std::this_thread::get_id()); });
  CHECK(threads == std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST_CASE("parts that wait for each other are taken by different workers") {
  WorkerPool pool(cores_for(3));
  std::mutex mutex;
  std::set<std::thread::id> threads;
  in_step(pool, [&](std::uint64_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  CHECK(threads.size() == 3);
  CHECK(threads.contains(std::this_thread::get_id()));
}

TEST_CASE("a worker held up in a part leaves the others to the rest") {
  WorkerPool pool(cores_for(2));
  constexpr int kParts = 8;
  std::atomic<int> n_done{0};
  pool.parallel_for(kParts, 1, [&](std::uint64_t begin, std::uint64_t) {
    // The first part does not return before all others have: its worker takes no other.
    while (begin == 0 && n_done < kParts - 1) std::this_thread::yield();
    ++n_done;
  });
  CHECK(n_done == kParts);
}

TEST_CASE("workers hold their cores and the caller keeps its own mask") {
  const std::vector<int> before = blue::hal::current_affinity().value();
  const std::vector<int> cores = cores_for(3);
  WorkerPool pool(cores);
  CHECK(pool.n_workers() == 3);
  CHECK(pool.n_pinned() == 2);
  std::vector<std::vector<int>> masks(3);
  in_step(pool, [&](std::uint64_t part) { masks[part] = blue::hal::current_affinity().value(); });
  std::vector<std::vector<int>> wanted = {before, {cores[1]}, {cores[2]}};
  std::ranges::sort(masks);
  std::ranges::sort(wanted);
  CHECK(masks == wanted);
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
  // Spinning workers would use 600 ms; spinning out after the job takes well under a millisecond
  // each.
  CHECK(cpu_ns() - before < 100'000'000);
}
