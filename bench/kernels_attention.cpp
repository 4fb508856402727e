// Attention of the CPU backend in Qwen3-0.6B's shape (16 query heads, 8 kv heads of 128): the last
// 128 tokens of a prompt and one token at two depths, for each type of the cache. A prompt beside
// the float32 arithmetic that was measured, one token beside the read rate, both with as many
// threads. Medians of seven runs.
//   bench_kernels_attention [MOST_THREADS]      2 unless given
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "bench/sequence_inputs.h"
#include "hal/affinity.h"
#include "hal/machine_measure.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/kv_rows.h"

namespace {

using namespace blue;

constexpr std::uint32_t kHeads = 16;
constexpr std::uint32_t kKvHeads = 8;
constexpr std::uint32_t kHeadDim = 128;
constexpr std::uint32_t kWidth = kKvHeads * kHeadDim;
constexpr std::uint32_t kPromptTokens = 128;
constexpr int kRuns = 7;

/// Bytes of one cached token's keys and values.
std::uint64_t token_bytes(kernels::KvType type) { return 2 * kernels::kv_row_bytes(type, kWidth); }

/// As many layers of one sequence as exceed the last-level cache, each read once a run.
struct Cache {
  Cache(std::uint32_t n_positions, kernels::KvType type)
      : sequence(n_positions, n_positions / kernels::kPageTokens) {
    constexpr std::uint64_t kStreamedBytes = 128ULL << 20;
    const auto n_pages = static_cast<std::uint32_t>(sequence.pages.size());
    view.type = type;
    view.k_width = kWidth;
    view.v_width = kWidth;
    view.v_offset = kernels::kPageTokens * kernels::kv_row_bytes(type, kWidth);
    view.page_stride = 2 * view.v_offset;
    view.layer_stride = view.page_stride * n_pages;
    n_layers = static_cast<std::uint32_t>(kStreamedBytes / view.layer_stride + 1);
    bytes.resize(view.layer_stride * n_layers);
    view.base = bytes.data();
    std::mt19937 random(7);
    std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
    std::vector<float> values(kWidth);
    std::vector<std::byte> row(kernels::kv_row_bytes(type, kWidth));
    for (float& value : values) value = uniform(random);
    const char* const formats[] = {"F32", "F16", "Q8_0"};
    kernels::find_format(formats[static_cast<std::size_t>(type)])->encode(values, row);
    for (std::size_t at = 0; at < bytes.size(); at += row.size())
      std::memcpy(bytes.data() + at, row.data(), row.size());
  }
  [[nodiscard]] kernels::StepInputs inputs(std::uint32_t n_tokens) const {
    return sequence.last(n_tokens);
  }

  kernels::KvView view;
  std::uint32_t n_layers = 0;
  std::vector<std::byte> bytes;
  bench::SequenceInputs sequence;
};

/// Median seconds of one layer.
double time_attention(kernels::Backend& backend, const Cache& cache, std::uint32_t n_tokens) {
  std::vector<float> q(std::uint64_t{n_tokens} * kHeads * kHeadDim, 0.1F);
  std::vector<float> out(q.size());
  float* const operands[] = {q.data(), out.data()};
  kernels::Op op;
  op.kind = kernels::OpKind::attention;
  op.in = 0;
  op.out = 1;
  op.n_heads = kHeads;
  op.n_kv_heads = kKvHeads;
  op.head_dim = kHeadDim;
  op.scale = 0.1F;
  std::vector<std::byte> workspace(backend.workspace_bytes({&op, 1}, n_tokens).count + 1);
  const kernels::Bindings bindings{
      .weights = {}, .activations = operands, .kv = cache.view, .workspace = workspace.data()};
  std::unique_ptr<hal::Stream> stream = backend.device().open_stream().value();
  std::vector<double> seconds;
  for (int run = 0; run <= kRuns; ++run) {
    const Nanoseconds begin = monotonic_now_ns();
    for (op.layer = 0; op.layer < cache.n_layers; ++op.layer)
      backend.enqueue(op, bindings, cache.inputs(n_tokens), *stream).value();
    if (run > 0)
      seconds.push_back(static_cast<double>(monotonic_now_ns() - begin) * 1e-9 / cache.n_layers);
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRuns / 2, seconds.end());
  return seconds[kRuns / 2];
}

void print_rows(kernels::Backend& backend, double compute_limit, double read_limit) {
  for (const std::uint32_t n_positions : {4096U, 16384U}) {
    for (const kernels::KvType type :
         {kernels::KvType::f32, kernels::KvType::f16, kernels::KvType::q8_0}) {
      const Cache cache(n_positions, type);
      const double many = time_attention(backend, cache, kPromptTokens);
      const double one = time_attention(backend, cache, 1);
      const double n_pairs = kPromptTokens * (n_positions - 0.5 * (kPromptTokens - 1));
      const double gflop_per_s = 4.0 * n_pairs * kHeads * kHeadDim / many * 1e-9;
      const double gb_per_s = static_cast<double>(n_positions * token_bytes(type)) / one * 1e-9;
      std::printf(
          "  %6u positions, %-4s  %3u tokens %7.1f GFLOP/s %4.0f %%   1 token %6.1f GB/s "
          "%4.0f %%  %7.3f ms\n",
          n_positions, std::string(kernels::to_text(type)).c_str(), kPromptTokens, gflop_per_s,
          100.0 * gflop_per_s / compute_limit, gb_per_s, 100.0 * gb_per_s / read_limit, one * 1e3);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<int> cores = hal::current_affinity().value();
  const auto most = static_cast<std::size_t>(argc > 1 ? std::max(std::atoi(argv[1]), 1) : 2);
  const hal::MeasuredCompute compute = hal::measure_compute(200'000'000);
  for (std::size_t n = 1; n <= std::min(most, cores.size()); n *= 2) {
    const hal::MeasuredRate read =
        hal::measure_memory_read({.budget_ns = 500'000'000, .n_threads = static_cast<unsigned>(n)})
            .value();
    const double limit = compute.gflop_per_s * static_cast<double>(n);
    for (const kernels::cpu::Isa isa : kernels::cpu::available_isas()) {
      if (isa != kernels::cpu::Isa::avx2 && isa != kernels::cpu::available_isas().back()) continue;
      std::printf("attention, %s, %zu threads; limits: %.1f GFLOP/s, %.1f GB/s\n",
                  std::string(to_text(isa)).c_str(), n, limit, read.gb_per_s());
      std::unique_ptr<kernels::Backend> backend =
          kernels::cpu::open_cpu_backend(
              isa,
              {.worker_cores = {cores.begin(), cores.begin() + static_cast<std::ptrdiff_t>(n)}})
              .value();
      print_rows(*backend, limit, read.gb_per_s());
    }
  }
  return 0;
}
