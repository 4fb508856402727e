// Costs worked out by hand.
#include "models/cost_model.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <numeric>

#include "models/model.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using Catch::Approx;
using memory::EvictionPolicy;

constexpr Bytes operator""_MB(unsigned long long n) { return {n * 1'000'000}; }

/// Ten dense blocks of 1 MB.
ModelSizes dense_model() { return {.dense = 10_MB, .n_dense = 10, .read_per_token = 10_MB}; }

/// 4 MB dense in four blocks; two layers of eight experts of 1 MB, of which a token takes two.
ModelSizes sparse_model() {
  return {
      .dense = 4_MB, .n_dense = 4, .experts = {{8, 2, 1_MB}, {8, 2, 1_MB}}, .read_per_token = 8_MB};
}

/// 1 GB/s of drive, 8 GB/s of weights, no tier 1.
CostQuestion on_a_cpu(Bytes vram) { return {.vram = vram, .rates = {.disk = 1e9, .compute = 8e9}}; }

const TierShare& in(const ModelCost& cost, memory::Tier tier) {
  return cost.places[static_cast<std::size_t>(tier)];
}

TEST_CASE("a model that fits into tier 0 moves nothing and is bound by computing") {
  const ModelCost cost = cost_of(dense_model(), on_a_cpu(10_MB));
  CHECK(cost.disk_bytes == 0);
  CHECK(cost.token_ms == Approx(1.25));  // 10 MB at 8 GB/s
  CHECK(cost.tokens_per_s() == Approx(800));
  CHECK(cost.bound == Bound::compute);
  CHECK(cost.load_ms == Approx(10));
  CHECK(in(cost, memory::Tier::vram).dense == 10_MB);
  CHECK(in(cost, memory::Tier::nvme).dense == Bytes{});
}

TEST_CASE("every op adds what it takes beside reading weights") {
  ModelSizes model = dense_model();
  model.n_ops = 100;
  CostQuestion question = on_a_cpu(10_MB);
  question.rates.op_ns = 2500;
  CHECK(cost_of(model, question).compute_ms == Approx(1.25 + 0.25));
}

TEST_CASE("a dense model misses what Belady's rule misses of a known order") {
  // Ten blocks, room for nine: one miss in nine uses, 10/9 a token.
  const ModelCost one = cost_of(dense_model(), on_a_cpu(9_MB));
  CHECK(one.disk_bytes == Approx(1e7 / 9));
  CHECK(one.token_ms == Approx(1.25));  // 1.11 ms of reading behind 1.25 ms of computing
  CHECK(one.bound == Bound::compute);
  CHECK(in(one, memory::Tier::nvme).dense == 1_MB);
  // Room for four: six in nine.
  const ModelCost six = cost_of(dense_model(), on_a_cpu(4_MB));
  CHECK(six.disk_bytes == Approx(1e7 * 6 / 9));
  CHECK(six.token_ms == Approx(6.6667).epsilon(1e-4));
  CHECK(six.bound == Bound::disk);
  // Room for one is no help.
  CHECK(cost_of(dense_model(), on_a_cpu(1_MB)).disk_bytes == Approx(1e7));
}

TEST_CASE("uniform experts miss the share that has no room, whatever the policy") {
  for (const EvictionPolicy policy :
       {EvictionPolicy::automatic, EvictionPolicy::lru, EvictionPolicy::lfu}) {
    CostQuestion question = on_a_cpu(12_MB);
    question.policy = policy;
    // 12 - 4 MB of room for 16 MB of experts: half of the four that a token takes.
    const ModelCost cost = cost_of(sparse_model(), question);
    CHECK(cost.expert_hit_rate == Approx(0.5));
    CHECK(cost.disk_bytes == Approx(2e6));
    CHECK(cost.token_ms == Approx(1 + 2));  // experts are waited for
    CHECK(cost.bound == Bound::disk);
    CHECK(in(cost, memory::Tier::vram).experts == 8_MB);
    CHECK(in(cost, memory::Tier::nvme).experts == 8_MB);
  }
}

TEST_CASE("tier 1 keeps what tier 0 does not, and the drive gives the rest") {
  // Beside a GPU: 2 GB/s of link. Tier 0 holds half of the experts, both tiers three quarters.
  CostQuestion question{.vram = 12_MB, .ram = 4_MB, .rates = {1e9, 2e9, 8e9}};
  const ModelCost cost = cost_of(sparse_model(), question);
  CHECK(cost.link_bytes == Approx(2e6));
  CHECK(cost.disk_bytes == Approx(1e6));
  CHECK(cost.link_ms == Approx(1));
  CHECK(cost.disk_ms == Approx(1));
  CHECK(cost.token_ms == Approx(2));  // computing, then reading and copying as a pipeline
  CHECK(in(cost, memory::Tier::ram).experts == 4_MB);
  CHECK(in(cost, memory::Tier::nvme).experts == 4_MB);
  question.ram = 8_MB;
  CHECK(cost_of(sparse_model(), question).disk_bytes == 0);
}

