// Several sequences in one step, stops in the middle of one, and executors of two threads over the
// same tiers.
#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <mutex>
#include <thread>

#include "models/block_list.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using testing::TinyModelWriter;
using testing::TinyShape;

TinyShape mixed_experts() {
  return {.arch = "qwen3moe", .n_layers = 4, .n_experts = 6, .top_k = 2, .has_head_norms = true};
}

/// Leases one at a time out of tiers that several executors share; and raises a flag at the n-th,
/// once or again and again, so that a step stops inside.
class SharedLeases final : public memory::LeaseSource {
 public:
  explicit SharedLeases(memory::LeaseSource& tiers) : tiers_(tiers) {}

  void stop_at(std::uint32_t n_leases, StopFlag& flag) {
    n_left_ = n_leases;
    flag_ = &flag;
  }
  void stop_every(std::uint32_t n_leases, StopFlag& flag) {
    stop_at(n_leases, flag);
    n_between_ = n_leases;
  }

  Result<memory::Lease> lease(memory::BlockId block, const StopToken& stop) override {
    const std::lock_guard lock(mutex_);
    count();
    return tiers_.lease(block, stop);
  }
  std::optional<memory::Lease> try_lease(memory::BlockId block) override {
    const std::lock_guard lock(mutex_);
    auto lease = tiers_.try_lease(block);
    if (lease) count();
    return lease;
  }
  void request(std::span<const memory::BlockId> blocks) override {
    const std::lock_guard lock(mutex_);
    tiers_.request(blocks);
  }
  void begin_step() override { tiers_.begin_step(); }
  void set_place(std::uint32_t place) override {
    const std::lock_guard lock(mutex_);
    tiers_.set_place(place);
  }

 private:
  void count() {
    if (n_left_ == 0 || --n_left_ > 0) return;
    flag_->raise();
    n_left_ = n_between_;
  }

  memory::LeaseSource& tiers_;
  std::mutex mutex_;
  std::uint32_t n_left_ = 0;
  std::uint32_t n_between_ = 0;
  StopFlag* flag_ = nullptr;
};

/// Between ops the executor sees the stop, inside a load the tiers do.
bool is_stop(const Error& error) {
  return error.is(ModelsError::stopped) || error.is(memory::MemoryError::stopped);
}

std::unique_ptr<kernels::Backend> open_backend() {
  return kernels::choose_backend("cpu")->entry->open({}).value();
}

/// A model in tiers that hold `n_blocks` of its largest blocks, for executors that tests make
/// themselves.
struct Host {
  Host(const std::string& path, std::uint64_t n_blocks)
      : model(open_model(path).value()),
        backend(open_backend()),
        reader(hal::open_pread_reader().value()),
        catalog(static_cast<std::uint32_t>(model->program.blocks.size())),
        residency(catalog.capacity()) {
    Bytes largest;
    for (const BlockPlan& block : model->program.blocks) largest = std::max(largest, block.size);
    room = largest * n_blocks;
    tiers = memory::InlineTiers::open(backend->device(), *reader, catalog, residency,
                                      {.vram = room, .ram = {}})
                .value();
    leases = std::make_unique<SharedLeases>(*tiers);
    blocks = catalog.add_model("tiny", {path}, blocks_of(model->program, "tiny")).value().blocks;
  }

  [[nodiscard]] std::unique_ptr<Executor> executor(kernels::Backend& on) const {
    const ExecutorLimits limits{
        .max_step_tokens = 16, .max_sequences = 3, .max_context = 64, .weight_budget = room};
    return Executor::create(model->program, blocks, on, *leases, limits).value();
  }

  std::shared_ptr<const Model> model;
  std::unique_ptr<kernels::Backend> backend;
  std::unique_ptr<hal::FileReader> reader;
  memory::BlockCatalog catalog;
  memory::Residency residency;
  Bytes room;
  std::unique_ptr<memory::InlineTiers> tiers;
  std::unique_ptr<SharedLeases> leases;
  std::vector<memory::BlockId> blocks;
};

