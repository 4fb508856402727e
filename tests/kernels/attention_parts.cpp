// How the CPU backend cuts attention: every length against the reference, and results that depend
// neither on the number of workers nor on what else is in the step.
#include <catch2/catch_test_macros.hpp>
#include <cstring>

#include "hal/affinity.h"
#include "kernels/cpu/cpu_backend.h"
#include "tests/support/kernels/op_case_builder.h"

namespace blue::test {
namespace {

using kernels::Backend;
using kernels::KvType;
using kernels::OpKind;

constexpr KvType kTypes[] = {KvType::f32, KvType::f16, KvType::q8_0};

/// The last n_tokens of a sequence of n_positions.
struct Tail {
  std::uint32_t n_positions, n_tokens;
};

struct Heads {
  std::uint32_t n_heads, n_kv_heads, head_dim;
  std::uint32_t value_dim = 0;  ///< latent attention where not 0
};

class AttentionMaker : public OpCaseBuilder {
 public:
  AttentionMaker() : OpCaseBuilder(20261128) {}

  OpCase make(const Heads& heads, KvType type, const std::vector<Tail>& tails) {
    const bool is_latent = heads.value_dim > 0;
    OpCase made = start(is_latent ? OpKind::attention_latent : OpKind::attention, 1, 0);
    made.step = step_of(tails);
    set_heads(made, heads.n_heads, heads.n_kv_heads, heads.head_dim);
    made.op.value_dim = heads.value_dim;
    made.op.scale = 1.0F / std::sqrt(static_cast<float>(heads.head_dim));
    const std::uint64_t rows = made.step.positions.size() * std::uint64_t{heads.n_heads};
    put_in(made, kInOperand, rows * heads.head_dim, 2.0F);
    put_out(made, rows * (is_latent ? heads.value_dim : heads.head_dim));
    const std::uint32_t width = heads.n_kv_heads * heads.head_dim;
    put_cache(made, type, width, is_latent ? 0 : width);
    fill_last(made, tails);
    for (const Tail& tail : tails)
      made.magnitudes.position = std::max(made.magnitudes.position, tail.n_positions - 1);
    made.name = std::string(kernels::to_text(type)) + text("heads", heads.n_heads) +
                text("kv heads", heads.n_kv_heads) + text("head_dim", heads.head_dim);
    for (const Tail& tail : tails)
      made.name += text("positions", tail.n_positions) + text("tokens", tail.n_tokens);
    return made;
  }

 private:
  static StepCase step_of(const std::vector<Tail>& tails) {
    StepCase step;
    for (std::size_t s = 0; s < tails.size(); ++s) {
      const Tail& tail = tails[s];
      for (std::uint32_t p = tail.n_positions - tail.n_tokens; p < tail.n_positions; ++p) {
        step.token_ids.push_back(0);
        step.positions.push_back(static_cast<std::int32_t>(p));
        step.sequences.push_back(static_cast<std::int32_t>(s));
      }
      step.page_table_stride =
          std::max(step.page_table_stride, tail.n_positions / kernels::kPageTokens + 1);
    }
    step.n_pages = step.page_table_stride * static_cast<std::uint32_t>(tails.size());
    for (std::uint32_t page = step.n_pages; page-- > 0;)
      step.page_table.push_back(static_cast<std::int32_t>(page));
    return step;
  }

