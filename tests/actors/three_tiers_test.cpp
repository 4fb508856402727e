// A real model through the actors on a device that is not the host: file, tier ram and tier vram of
// a machine without a GPU. Its tokens are those of the resident run, whatever the tiers' sizes, and
// every copy may fail.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "actors/stage/session_source.h"
#include "base/mutex.h"
#include "tests/support/actors/test_runtime.h"
#include "tests/support/apps/endless_model.h"
#include "tests/support/models/deferred_backend.h"

namespace blue {
namespace {

constexpr std::uint32_t kTokens = 8;
/// The model's blocks have 31 to 34 KiB, four of them.
constexpr Bytes kWholeModel = 256_KiB;
constexpr Bytes kTwoBlocks = 80_KiB;
constexpr Bytes kNoBlock = 16_KiB;

using Locking = memory::test::FakeDevice::Locking;

/// The tiers on a fake device, and the actors over them.
class Machine {
 public:
  /// `locking` is that of tier ram; the executor's own few bytes are always page-locked.
  Machine(const std::string& model, Bytes vram, Bytes ram, Locking locking = Locking::granted)
      : model_(model) {
    backend_.fake.locking = locking;
    actors::TierMemoryOptions options;
    options.vram = vram;
    options.ram = ram;
    options.max_blocks = 64;
    options.open_reader = [] { return hal::open_pread_reader(); };
    tiers_ = std::move(actors::TierMemory::open(backend_.device(), options, log_)).value();
    backend_.fake.locking = Locking::granted;
    registry_ = std::make_shared<actors::ModelRegistry>(*tiers_, log_);
    models::ExecutorLimits limits;
    limits.max_context = 64;
    limits.weight_budget = vram;
    actors::RuntimeContextOptions context;
    context.tiers = tiers_;
    context.registry = registry_;
    runtime_.emplace(std::move(context), [this, limits](actors::StageLink& link) {
      return std::make_unique<actors::SessionSource>(
          actors::SessionDeps{backend_, turn_, *tiers_, *registry_, limits, log_}, link);
    });
  }

  actors::RunEvent generate() {
    auto events = runtime_->wait_for_end(runtime_->begin_generation(model_, kTokens));
    REQUIRE_FALSE(events.empty());
    REQUIRE(events.back().kind == actors::RunEvent::Kind::finished);
    return std::move(events.back());
  }
  memory::test::FakeDevice& device() { return backend_.fake; }
  actors::TierMemory& tiers() { return *tiers_; }
  [[nodiscard]] bool is_in_vram(const std::byte* address) const {
    return address >= tiers_->space().base(memory::Tier::vram) &&
           address <
               tiers_->space().base(memory::Tier::vram) + tiers_->budget(memory::Tier::vram).count;
  }
  [[nodiscard]] std::uint32_t n_pins() const {
    std::uint32_t n = 0;
    for (std::uint32_t i = 0; i < tiers_->catalog().capacity(); ++i)
      for (const memory::Tier tier : {memory::Tier::vram, memory::Tier::ram})
        n += tiers_->residency().pins({i}, tier);
    return n;
  }