/// Rows of several sequences for one step.
struct Batch {
  std::vector<TokenId> tokens;
  std::vector<std::int32_t> positions;
  std::vector<std::int32_t> sequences;
  std::vector<std::int32_t> outputs;

  /// The tokens of `sequence` from position `from` on; the logits of the last are needed.
  void add(std::int32_t sequence, std::span<const TokenId> of, std::size_t from) {
    for (std::size_t i = 0; i < of.size(); ++i) {
      tokens.push_back(of[i]);
      positions.push_back(static_cast<std::int32_t>(from + i));
      sequences.push_back(sequence);
    }
    outputs.push_back(static_cast<std::int32_t>(tokens.size()) - 1);
  }

  [[nodiscard]] Result<std::vector<TokenId>> best_tokens(Executor& executor,
                                                         const StopToken& stop) const {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      BLUE_TRY(executor.reserve(sequences[i], static_cast<std::uint32_t>(positions[i]) + 1));
    BLUE_TRY_ASSIGN(const std::span<const float> logits,
                    executor.step({tokens, positions, sequences, outputs}, stop));
    const std::size_t n_vocab = executor.program().hyper.n_vocab;
    std::vector<TokenId> best;
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      const auto row = logits.subspan(o * n_vocab, n_vocab);
      best.push_back(static_cast<TokenId>(std::ranges::max_element(row) - row.begin()));
    }
    return best;
  }
};

/// The n tokens that follow a prompt, with no other sequence beside it.
std::vector<TokenId> alone(Executor& executor, const std::vector<TokenId>& prompt, std::size_t n) {
  std::vector<TokenId> all = prompt;
  std::vector<TokenId> told;
  std::size_t done = 0;
  while (told.size() < n) {
    Batch batch;
    const std::size_t chunk =
        std::min<std::size_t>(executor.limits().max_step_tokens, all.size() - done);
    batch.add(0, std::span(all).subspan(done, chunk), done);
    done += chunk;
    const TokenId best = batch.best_tokens(executor, StopToken()).value().front();
    if (done < all.size()) continue;
    told.push_back(best);
    all.push_back(best);
  }
  executor.truncate(0, 0);
  return told;
}

}  // namespace

TEST_CASE("three sequences of different lengths decoded together give the tokens of each alone") {
  const test::ScratchFolder folder;
  for (const TinyShape& shape : {TinyShape{.n_layers = 3}, mixed_experts()}) {
    const Host host(folder.write("tiny.gguf", TinyModelWriter(shape).write()), 100);
    auto executor = host.executor(*host.backend);
    const std::vector<std::vector<TokenId>> prompts = {testing::some_tokens(3, 96, 1),
                                                       testing::some_tokens(7, 96, 2),
                                                       testing::some_tokens(1, 96, 3)};
    constexpr std::size_t kTokens = 20;
    std::vector<std::vector<TokenId>> wanted;
    for (const auto& prompt : prompts) wanted.push_back(alone(*executor, prompt, kTokens));

    std::vector<std::vector<TokenId>> got(3);
    Batch batch;
    for (std::int32_t s = 0; s < 3; ++s) batch.add(s, prompts[static_cast<std::size_t>(s)], 0);
    for (std::size_t n = 0; n < kTokens; ++n) {
      const auto best = batch.best_tokens(*executor, StopToken());
      REQUIRE(best.ok());
      batch = {};
      for (std::size_t s = 0; s < 3; ++s) {
        got[s].push_back((*best)[s]);
        batch.add(static_cast<std::int32_t>(s), std::span(&got[s].back(), 1),
                  prompts[s].size() + n);
      }
    }
    CHECK(got == wanted);
  }
}

