// What a user asks of the machine: merged, named, read from a cascade's [resources], kept in the
// log of a run.
#include "actors/scheduling/resource_options.h"

#include <catch2/catch_test_macros.hpp>

#include "actors/cascade/cascade_file.h"
#include "actors/cascade/run_record.h"

namespace blue::actors {
namespace {

using memory::EvictionPolicy;

std::string cascade_with(const std::string& resources) {
  return R"(name = "one"
slots = ["task", "answer"]
input = "task"
output = "answer"

)" + resources +
         R"(
[[stage]]
name = "only"
model = "m.gguf"
prompt = "{task}"
reads = ["task"]
writes = "answer"
)";
}

TEST_CASE("a cascade's [resources] are read") {
  const auto cascade = parse_cascade(
      cascade_with(
          "[resources]\nvram = \"1.5GiB\"\nram = \"60%\"\npolicy = \"lfu\"\nthreads = 3\n"),
      "c.toml");
  if (!cascade) FAIL(cascade.error().message());
  CHECK(cascade->resources.vram == MemorySize(1536_MiB));
  CHECK(cascade->resources.ram == MemorySize::share(600'000));
  CHECK(cascade->resources.policy == EvictionPolicy::lfu);
  CHECK(cascade->resources.n_threads == 3);
  CHECK(parse_cascade(cascade_with(""), "c.toml")->resources.is_empty());
}

TEST_CASE("each mistake in [resources] names file, line and key") {
  for (const auto& [line, part] : std::vector<std::pair<std::string, std::string>>{
           {"vram = \"8\"", "vram: '8' has no unit"},
           {"ram = \"101%\"", "more than 100 %"},
           {"vram = 8", "vram must be a string"},
           {"policy = \"fifo\"", "policy: no policy 'fifo': auto, lru or lfu"},
           {"threads = 0", "threads must be a whole number"},
           {"disk = \"8GB\"", "unknown key disk"},
       }) {
    CAPTURE(line);
    const auto cascade = parse_cascade(cascade_with("[resources]\n" + line + "\n"), "c.toml");
    REQUIRE_FALSE(cascade.ok());
    CHECK(cascade.error().message().starts_with("c.toml:7: resources: "));
    CHECK(cascade.error().message().find(part) != std::string::npos);
  }
  const auto no_table = parse_cascade("resources = 1\n" + cascade_with(""), "c.toml");
  REQUIRE_FALSE(no_table.ok());
  CHECK(no_table.error().message().find("resources must be a table") != std::string::npos);
}

TEST_CASE("what the command line leaves open the file decides") {
  const ResourceOptions flags{.vram = MemorySize(1_GiB), .policy = EvictionPolicy::automatic};
  const ResourceOptions file{.vram = MemorySize(2_GiB),
                             .ram = MemorySize(3_GiB),
                             .policy = EvictionPolicy::lru,
                             .n_threads = 4};
  const ResourceOptions both = flags.or_else(file);
  CHECK(both.vram == MemorySize(1_GiB));
  CHECK(both.ram == MemorySize(3_GiB));
  CHECK(both.policy == EvictionPolicy::automatic);
  CHECK(both.n_threads == 4);
  CHECK(ResourceOptions().or_else(file) == file);
}

TEST_CASE("a run's log keeps the resources, and logs without them are read") {
  RunRecord record;
  record.cascade =
      parse_cascade(cascade_with("[resources]\nvram = \"60%\"\npolicy = \"lru\"\n"), "c.toml")
          .value();
  record.task = "t";
  std::vector<std::byte> bytes = encode_run_record(record);
  CHECK(decode_run_record(bytes, "log")->cascade.resources == record.cascade.resources);

  // Two sizes of 12 bytes, a name of 4 + 3, a number.
  bytes.resize(bytes.size() - 2 * 12 - 7 - 4);
  bytes[0] = std::byte{1};  // the version
  const auto older = decode_run_record(bytes, "log");
  REQUIRE(older.ok());
  CHECK(older->cascade.resources.is_empty());
  CHECK(older->task == "t");
  bytes.resize(bytes.size() + 3);
  CHECK_FALSE(decode_run_record(bytes, "log").ok());
}

}  // namespace
}  // namespace blue::actors
