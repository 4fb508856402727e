// Blocks through the tiering actors and the DMA engine, from a file, on the CPU device, in a tier 0
// that holds a few at a time.
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "actors/tiering/ring_leases.h"
#include "hal/cpu_device.h"
#include "tests/support/actors/test_runtime.h"

namespace blue {
namespace {

constexpr std::uint64_t kBlockBytes = 64 << 10;
constexpr std::uint32_t kBlocks = 24;
constexpr std::uint32_t kRoomFor = 5;

std::byte content(std::uint32_t block) { return static_cast<std::byte>(block * 7 + 1); }

/// Leases one block per token, in order, twice round, and writes whether it held the right bytes:
/// "." or "x".
class LeasingSource final : public actors::TokenSource {
 public:
  LeasingSource(actors::TierMemory& tiers, actors::StageLink& link,
                const std::vector<memory::BlockId>& blocks)
      : leases_(tiers, link), blocks_(blocks) {}

  Result<actors::SourceBegin> begin(const messages::JobSpec&, const StopToken&) override {
    n_ = 0;
    return actors::SourceBegin{};
  }
  Result<std::optional<actors::SourceToken>> next(const StopToken& stop) override {
    if (n_ == 2 * blocks_.size()) return std::optional<actors::SourceToken>();
    const std::uint32_t i = n_++ % static_cast<std::uint32_t>(blocks_.size());
    BLUE_TRY_ASSIGN(const memory::Lease lease, leases_.lease(blocks_[i], stop));
    const bool is_right =
        lease.address()[0] == content(i) && lease.address()[kBlockBytes - 1] == content(i);
    return std::optional(actors::SourceToken{static_cast<TokenId>(n_), 0.5F, is_right ? "." : "x"});
  }
  std::string_view rest() override { return {}; }
  messages::StageEnd end() const override { return messages::StageEnd::end_token; }
  std::uint64_t n_misses() const override { return leases_.n_misses(); }

 private:
  actors::RingLeases leases_;
  const std::vector<memory::BlockId>& blocks_;
  std::uint32_t n_ = 0;
};

/// A file of blocks, the device, and the runtime of tiers over both.
struct Ground {
  std::filesystem::path path;
  std::unique_ptr<hal::Device> device;
  std::shared_ptr<actors::TierMemory> tiers;
  std::vector<memory::BlockId> blocks;
  NullLogSink log;

