// Latent attention of the CPU backend in DeepSeek V3's shape (128 heads over rows of 576 values):
// the products around the cache, the attention over it and the indexer's choice, one token at two
// depths and a prompt's 64, F32 and F16 cache. GFLOP/s of the arithmetic that the op's definition
// asks for, beside what this machine measured as possible. Medians of five runs.
#include <algorithm>
#include <cstdio>
#include <random>
#include <vector>

#include "bench/sequence_inputs.h"
#include "hal/affinity.h"
#include "hal/machine_measure.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/kv_rows.h"

namespace {

using namespace blue;

constexpr std::uint32_t kHeads = 128;
constexpr std::uint32_t kRow = 576;
constexpr std::uint32_t kRank = 512;
constexpr std::uint32_t kPlain = 128;
constexpr std::uint32_t kQuery = 192;
constexpr std::uint32_t kIndexHeads = 64;
constexpr std::uint32_t kIndexDim = 128;
constexpr std::uint32_t kTopK = 2048;
constexpr std::uint32_t kPromptTokens = 64;
constexpr int kRuns = 5;

std::vector<float> random_values(std::uint64_t n) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  std::vector<float> values(n);
  for (float& value : values) value = uniform(random);
  return values;
}

/// A cache of one sequence, one layer, in the order of its positions.
struct Cache {
  Cache(std::uint32_t n_positions, kernels::KvType type)
      : sequence(n_positions, (n_positions + kernels::kPageTokens - 1) / kernels::kPageTokens) {
    const auto n_pages = static_cast<std::uint32_t>(sequence.pages.size());
    const std::uint64_t token_bytes = type == kernels::KvType::f32 ? 4 : 2;
    view.type = type;
    view.k_width = kRow;
    view.v_width = kIndexDim;
    view.v_offset = std::uint64_t{kernels::kPageTokens} * kRow * token_bytes;
    view.page_stride = std::uint64_t{kernels::kPageTokens} * (kRow + kIndexDim) * token_bytes;
    bytes.resize(view.page_stride * n_pages);
    view.base = bytes.data();
    const std::vector<float> values = random_values(bytes.size() / token_bytes);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint16_t half = kernels::float_to_half(values[i]);
      std::byte* to = bytes.data() + i * token_bytes;
      if (type == kernels::KvType::f32) {
        std::memcpy(to, &values[i], sizeof values[i]);
      } else {
        std::memcpy(to, &half, sizeof half);
      }
    }
  }
  [[nodiscard]] kernels::StepInputs inputs(std::uint32_t n_tokens) const {
    return sequence.last(n_tokens);
  }

  kernels::KvView view;
  std::vector<std::byte> bytes;
  bench::SequenceInputs sequence;
};

/// Median seconds of one run of the op.
double time_op(kernels::Backend& backend, const kernels::Op& op, const kernels::Bindings& unbound,
               const kernels::StepInputs& inputs) {
  std::vector<std::byte> workspace(backend.workspace_bytes({&op, 1}, inputs.n_tokens).count + 1);
  kernels::Bindings bindings = unbound;
  bindings.workspace = workspace.data();
  std::unique_ptr<hal::Stream> stream = backend.device().open_stream().value();
  std::vector<double> seconds;
  for (int run = 0; run <= kRuns; ++run) {
    const Nanoseconds begin = monotonic_now_ns();
    backend.enqueue(op, bindings, inputs, *stream).value();
    stream->synchronize().value();
    if (run > 0) seconds.push_back(static_cast<double>(monotonic_now_ns() - begin) * 1e-9);
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRuns / 2, seconds.end());
  return seconds[kRuns / 2];
}

void print_row(const char* what, double flop, double seconds, double limit) {
  const double gflop_per_s = flop / seconds * 1e-9;
  std::printf("  %-54s %9.3f ms %8.1f GFLOP/s %5.0f %%\n", what, seconds * 1e3, gflop_per_s,
              100.0 * gflop_per_s / limit);
}

kernels::Op heads_op(kernels::OpKind kind, std::uint32_t n_heads, std::uint32_t head_dim) {
  kernels::Op op;
  op.kind = kind;
  op.in = 0;
  op.out = 1;
  op.n_heads = n_heads;
  op.head_dim = head_dim;
  op.scale = 0.1F;
  return op;
}

