#include "hal/memory_budget.h"

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <thread>
#include <vector>

namespace blue::hal {

TEST_CASE("a budget grants up to its limit and says who asked for more") {
  MemoryBudget budget("host memory", 100_B);
  REQUIRE(budget.reserve(60_B, "weights").ok());
  CHECK(budget.available() == 40_B);
  const Status refused = budget.reserve(41_B, "kv cache");
  REQUIRE(!refused.ok());
  CHECK(refused.error().is(HalError::out_of_memory));
  CHECK(refused.error().kind() == ErrorKind::exhausted);
  CHECK(refused.error().message() == "host memory: kv cache asks for 41 B, 40 B of 100 B is left");
  CHECK(budget.used() == 60_B);
  REQUIRE(budget.reserve(40_B, "kv cache").ok());
  budget.release(100_B);
  CHECK(budget.used() == 0_B);
}

TEST_CASE("a request near the end of the number range does not wrap") {
  MemoryBudget budget("host memory", 100_B);
  REQUIRE(budget.reserve(50_B, "a").ok());
  CHECK_FALSE(budget.reserve({std::numeric_limits<std::uint64_t>::max() - 10}, "b").ok());
  budget.release(50_B);
}

TEST_CASE("a reservation gives back what it took, wherever it was moved") {
  MemoryBudget budget("host memory", 100_B);
  {
    auto taken = Reservation::take(budget, 70_B, "a");
    REQUIRE(taken.ok());
    Reservation moved = std::move(*taken);
    CHECK(moved.size() == 70_B);
    CHECK(budget.used() == 70_B);
    moved = Reservation();
    CHECK(budget.used() == 0_B);
    CHECK(Reservation::take(budget, 101_B, "b").error().is(HalError::out_of_memory));
  }
  CHECK(budget.used() == 0_B);
}

TEST_CASE("releasing more than was reserved is a bug") {
  MemoryBudget budget("host memory", 100_B);
  REQUIRE(budget.reserve(10_B, "a").ok());
  CHECK_THROWS_AS(budget.release(11_B), CheckFailure);
}

TEST_CASE("threads together never get more than the limit") {
  MemoryBudget budget("host memory", 1'000_B);
  std::atomic<std::uint64_t> held{0};
  std::atomic<bool> was_exceeded{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20'000; ++i) {
        const Bytes size{static_cast<std::uint64_t>(100 + 97 * t + i % 300)};
        if (!budget.reserve(size, "thread")) continue;
        if (held.fetch_add(size.count) + size.count > 1'000) was_exceeded = true;
        held.fetch_sub(size.count);
        budget.release(size);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(was_exceeded);
  CHECK(budget.used() == 0_B);
}

}  // namespace blue::hal