 private:
  std::string model_;
  NullLogSink log_;
  models::testing::DeferredBackend backend_;
  Mutex turn_;
  std::shared_ptr<actors::TierMemory> tiers_;
  std::shared_ptr<actors::ModelRegistry> registry_;
  std::optional<test::TestRuntime> runtime_;
};

std::string resident_text(const std::string& model) {
  Machine roomy(model, kWholeModel, Bytes{});
  const actors::RunEvent end = roomy.generate();
  REQUIRE(end.error == "");
  REQUIRE(end.figures.n_tokens == kTokens);
  return end.text;
}

void flip_second_half(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (std::size_t i = bytes.size() / 2; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(bytes[i] ^ 0x40);
  file.clear();
  file.seekp(0);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

TEST_CASE("the tokens of a model larger than tier vram are those of the resident run") {
  const test::ScratchFolder scratch;
  const std::string model = test::write_endless_model(scratch);
  const std::string wanted = resident_text(model);
  for (const Locking locking : {Locking::granted, Locking::denied}) {
    for (const Bytes ram : {Bytes{}, kTwoBlocks, kWholeModel}) {
      CAPTURE(static_cast<int>(locking), ram.count);
      Machine machine(model, kTwoBlocks, ram, locking);
      const actors::RunEvent end = machine.generate();
      CHECK(end.error == "");
      CHECK(end.text == wanted);
      CHECK(end.figures.n_misses > 4);
      CHECK(machine.n_pins() == 0);
    }
  }
}

TEST_CASE("blocks that tier vram can't hold are read in place from page-locked ram") {
  const test::ScratchFolder scratch;
  const std::string model = test::write_endless_model(scratch);
  Machine machine(model, kNoBlock, kWholeModel);
  const actors::RunEvent end = machine.generate();
  CHECK(end.error == "");
  CHECK(end.text == resident_text(model));
  CHECK(machine.tiers().ledger(memory::Tier::vram).held().empty());
  CHECK(machine.tiers().ledger(memory::Tier::ram).held().size() == 4);
  CHECK(machine.n_pins() == 0);
}

TEST_CASE("blocks that tier vram can't hold fail the run where ram is not page-locked") {
  const test::ScratchFolder scratch;
  Machine machine(test::write_endless_model(scratch), kNoBlock, kWholeModel, Locking::denied);
  const actors::RunEvent end = machine.generate();
  CHECK(end.outcome == messages::Outcome::failed);
  CAPTURE(end.error);
  CHECK(end.error_kind == ErrorKind::bad_input);  // refused before anything is loaded
  CHECK(end.error.find("tier 0") != std::string::npos);
}

TEST_CASE("a copy that fails ends its run with the block's name, and the next run is whole") {
  const test::ScratchFolder scratch;
  const std::string model = test::write_endless_model(scratch);
  const std::string wanted = resident_text(model);
  std::uint32_t n_blocks_named = 0;
  for (std::uint64_t n = 0; n < 40; ++n) {
    CAPTURE(n);
    Machine machine(model, kTwoBlocks, n % 2 == 0 ? kWholeModel : Bytes{});
    machine.device().failing_copy = machine.device().n_copies + n;
    const actors::RunEvent end = machine.generate();
    const std::byte* const refused_into = machine.device().refused_into;
    if (refused_into == nullptr) {  // the run has fewer copies
      CHECK(n > 8);
      break;
    }
    if (end.outcome == messages::Outcome::completed) {
      // A block that was only hinted at is asked for again when it is needed.
      CHECK(machine.is_in_vram(refused_into));
      CHECK(end.text == wanted);
    } else {
      CHECK(end.error.find("this copy fails") != std::string::npos);
      const bool names_block = end.error.find("block ") != std::string::npos;
      CHECK(names_block == machine.is_in_vram(refused_into));
      n_blocks_named += names_block ? 1 : 0;
    }
    CHECK(machine.generate().text == wanted);
    CHECK(machine.n_pins() == 0);
  }
  CHECK(n_blocks_named > 0);
}

TEST_CASE("a block whose bytes in the file have changed fails its run, and is read once mended") {
  const test::ScratchFolder scratch;
  const std::string model = test::write_endless_model(scratch);
  Machine machine(model, kTwoBlocks, Bytes{});
  const std::string wanted = machine.generate().text;
  flip_second_half(model);
  const actors::RunEvent end = machine.generate();
  CHECK(end.outcome == messages::Outcome::failed);
  CAPTURE(end.error);
  CHECK(end.error.find("are not those of the file's index or of their first read") !=
        std::string::npos);
  CHECK(end.error.find(model) != std::string::npos);
  CHECK(machine.n_pins() == 0);
  flip_second_half(model);
  const actors::RunEvent mended = machine.generate();
  CHECK(mended.error == "");
  CHECK(mended.text == wanted);
}

}  // namespace blue
