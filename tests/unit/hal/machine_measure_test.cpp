#include "hal/machine_measure.h"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "tests/support/hal/fake_reader.h"
#include "tests/support/scratch_folder.h"

namespace blue::hal {

TEST_CASE("memory measurements move bytes with every thread they were given") {
  for (const auto measure : {measure_memory_copy, measure_memory_read})
    for (const unsigned n_threads : {1u, 3u}) {
      const auto rate = measure({.budget_ns = 4'000'000, .n_threads = n_threads});
      REQUIRE(rate.ok());
      CHECK(rate->n_threads == n_threads);
      CHECK(rate->moved.count > 0);
      CHECK(rate->took_ns > 0);
      CHECK(rate->gb_per_s() > 0);
      CHECK(rate->working_set.count >= n_threads * (std::uint64_t{2} << 20));
    }
}

TEST_CASE("a measurement without threads is a bad argument") {
  CHECK(measure_memory_copy({.budget_ns = 1'000'000, .n_threads = 0})
            .error()
            .is(HalError::bad_argument));
}

TEST_CASE("the compute measurement names its instruction set and lies below any core's peak") {
  const MeasuredCompute compute = measure_compute(2'000'000);
  CHECK(compute.gflop_per_s > 0);  // how much depends on what else runs
  // Two 512-bit units at 6 GHz: 384. More would mean that the compiler dropped work.
  CHECK(compute.gflop_per_s < 500);
  CHECK_FALSE(compute.instruction_set.empty());
  CHECK(compute.took_ns >= 2'000'000);
}

TEST_CASE("a disk measurement reads whole files over and over, small ones too") {
  const test::ScratchFolder folder;
  for (const std::size_t size : {std::size_t{1}, std::size_t{1'500'000}}) {
    auto reader = open_pread_reader();
    REQUIRE(reader.ok());
    const auto disk = measure_disk_read(**reader, folder.write_bytes("data", size), 2'000'000);
    REQUIRE(disk.ok());
    CHECK(disk->rate.moved.count >= size);
    CHECK(disk->rate.gb_per_s() > 0);
    CHECK_FALSE(disk->is_direct);
    CHECK((*reader)->n_in_flight() == 0);
  }
}

TEST_CASE("a disk measurement passes on what is wrong with the file, with no read left under way") {
  const test::ScratchFolder folder;
  auto reader = open_pread_reader();
  REQUIRE(reader.ok());
  CHECK(measure_disk_read(**reader, folder.path(), 1'000'000).error().is(HalError::bad_file));
  CHECK(measure_disk_read(**reader, folder.write("empty", ""), 1'000'000)
            .error()
            .is(HalError::short_file));
  test::FakeReader failing(**reader);
  failing.strike(test::ReaderFault::fail_read, 3);
  CHECK(measure_disk_read(failing, folder.write_bytes("data", 9 << 20), 1'000'000)
            .error()
            .is(HalError::io_failed));
  CHECK(failing.n_in_flight() == 0);
}

TEST_CASE("a scratch file has its size while it lives and is gone afterwards") {
  const test::ScratchFolder folder;
  {
    const auto scratch = ScratchFile::create(folder.path(), 3'000'000_B);
    REQUIRE(scratch.ok());
    CHECK(std::filesystem::file_size(scratch->path()) == 3'000'000);
  }
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(ScratchFile::create(folder.path("absent"), 1_KiB).error().is(HalError::bad_file));
}

}  // namespace blue::hal