TEST_CASE(
    "a sequence cancelled inside a chunk of its prompt leaves the others' tokens as they were") {
  const test::ScratchFolder folder;
  const Host host(folder.write("tiny.gguf", TinyModelWriter(mixed_experts()).write()), 4);
  auto executor = host.executor(*host.backend);
  const std::vector<std::vector<TokenId>> prompts = {testing::some_tokens(5, 96, 1),
                                                     testing::some_tokens(9, 96, 2)};
  const std::vector<TokenId> cancelled = testing::some_tokens(40, 96, 4);
  const std::vector<std::vector<TokenId>> wanted = {alone(*executor, prompts[0], 6),
                                                    alone(*executor, prompts[1], 6)};
  // Each lease of a step is a place to stop; the last stops behind all of them, in the head.
  for (const std::uint32_t stop_at : {1U, 3U, 9U, 17U}) {
    INFO("stopped at lease " << stop_at);
    std::vector<std::vector<TokenId>> got(2);
    Batch batch;
    for (std::size_t s = 0; s < 2; ++s) batch.add(static_cast<std::int32_t>(s), prompts[s], 0);
    for (std::size_t n = 0; n < 6; ++n) {
      Batch with_third = batch;
      if (n == 1) with_third.add(2, std::span(cancelled).first(14), 0);
      if (n == 2) with_third.add(2, std::span(cancelled).subspan(14, 14), 14);
      StopFlag flag;
      const StopToken token(flag);
      if (n == 2) host.leases->stop_at(stop_at, flag);
      auto best = with_third.best_tokens(*executor, token);
      if (n == 2) {
        REQUIRE_FALSE(best.ok());
        CHECK(is_stop(best.error()));
        executor->truncate(2, 0);
        for (std::size_t s = 0; s < 2; ++s)
          executor->truncate(static_cast<std::int32_t>(s),
                             static_cast<std::uint32_t>(prompts[s].size() + n - 1));
        best = batch.best_tokens(*executor, StopToken());
      }
      REQUIRE(best.ok());
      batch = {};
      for (std::size_t s = 0; s < 2; ++s) {
        got[s].push_back((*best)[s]);
        batch.add(static_cast<std::int32_t>(s), std::span(&got[s].back(), 1),
                  prompts[s].size() + n);
      }
    }
    CHECK(got == wanted);
    for (std::int32_t s = 0; s < 2; ++s) executor->truncate(s, 0);
  }
}

TEST_CASE(
    "executors of two threads over the same tiers give their tokens through any number of stops") {
  const test::ScratchFolder folder;
  // Each holds two dense blocks and six experts at most; both together fit, the model of 30 blocks
  // does not.
  const Host host(folder.write("tiny.gguf", TinyModelWriter(mixed_experts()).write()), 20);
  const std::vector<TokenId> prompt = testing::some_tokens(20, 96, 5);
  const std::vector<TokenId> wanted = alone(*host.executor(*host.backend), prompt, 12);

  StopFlag flag;
  host.leases->stop_every(101, flag);
  std::atomic<std::uint32_t> n_stopped{0};
  std::array<std::vector<TokenId>, 2> got;
  const auto work = [&](std::size_t worker) {
    const auto backend = open_backend();
    const auto executor = host.executor(*backend);
    std::vector<TokenId> all = prompt;
    std::size_t done = 0;
    for (std::uint32_t tries = 0; got[worker].size() < wanted.size(); ++tries) {
      Batch batch;
      const std::size_t chunk = std::min<std::size_t>(16, all.size() - done);
      batch.add(0, std::span(all).subspan(done, chunk), done);
      // After enough stops the work must end however quickly they follow each other.
      const auto best = batch.best_tokens(*executor, tries < 400 ? StopToken(flag) : StopToken());
      if (!best.ok()) {
        if (!is_stop(best.error())) break;
        ++n_stopped;
        executor->truncate(0, static_cast<std::uint32_t>(done));
        continue;
      }
      done += chunk;
      if (done < all.size()) continue;
      got[worker].push_back(best->front());
      all.push_back(best->front());
    }
  };
  std::thread first(work, 0);
  std::thread second(work, 1);
  first.join();
  second.join();
  CHECK(got[0] == wanted);
  CHECK(got[1] == wanted);
  CHECK(n_stopped > 0);
}

}  // namespace blue::models
