#include "hal/affinity.h"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <string>
#include <thread>

namespace blue::hal {
namespace {

/// What /proc shows of the calling thread, as another process would read it.
std::string proc_status_of_thread(const std::string& key) {
  std::ifstream status("/proc/self/task/" + std::to_string(gettid()) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key + ":"))
      return line.substr(line.find_first_not_of(" \t", key.size() + 1));
  return "";
}

}  // namespace

TEST_CASE(
    "a pinned thread shows its core in /proc and runs there, and its death restores the mask") {
  const auto before = current_affinity();
  REQUIRE(before.ok());
  for (const int cpu : *before) {
    {
      const auto pin = ThreadPin::to_cpu(cpu);
      REQUIRE(pin.ok());
      CHECK(pin->cpus() == std::vector<int>{cpu});
      CHECK(current_cpu() == cpu);
      CHECK(proc_status_of_thread("Cpus_allowed_list") == std::to_string(cpu));
    }
    CHECK(*current_affinity() == *before);
  }
}

TEST_CASE("a pin that moves is undone once, by its last owner") {
  const auto before = current_affinity();
  REQUIRE(before.ok());
  {
    auto pin = ThreadPin::to_cpu(before->front());
    REQUIRE(pin.ok());
    {
      const ThreadPin moved = std::move(*pin);
      CHECK(current_affinity()->size() == 1);
    }
    CHECK(*current_affinity() == *before);
  }
  CHECK(*current_affinity() == *before);
}

TEST_CASE("a pin that is kept outlives its object") {
  std::vector<int> after;
  int cpu = -1;
  std::thread([&] {
    cpu = current_affinity()->back();
    {
      auto pin = ThreadPin::to_cpu(cpu);
      if (pin) pin->keep();
    }
    after = *current_affinity();
  }).join();
  CHECK(after == std::vector<int>{cpu});
}

TEST_CASE("several CPUs are held as a set, in any order and with repetitions") {
  const auto all = current_affinity();
  REQUIRE(all.ok());
  std::vector<int> wanted(all->rbegin(), all->rend());
  wanted.push_back(all->front());
  const auto pin = ThreadPin::to_cpus(wanted);
  REQUIRE(pin.ok());
  CHECK(pin->cpus() == *all);
}

TEST_CASE("a CPU that does not exist is a bad argument and leaves the thread where it was") {
  const auto before = current_affinity();
  REQUIRE(before.ok());
  for (const int cpu : {-1, 8191, 100'000}) {
    const auto pin = ThreadPin::to_cpu(cpu);
    REQUIRE(!pin.ok());
    CHECK(pin.error().is(HalError::bad_argument));
    CHECK(pin.error().message().find(std::to_string(cpu)) != std::string::npos);
  }
  CHECK(ThreadPin::to_cpus({}).error().is(HalError::bad_argument));
  CHECK(*current_affinity() == *before);
}

TEST_CASE("a set that the kernel would narrow without a word is denied") {
  const auto before = current_affinity();
  REQUIRE(before.ok());
  const std::vector<int> half_absent = {before->front(), 8191};
  const auto pin = ThreadPin::to_cpus(half_absent);
  REQUIRE(!pin.ok());
  CHECK(pin.error().is(HalError::denied));
  CHECK(*current_affinity() == *before);
}

TEST_CASE("a thread's name is cut to what the kernel keeps") {
  std::string name;
  std::string in_proc;
  std::thread([&] {
    if (!name_thread("stage:coder-and-more")) return;
    name = thread_name();
    in_proc = proc_status_of_thread("Name");
  }).join();
  CHECK(name == "stage:coder-and");
  CHECK(in_proc == name);
}

}  // namespace blue::hal