TEST_CASE("odds are k of n where routing is uniform, and sum up to k where it is not") {
  for (const double odds : choice_odds(8, 2, 0)) CHECK(odds == Approx(0.25));
  for (const double odds : choice_odds(4, 4, 1)) CHECK(odds == 1);
  const std::vector<double> skewed = choice_odds(128, 8, 1.0);
  CHECK(std::accumulate(skewed.begin(), skewed.end(), 0.0) == Approx(8));
  CHECK(std::is_sorted(skewed.rbegin(), skewed.rend()));
  CHECK(skewed[99] / skewed[49] == Approx(0.5));
  CHECK(choice_odds(64, 8, 3.0)[0] == 1);  // a certainty, where others share what is left
  CHECK(choice_odds(2, 1, 1.0)[0] == Approx(2.0 / 3));
  CHECK(choice_odds(2, 1, 1.0)[1] == Approx(1.0 / 3));
}

TEST_CASE("skewed routing misses less, and least where frequency decides") {
  // One layer of two experts of 1 MB, odds 2/3 and 1/3, room for one.
  const ModelSizes model{
      .dense = 1_MB, .n_dense = 1, .experts = {{2, 1, 1_MB}}, .read_per_token = 2_MB};
  CostQuestion question = on_a_cpu(2_MB);
  question.skew = 1;
  question.policy = EvictionPolicy::lfu;
  CHECK(cost_of(model, question).disk_bytes == Approx(1e6 / 3));
  // By recency t solves (1/3)^t + (2/3)^t = 1, so t = 1: missed 2/3 · 1/3 + 1/3 · 2/3.
  question.policy = EvictionPolicy::lru;
  CHECK(cost_of(model, question).disk_bytes == Approx(4e6 / 9));
  question.skew = 0;
  CHECK(cost_of(model, question).disk_bytes == Approx(5e5));
}

TEST_CASE("without room for the dense blocks every expert is missed") {
  const ModelCost cost = cost_of(sparse_model(), on_a_cpu(3_MB));
  CHECK(cost.expert_hit_rate == Approx(0));
  // Four blocks, room for three: 4/3 MB; four experts.
  CHECK(cost.disk_bytes == Approx(4e6 / 3 + 4e6));
}

TEST_CASE("a switch costs what tier 0 lost, from tier 1 as far as that holds it") {
  const std::vector<ModelSizes> both = {dense_model(), dense_model()};
  CHECK(switch_ms(both[0], both, on_a_cpu(20_MB)) == 0);
  CHECK(switch_ms(both[0], both, on_a_cpu(12_MB)) == Approx(10));  // 10 MB of drive
  CostQuestion question{.vram = 12_MB, .ram = 20_MB, .rates = {1e9, 2e9, 8e9}};
  CHECK(switch_ms(both[0], both, question) == Approx(5));  // 10 MB over the link
  question.ram = 5_MB;
  CHECK(switch_ms(both[0], both, question) == Approx(7.5));  // a quarter is in tier 1
}

TEST_CASE("the sizes of a model are those of its program") {
  const test::ScratchFolder folder;
  const std::string path = folder.write(
      "tiny.gguf", testing::TinyModelWriter(
                       {.arch = "qwen3moe", .n_experts = 6, .top_k = 2, .has_head_norms = true})
                       .write());
  const Program program = open_model(path).value()->program;
  const ModelSizes sizes = sizes_of(program, kernels::KvType::f16);
  CHECK(sizes.weights() == weight_bytes(program));
  CHECK(sizes.n_ops == program.ops.size());
  REQUIRE(sizes.experts.size() == 2);
  CHECK(sizes.experts[0].n_experts == 6);
  CHECK(sizes.experts[0].top_k == 2);
  // An expert is three matrices of 24 x 32 floats.
  CHECK(sizes.experts[0].expert >= Bytes{3 * 24 * 32 * 4});
  // Two layers of two heads of eight values, keys and values, two bytes each.
  CHECK(sizes.kv_per_token == Bytes{2 * (2 * 8 * 2) * 2});
  // Per layer: norms, q, k, v, output, router, two experts; last norm and head; one embedding row.
  const std::uint64_t layer = 2 * 32 + 2 * 8 + 32 * (32 + 16 + 16 + 32) + 32 * 6 + 2 * 3 * 24 * 32;
  CHECK(sizes.read_per_token == Bytes{4 * (2 * layer + 32 + 32 * 96 + 32)});
}

}  // namespace
}  // namespace blue::models
