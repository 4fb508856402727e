// Steps that lease weights block by block, on a device that runs nothing before a thread waits for
// it: windows, passes of experts, and steps that break off in the middle.
#include <catch2/catch_test_macros.hpp>

#include "memory/tiers/tier_arena.h"
#include "models/block_list.h"
#include "models/inline_model.h"
#include "tests/support/models/deferred_backend.h"
#include "tests/support/models/tiny_latent_model.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using memory::TierBudgets;
using testing::TinyLatentWriter;
using testing::TinyModelWriter;

/// The leases of another source; the n-th fails or raises a stop on demand.
class WatchedLeases final : public memory::LeaseSource {
 public:
  explicit WatchedLeases(memory::LeaseSource& from) : from_(from) {}

  std::uint64_t n_leases = 0;
  std::uint64_t failing_lease = ~std::uint64_t{0};
  std::uint64_t stopping_lease = ~std::uint64_t{0};
  StopFlag flag;
  std::uint64_t n_requested = 0;
  std::vector<std::uint32_t> places;

  Result<memory::Lease> lease(memory::BlockId block, const StopToken& stop) override {
    const std::uint64_t n = n_leases++;
    if (n == failing_lease)
      return Error(memory::MemoryError::read_failed, "fake: this lease fails");
    if (n == stopping_lease) flag.raise();
    return from_.lease(block, stop);
  }
  std::optional<memory::Lease> try_lease(memory::BlockId block) override {
    return from_.try_lease(block);
  }
  void request(std::span<const memory::BlockId> blocks) override {
    n_requested += blocks.size();
    from_.request(blocks);
  }
  void begin_step() override { from_.begin_step(); }
  void set_place(std::uint32_t place) override {
    places.push_back(place);
    from_.set_place(place);
  }

 private:
  memory::LeaseSource& from_;
};

/// A model on the fake device, with room for few of its blocks.
struct StreamedModel {
  StreamedModel(const std::string& path, std::uint64_t n_blocks_of_room, Bytes ram = {})
      : model(open_model(path).value()),
        reader(hal::open_pread_reader().value()),
        catalog(static_cast<std::uint32_t>(model->program.blocks.size())),
        residency(static_cast<std::uint32_t>(model->program.blocks.size())) {
    Bytes largest;
    for (const BlockPlan& block : model->program.blocks)
      largest = std::max(largest, memory::TierArena::occupied(block.size));
    const Bytes room = largest * n_blocks_of_room;
    tiers =
        memory::InlineTiers::open(backend.fake, *reader, catalog, residency, {room, ram}).value();
    ids = catalog.add_model("m", model->files, blocks_of(model->program, "m"))->blocks;
    leases = std::make_unique<WatchedLeases>(*tiers);
    ExecutorLimits limits;
    limits.max_context = 64;
    limits.max_step_tokens = 5;
    limits.weight_budget = room;
    executor = Executor::create(model->program, ids, backend, *leases, limits).value();
  }

  testing::DeferredBackend backend;
  std::shared_ptr<const Model> model;
  std::unique_ptr<hal::FileReader> reader;
  memory::BlockCatalog catalog;
  memory::Residency residency;
  std::unique_ptr<memory::InlineTiers> tiers;
  std::unique_ptr<WatchedLeases> leases;
  std::vector<memory::BlockId> ids;
  std::unique_ptr<Executor> executor;
};

const std::vector<TokenId>& tokens() {
  static const std::vector<TokenId> kTokens = testing::some_tokens(12, 96);
  return kTokens;
}

struct NamedFile {
  std::string name;
  std::string bytes;
};

std::vector<NamedFile> files() {
  return {{"dense", TinyModelWriter({.n_layers = 3}).write()},
          {"mixture", TinyModelWriter({.n_layers = 3, .n_experts = 8, .top_k = 3}).write()},
          {"latent", TinyLatentWriter({.n_layers = 3}).write()}};
}

std::vector<float> resident_logits(const std::string& path) {
  auto resident = InlineModel::load(path, {.backend = "reference", .max_context = 64});
  if (!resident) FAIL(resident.error().message());
  return testing::logits_of((*resident)->executor(), tokens()).value();
}

/// After a step that broke off nothing is leased, and the same step gives the right logits.
void check_recovered(StreamedModel& streamed, const std::vector<float>& wanted) {
  CHECK(streamed.tiers->forget(streamed.ids));
  streamed.executor->truncate(0, 0);
  const auto again = testing::logits_of(*streamed.executor, tokens());
  if (!again) FAIL(again.error().message());
  CHECK(*again == wanted);
}

}  // namespace

TEST_CASE("blocks that come one by one to a device that lags give the logits of the resident run") {
  const test::ScratchFolder folder;
  for (const NamedFile& file : files()) {
    const std::string path = folder.write("tiny.gguf", file.bytes);
    const std::vector<float> wanted = resident_logits(path);
    for (const std::uint64_t room : {1U, 2U, 4U}) {
      for (const Bytes ram : {Bytes{}, 64_KiB}) {
        INFO(file.name << ", room for " << room << " blocks, " << to_text(ram) << " of RAM");
        StreamedModel streamed(path, room, ram);
        const auto got = testing::logits_of(*streamed.executor, tokens());
        if (!got) FAIL(got.error().message());
        CHECK(*got == wanted);
        streamed.executor->release_leases();
        CHECK(streamed.tiers->forget(streamed.ids));
      }
    }
  }
}

