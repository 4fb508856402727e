// A step allocates nothing: decode steps are counted by the executable's operator new, on every
// backend that runs without a GPU, with all weights leased at once and block by block.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <new>

#include "models/block_list.h"
#include "models/session.h"
#include "tests/support/models/tiny_latent_model.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/scratch_folder.h"

namespace {

std::atomic<std::uint64_t> n_allocations{0};  ///< of all threads since the program began

void* allocate(std::size_t size, std::size_t alignment) {
  n_allocations.fetch_add(1, std::memory_order_relaxed);
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Arrays' forms call these; a sanitizer's own forms without exceptions would not. GCC sees free()
// on a pointer from new and not that these two are a pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size) { return allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace blue::models {
namespace {

struct NamedFile {
  std::string name;
  std::string bytes;
};

std::vector<NamedFile> files() {
  testing::TinyLatentShape sparse{.arch = "deepseek32"};
  sparse.index_heads = 3;
  return {
      {"dense", testing::TinyModelWriter({.has_biases = true, .has_divisors = true}).write()},
      {"mixture", testing::TinyModelWriter({.n_experts = 8, .top_k = 2}).write()},
      {"latent", testing::TinyLatentWriter({.n_layers = 3}).write()},
      {"latent with an indexer", testing::TinyLatentWriter(sparse).write()},
  };
}

enum class Weights : std::uint8_t { resident, block_by_block };

/// Every block lies in tier 0, whichever way the executor takes leases: what is counted is the
/// executor, not the loading of blocks.
std::unique_ptr<Executor> make_executor(InlineModel& model, Weights weights) {
  const Program& program = model.model().program;
  std::vector<memory::BlockId> ids;
  for (std::uint32_t block = 0; block < program.blocks.size(); ++block)
    ids.push_back(memory::BlockId{block});
  ExecutorLimits limits;
  limits.max_context = 64;
  limits.max_step_tokens = 8;
  limits.weight_budget = weights == Weights::resident ? weight_bytes(program) : Bytes{};
  return Executor::create(program, ids, model.backend(), model.tiers(), limits).value();
}

/// Allocations of `n` tokens of a session that has run for a while.
std::uint64_t allocations_of_tokens(const Model& model, Executor& executor, int n) {
  Session session(model, executor, 0);
  const std::vector<TokenId> prompt = testing::some_tokens(11, 96);
  REQUIRE(session.begin(prompt, {.temperature = 0.8F, .top_k = 40, .top_p = 0.9F}, 40, StopToken())
              .ok());
  for (int i = 0; i < 3; ++i) REQUIRE(session.next(StopToken()).ok());
  const std::uint64_t before = n_allocations.load();
  bool all_ok = true;
  for (int i = 0; i < n; ++i) {
    const auto token = session.next(StopToken());
    all_ok = all_ok && token.ok() && token->has_value();
  }
  const std::uint64_t allocated = n_allocations.load() - before;
  REQUIRE(all_ok);
  return allocated;
}

}  // namespace

TEST_CASE("the count of allocations sees an allocation") {
  const std::uint64_t before = n_allocations.load();
  const auto value = std::make_unique<std::vector<float>>(7);
  CHECK(n_allocations.load() >= before + 2);
  CHECK(value->size() == 7);
}

TEST_CASE("a decode step allocates nothing") {
  const test::ScratchFolder folder;
  for (const NamedFile& file : files()) {
    const std::string path = folder.write("tiny.gguf", file.bytes);
    for (const std::string backend : {"reference", "cpu"}) {
      auto model =
          InlineModel::load(path, {.backend = backend, .worker_cores = {0, 0}, .max_context = 64});
      if (!model) FAIL(model.error().message());
      for (const Weights weights : {Weights::resident, Weights::block_by_block}) {
        INFO(file.name << " on " << backend
                       << (weights == Weights::resident ? ", resident" : ", block by block"));
        const auto executor = make_executor(**model, weights);
        // 20 tokens cross the edge of a page of the cache.
        CHECK(allocations_of_tokens((*model)->model(), *executor, 20) == 0);
      }
    }
  }
}

}  // namespace blue::models