  /// Rows depend on their position alone, so that a sequence holds the same wherever it is.
  void fill_last(OpCase& made, const std::vector<Tail>& tails) {
    for (std::size_t s = 0; s < tails.size(); ++s) {
      AttentionMaker rows;
      StepCase last = made.step;
      last.positions = {static_cast<std::int32_t>(tails[s].n_positions - 1)};
      last.sequences = {static_cast<std::int32_t>(s)};
      std::swap(last, made.step);
      rows.fill_cache(made);
      std::swap(last, made.step);
    }
  }
};

std::vector<int> workers(std::size_t n) {
  return std::vector<int>(n, hal::current_affinity().value().front());
}

std::vector<float> out_of(Backend& backend, const OpCase& op_case) {
  return run_op_case(backend, op_case).value().activations[kOutOperand];
}

bool is_same(const std::vector<float>& a, const std::vector<float>& b, std::size_t n) {
  return std::memcmp(a.data(), b.data(), n * sizeof(float)) == 0;
}

template <class Check>
void on_each_isa(std::size_t n_workers, const Check& check) {
  for (const kernels::cpu::Isa isa : kernels::cpu::available_isas()) {
    INFO(kernels::cpu::to_text(isa));
    check(*kernels::cpu::open_cpu_backend(isa, {.worker_cores = workers(n_workers)}).value());
  }
}

}  // namespace

TEST_CASE("attention agrees with the reference at every length, whatever the number of tokens") {
  std::unique_ptr<Backend> reference;
  for (const kernels::BackendEntry* entry : kernels::registered_backends()) {
    if (entry->name == "reference") reference = entry->open({}).value();
  }
  REQUIRE(reference != nullptr);
  on_each_isa(2, [&](Backend& backend) {
    for (const Heads& heads : {Heads{4, 2, 32}, Heads{12, 1, 64}, Heads{5, 1, 96, 64}}) {
      for (std::uint32_t n_positions = 1; n_positions <= 130; ++n_positions) {
        for (const std::uint32_t n_tokens : {1U, 3U, 9U}) {
          if (n_tokens > n_positions) continue;
          const KvType type = kTypes[n_positions % 3];
          const OpCase made = AttentionMaker().make(heads, type, {{n_positions, n_tokens}});
          INFO(made.name);
          const OpDifference difference = compare_with_reference(backend, *reference, made).value();
          INFO("error " << difference.error << ", bound " << difference.bound);
          REQUIRE(difference.is_within_contract());
        }
      }
    }
  });
}

TEST_CASE("attention gives the same bits on one worker and on many") {
  for (const Heads& heads : {Heads{8, 4, 128}, Heads{24, 2, 64}, Heads{16, 1, 576, 512}}) {
    for (const KvType type : kTypes) {
      for (const Tail& tail :
           {Tail{1, 1}, Tail{140, 1}, Tail{1000, 1}, Tail{700, 7}, Tail{300, 40}}) {
        const OpCase made = AttentionMaker().make(heads, type, {tail});
        INFO(made.name);
        std::vector<std::vector<float>> results;
        for (const std::size_t n : {1U, 2U, 5U})
          on_each_isa(n, [&](Backend& backend) { results.push_back(out_of(backend, made)); });
        const std::size_t n_isas = results.size() / 3;
        for (std::size_t i = n_isas; i < results.size(); ++i)
          REQUIRE(is_same(results[i], results[i % n_isas], results[i].size() - kGuardValues));
      }
    }
  }
}

TEST_CASE("a sequence's attention has the same bits alone and beside others") {
  const Heads heads{8, 2, 64};
  const Tail last{500, 1};
  std::vector<Tail> tails = {{900, 1}, {64, 2}, {33, 12}};
  for (std::uint32_t i = 0; i < 70; ++i) tails.push_back({1 + i, 1});
  tails.push_back(last);
  on_each_isa(3, [&](Backend& backend) {
    const std::vector<float> alone =
        out_of(backend, AttentionMaker().make(heads, KvType::f16, {last}));
    OpCase made = AttentionMaker().make(heads, KvType::f16, tails);
    // The last token asks the same as the one alone.
    const std::size_t n = std::size_t{heads.n_heads} * heads.head_dim;
    const OpCase single = AttentionMaker().make(heads, KvType::f16, {last});
    const std::size_t at = (made.step.positions.size() - 1) * n;
    std::copy_n(single.activations[kInOperand].begin(), n,
                made.activations[kInOperand].begin() + static_cast<std::ptrdiff_t>(at));
    const std::vector<float> together = out_of(backend, made);
    CHECK(std::memcmp(together.data() + at, alone.data(), n * sizeof(float)) == 0);
  });
}

TEST_CASE("a prompt's attention has the same bits in chunks of 40 and of 20 tokens") {
  for (const Heads& heads : {Heads{6, 2, 80}, Heads{4, 1, 96, 64}}) {
    const std::size_t row =
        std::size_t{heads.n_heads} * (heads.value_dim > 0 ? heads.value_dim : heads.head_dim);
    const std::size_t in_row = std::size_t{heads.n_heads} * heads.head_dim;
    on_each_isa(2, [&](Backend& backend) {
      const OpCase whole = AttentionMaker().make(heads, KvType::f32, {{150, 40}});
      OpCase half = AttentionMaker().make(heads, KvType::f32, {{150, 20}});
      std::copy_n(whole.activations[kInOperand].begin() + static_cast<std::ptrdiff_t>(20 * in_row),
                  20 * in_row, half.activations[kInOperand].begin());
      const std::vector<float> all = out_of(backend, whole);
      const std::vector<float> later = out_of(backend, half);
      CHECK(std::memcmp(all.data() + 20 * row, later.data(), 20 * row * sizeof(float)) == 0);
    });
  }
}

}  // namespace blue::test