  explicit Ground(std::uint64_t room) {
    path = std::filesystem::temp_directory_path() /
           ("blue_tiers_" + std::to_string(getpid()) + ".bin");
    std::ofstream file(path, std::ios::binary);
    std::vector<memory::Block> plans;
    for (std::uint32_t i = 0; i < kBlocks; ++i) {
      const std::string bytes(kBlockBytes, static_cast<char>(content(i)));
      file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      memory::Block block;
      block.size = Bytes{kBlockBytes};
      block.extents = {{0, i * kBlockBytes, 0, kBlockBytes}};
      block.name = "m/layer." + std::to_string(i);
      plans.push_back(block);
    }
    file.close();
    device = std::move(hal::open_cpu_device()).value();
    actors::TierMemoryOptions options;
    options.vram = Bytes{room};
    options.max_blocks = 64;
    options.open_reader = [] { return hal::open_pread_reader(); };
    tiers = std::move(actors::TierMemory::open(*device, options, log)).value();
    blocks = std::move(tiers->catalog().add_model("m", {path.string()}, plans)).value().blocks;
  }
  ~Ground() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

std::vector<actors::RunEvent> run_through(
    Ground& ground, const std::function<void(test::TestRuntime&)>& meanwhile) {
  actors::RuntimeContextOptions options;
  options.tiers = ground.tiers;
  test::TestRuntime runtime(std::move(options), [&ground](actors::StageLink& link) {
    return std::make_unique<LeasingSource>(*ground.tiers, link, ground.blocks);
  });
  const auto run = runtime.begin_generation("m", 1000);
  meanwhile(runtime);
  return runtime.wait_for_end(run);
}

}  // namespace

TEST_CASE("a stage whose blocks do not fit tier 0 together gets every block with its own bytes") {
  Ground ground(kRoomFor * kBlockBytes);
  const auto events = run_through(ground, [](test::TestRuntime&) {});
  REQUIRE(events.back().kind == actors::RunEvent::Kind::finished);
  CHECK(events.back().error == "");
  CHECK(events.back().text == std::string(2 * kBlocks, '.'));
  CHECK(events.back().figures.n_misses > kBlocks);
}

TEST_CASE("a copy hangs under the step that waited for it, with its bytes and its tier") {
  Ground ground(kRoomFor * kBlockBytes);
  actors::RuntimeContextOptions options;
  options.tiers = ground.tiers;
  options.spans_per_actor = 16384;
  test::TestRuntime runtime(std::move(options), [&ground](actors::StageLink& link) {
    return std::make_unique<LeasingSource>(*ground.tiers, link, ground.blocks);
  });
  const auto events = runtime.wait_for_end(runtime.begin_generation("m", 1000));
  REQUIRE(events.back().text == std::string(2 * kBlocks, '.'));
  REQUIRE(runtime.actors->flush_traces());
  std::map<std::uint64_t, TraceSpan> by_id;
  std::size_t n_copies = 0;
  const auto spans = runtime.actors->context().trace_store.spans();
  for (const TraceSpan& span : spans) by_id[span.context.span] = span;
  for (const TraceSpan& copy : spans) {
    if (std::string_view(copy.name) != "copy") continue;
    ++n_copies;
    CHECK(copy.n_bytes == kBlockBytes);
    CHECK(std::string_view(copy.tier) == "vram");
    std::vector<std::string> above;
    for (auto span = by_id.find(copy.context.parent); span != by_id.end();
         span = by_id.find(span->second.context.parent)) {
      above.push_back(span->second.name);
    }
    REQUIRE(above.size() > 4);
    above.resize(5);
    CHECK(above == std::vector<std::string>{"move", "miss", "lease_wait", "step", "run_stage"});
  }
  CHECK(n_copies >= 2 * kBlocks);
}

TEST_CASE("every block that is taken is a heartbeat, so that a long prompt is no stall") {
  Ground ground(kRoomFor * kBlockBytes);
  actors::RuntimeContextOptions options;
  options.tiers = ground.tiers;
  test::TestRuntime runtime(std::move(options), [&ground](actors::StageLink& link) {
    return std::make_unique<LeasingSource>(*ground.tiers, link, ground.blocks);
  });
  const auto events = runtime.wait_for_end(runtime.begin_generation("m", 1000));
  REQUIRE(events.back().text == std::string(2 * kBlocks, '.'));
  const std::uint64_t n_tokens = 2 * kBlocks;
  const std::uint64_t n_leases = 2 * kBlocks;
  CHECK(runtime.actors->context().channels.at({0}).heartbeat.load() >= n_tokens + n_leases);
}

TEST_CASE("a DMA engine or a tiering actor that dies in the middle costs time and no block") {
  Ground ground(kRoomFor * kBlockBytes);
  const auto events = run_through(ground, [](test::TestRuntime& runtime) {
    const auto& book = runtime.actors->context().book;
    messages::send_exit_to(book.get(&actors::Addresses::dma_engine), caf::exit_reason::kill);
    messages::send_exit_to(book.get(&actors::Addresses::tiering), caf::exit_reason::kill);
  });
  REQUIRE(events.back().kind == actors::RunEvent::Kind::finished);
  // Either the engine's death failed the block it was at, and the line says so, or nobody noticed.
  if (events.back().outcome == messages::Outcome::completed) {
    CHECK(events.back().text == std::string(2 * kBlocks, '.'));
  } else {
    CHECK(events.back().error.find("DMA engine died") != std::string::npos);
  }
}

TEST_CASE("a block larger than tier 0 fails the stage with a line that says so") {
  Ground ground(kBlockBytes / 2);
  const auto events = run_through(ground, [](test::TestRuntime&) {});
  REQUIRE(events.back().kind == actors::RunEvent::Kind::finished);
  CHECK(events.back().outcome == messages::Outcome::failed);
  CHECK(events.back().error_kind == ErrorKind::exhausted);
}

TEST_CASE("a file that has become shorter fails the stage and names the file") {
  Ground ground(kRoomFor * kBlockBytes);
  std::filesystem::resize_file(ground.path, 3 * kBlockBytes);
  const auto events = run_through(ground, [](test::TestRuntime&) {});
  REQUIRE(events.back().kind == actors::RunEvent::Kind::finished);
  CHECK(events.back().outcome == messages::Outcome::failed);
  CHECK(events.back().error.find("blue_tiers_") != std::string::npos);
  CHECK(events.back().text == "...");
}

}  // namespace blue