void print_absorption(kernels::Backend& backend, const char* format_name, std::uint32_t n_tokens,
                      double limit) {
  constexpr std::uint64_t kDistinctRows = 16;  // encoding takes far longer than reading
  const kernels::Format& format = *kernels::find_format(format_name);
  const std::uint64_t row_bytes = format.row_bytes(kPlain);
  std::vector<std::byte> rows(kDistinctRows * row_bytes);
  format.encode(random_values(kDistinctRows * kPlain), rows);
  std::vector<std::byte> weight;
  while (weight.size() < std::size_t{kHeads} * kRank * row_bytes)
    weight.insert(weight.end(), rows.begin(), rows.end());
  std::vector<float> in = random_values(std::uint64_t{n_tokens} * kHeads * kQuery);
  std::vector<float> out(std::uint64_t{n_tokens} * kHeads * kRow);
  float* const operands[] = {in.data(), out.data()};
  kernels::Op op = heads_op(kernels::OpKind::head_linear, kHeads, kQuery);
  op.weight = 0;
  op.rows = kRank;
  op.cols = kPlain;
  const kernels::WeightView view{weight.data(), &format, std::uint64_t{kHeads} * kRank, kPlain};
  kernels::StepInputs inputs;
  inputs.n_tokens = n_tokens;
  const double seconds =
      time_op(backend, op, {.weights = {&view, 1}, .activations = operands, .kv = {}}, inputs);
  const std::string what =
      "head_linear, " + std::to_string(n_tokens) + (n_tokens == 1 ? " token, " : " tokens, ");
  print_row((what + format_name + " weights").c_str(), 2.0 * n_tokens * kHeads * kRank * kPlain,
            seconds, limit);
}

std::string depth_text(std::uint32_t n_positions, kernels::KvType type) {
  return " over " + std::to_string(n_positions) +
         (type == kernels::KvType::f32 ? " positions, F32 cache" : " positions, F16 cache");
}

void print_attention(kernels::Backend& backend, const Cache& cache, std::uint32_t n_tokens,
                     double limit) {
  const auto n_positions = static_cast<std::uint32_t>(cache.sequence.positions.size());
  std::vector<float> q = random_values(std::uint64_t{n_tokens} * kHeads * kRow);
  std::vector<float> attended(std::uint64_t{n_tokens} * kHeads * kRank);
  float* const operands[] = {q.data(), attended.data()};
  kernels::Op op = heads_op(kernels::OpKind::attention_latent, kHeads, kRow);
  op.value_dim = kRank;
  const double seconds =
      time_op(backend, op, {.weights = {}, .activations = operands, .kv = cache.view},
              cache.inputs(n_tokens));
  const double n_pairs = n_tokens * (n_positions - 0.5 * (n_tokens - 1));
  const std::string what =
      "attention, " + std::to_string(n_tokens) + (n_tokens == 1 ? " token," : " tokens,");
  print_row((what + depth_text(n_positions, cache.view.type)).c_str(),
            2.0 * n_pairs * kHeads * (kRow + kRank), seconds, limit);
}

void print_index(kernels::Backend& backend, const Cache& cache, double limit) {
  const auto n_positions = static_cast<std::uint32_t>(cache.sequence.positions.size());
  std::vector<float> q = random_values(std::uint64_t{kHeads} * kRow);
  std::vector<float> weights = random_values(kIndexHeads);
  std::vector<float> chosen(std::size_t{2} * kTopK);
  float* const operands[] = {q.data(), chosen.data(), weights.data()};
  kernels::Op op = heads_op(kernels::OpKind::index_topk, kIndexHeads, kIndexDim);
  op.in2 = 2;
  op.top_k = kTopK;
  const double seconds = time_op(
      backend, op, {.weights = {}, .activations = operands, .kv = cache.view}, cache.inputs(1));
  print_row(("index, 1 token," + depth_text(n_positions, cache.view.type)).c_str(),
            2.0 * n_positions * kIndexHeads * kIndexDim, seconds, limit);
}

}  // namespace

int main() {
  const std::vector<int> cores = hal::current_affinity().value();
  const hal::MeasuredCompute compute = hal::measure_compute(200'000'000);
  std::printf("latent attention, %u heads; limit: %.1f GFLOP/s per core (%s)\n", kHeads,
              compute.gflop_per_s, compute.instruction_set.c_str());
  std::vector<std::size_t> counts = {1};
  if (cores.size() > 1) counts.push_back(std::min<std::size_t>(cores.size(), 8));
  for (const std::size_t n : counts) {
    const double limit = compute.gflop_per_s * static_cast<double>(n);
    for (const kernels::cpu::Isa isa : kernels::cpu::available_isas()) {
      std::printf("%s, %zu threads\n", std::string(to_text(isa)).c_str(), n);
      std::unique_ptr<kernels::Backend> backend =
          kernels::cpu::open_cpu_backend(
              isa,
              {.worker_cores = {cores.begin(), cores.begin() + static_cast<std::ptrdiff_t>(n)}})
              .value();
      for (const char* format : {"F32", "Q8_0", "Q5_0"}) {
        for (const std::uint32_t n_tokens : {1U, kPromptTokens})
          print_absorption(*backend, format, n_tokens, limit);
      }
      for (const std::uint32_t n_positions : {1024U, 16384U}) {
        for (const kernels::KvType type : {kernels::KvType::f32, kernels::KvType::f16}) {
          const Cache cache(n_positions, type);
          print_attention(*backend, cache, 1, limit);
          if (n_positions == 1024) print_attention(*backend, cache, kPromptTokens, limit);
          print_index(*backend, cache, limit);
        }
      }
    }
  }
  return 0;
}