TEST_CASE("a step leases each block once and reports its place in the order") {
  const test::ScratchFolder folder;
  StreamedModel streamed(folder.write("tiny.gguf", files().front().bytes), 3);
  REQUIRE(testing::logits_of(*streamed.executor, std::span(tokens()).first(1)).ok());
  CHECK(streamed.leases->n_leases == 5);  // embedding, three layers, head
  CHECK(streamed.leases->places == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("only the chosen experts are leased, in as many passes as tier 0 needs") {
  const test::ScratchFolder folder;
  const std::string path = folder.write("tiny.gguf", files()[1].bytes);
  StreamedModel wide(path, 4);
  REQUIRE(testing::logits_of(*wide.executor, std::span(tokens()).first(1)).ok());
  CHECK(wide.executor->figures().n_expert_leases == 3 * 3);  // layers, chosen
  StreamedModel narrow(path, 1);
  REQUIRE(testing::logits_of(*narrow.executor, std::span(tokens()).first(1)).ok());
  CHECK(narrow.executor->figures().n_expert_leases == 3 * 3);
  CHECK(narrow.executor->figures().n_expert_passes >= wide.executor->figures().n_expert_passes);
  CHECK(narrow.executor->figures().n_expert_passes >= 3);
}

TEST_CASE("a lease that fails in the middle ends the step and leaves nothing behind") {
  const test::ScratchFolder folder;
  for (const NamedFile& file : files()) {
    const std::string path = folder.write("tiny.gguf", file.bytes);
    const std::vector<float> wanted = resident_logits(path);
    std::uint64_t n_failed = 0;
    for (std::uint64_t n = 0;; ++n) {
      INFO(file.name << ", lease " << n);
      StreamedModel streamed(path, 2);
      streamed.leases->failing_lease = n;
      const auto got = testing::logits_of(*streamed.executor, tokens());
      if (got) break;
      CHECK(got.error().is(memory::MemoryError::read_failed));
      check_recovered(streamed, wanted);
      ++n_failed;
    }
    CHECK(n_failed >= 15);  // three steps of five blocks
  }
}

TEST_CASE("a stop in the middle ends the step and leaves nothing behind") {
  const test::ScratchFolder folder;
  for (const NamedFile& file : files()) {
    const std::string path = folder.write("tiny.gguf", file.bytes);
    const std::vector<float> wanted = resident_logits(path);
    for (std::uint64_t n = 0; n < 5; ++n) {
      INFO(file.name << ", lease " << n);
      StreamedModel streamed(path, 2);
      streamed.leases->stopping_lease = n;
      REQUIRE(streamed.executor->reserve(0, 1).ok());
      const std::int32_t zero[] = {0};
      const auto got = streamed.executor->step({std::span(tokens()).first(1), zero, zero, zero},
                                               StopToken(streamed.leases->flag));
      REQUIRE_FALSE(got);
      CHECK(got.error().kind() == ErrorKind::cancelled);
      check_recovered(streamed, wanted);
    }
  }
}

TEST_CASE("a copy or an op that the device refuses ends the step, and the next one is right") {
  const test::ScratchFolder folder;
  for (const NamedFile& file : files()) {
    const std::string path = folder.write("tiny.gguf", file.bytes);
    const std::vector<float> wanted = resident_logits(path);
    // Resident too: its tables of experts are uploaded once and must not pass for uploaded.
    for (const std::uint64_t room : {2U, 64U}) {
      for (const bool is_copy : {true, false}) {
        for (std::uint64_t n = 0; n < 60; ++n) {
          INFO(file.name << ", " << (is_copy ? "copy " : "op ") << n << ", room " << room);
          StreamedModel streamed(path, room);
          const std::uint64_t n_copies = streamed.backend.fake.n_copies;
          if (is_copy) {
            streamed.backend.fake.failing_copy = n_copies + n;
          } else {
            streamed.backend.failing_op = n;
          }
          const auto got = testing::logits_of(*streamed.executor, tokens());
          if (got) break;
          check_recovered(streamed, wanted);
        }
      }
    }
  }
}

TEST_CASE("ops are timed by kind where asked, resident and streaming, and not otherwise") {
  const test::ScratchFolder folder;
  const std::string path = folder.write("tiny.gguf", files()[1].bytes);
  for (const OpTiming timing : {OpTiming::off, OpTiming::on}) {
    for (const Bytes vram : {Bytes{}, 48_KiB}) {
      INFO(to_text(vram) << " of tier 0");
      auto model = InlineModel::load(
          path, {.backend = "cpu", .max_context = 64, .op_timing = timing, .vram = vram});
      if (!model) FAIL(model.error().message());
      REQUIRE(testing::logits_of((*model)->executor(), tokens()).ok());
      const auto times = (*model)->executor().op_times();
      const OpTime& linear = times[static_cast<std::size_t>(kernels::OpKind::linear)];
      // One step. Per layer q, k, v, output and router; the head.
      CHECK(linear.n == (timing == OpTiming::off ? 0U : 3U * 5 + 1));
      CHECK((linear.total_ns > 0) == (timing == OpTiming::on));
      CHECK(times[static_cast<std::size_t>(kernels::OpKind::hadamard)].n == 0);
    }
  }
}

}  // namespace blue::models
