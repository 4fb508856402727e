// The linear op of the CPU backend: GB/s of weights read with one token, GFLOP/s with 128, per
// format and instruction set, beside what this machine measured as possible. Medians of seven runs.
// Quantised weights are multiplied in 8-bit integers, whose ceiling is four times that of float32
// where the processor has VNNI: their share may pass 100 %.
//   bench_kernels_linear [FORMAT MOST_THREADS]
// With both: one format alone, the best instruction set, 1, 2, 4, ... threads.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "hal/affinity.h"
#include "hal/machine_measure.h"
#include "kernels/cpu/cpu_backend.h"

namespace {

using namespace blue;

constexpr std::uint32_t kCols = 4096;
constexpr std::uint64_t kStreamedBytes =
    128ULL << 20;  // beyond any last-level cache that is not shared by a server
constexpr std::uint32_t kBatchRows = 512;
constexpr std::uint32_t kBatchTokens = 128;
constexpr int kRuns = 7;

/// `rows` rows of a format; the first 16 are encoded, the others repeat them, as encoding takes far
/// longer than reading.
std::vector<std::byte> make_weight(const kernels::Format& format, std::uint64_t rows) {
  constexpr std::uint64_t kDistinctRows = 16;
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0.0F, 0.02F);
  std::vector<float> values(kDistinctRows * kCols);
  for (float& value : values) value = normal(random);
  const std::uint64_t row_bytes = format.row_bytes(kCols);
  std::vector<std::byte> weight(rows * row_bytes);
  std::vector<std::byte> encoded(kDistinctRows * row_bytes);
  format.encode(values, encoded);
  for (std::uint64_t at = 0; at < weight.size(); at += encoded.size()) {
    std::memcpy(weight.data() + at, encoded.data(), std::min(encoded.size(), weight.size() - at));
  }
  return weight;
}

/// Median seconds of one run of the op.
double time_linear(kernels::Backend& backend, const kernels::Format& format, std::uint32_t rows,
                   std::uint32_t n_tokens) {
  const std::vector<std::byte> weight = make_weight(format, rows);
  std::vector<float> in(std::uint64_t{n_tokens} * kCols, 0.5F);
  std::vector<float> out(std::uint64_t{n_tokens} * rows);
  kernels::Op op;
  op.kind = kernels::OpKind::linear;
  op.in = 0;
  op.out = 1;
  op.weight = 0;
  op.rows = rows;
  op.cols = kCols;
  const kernels::WeightView view{weight.data(), &format, rows, kCols};
  float* const operands[] = {in.data(), out.data()};
  std::vector<std::byte> workspace(backend.workspace_bytes({&op, 1}, n_tokens).count + 64);
  std::byte* const aligned =
      workspace.data() + (64 - reinterpret_cast<std::uintptr_t>(workspace.data()) % 64);
  const kernels::Bindings bindings{
      .weights = {&view, 1}, .activations = operands, .kv = {}, .workspace = aligned};
  kernels::StepInputs inputs;
  inputs.n_tokens = n_tokens;
  std::unique_ptr<hal::Stream> stream = backend.device().open_stream().value();
  std::vector<double> seconds;
  for (int run = 0; run <= kRuns; ++run) {
    const Nanoseconds begin = monotonic_now_ns();
    backend.enqueue(op, bindings, inputs, *stream).value();
    stream->synchronize().value();
    if (run > 0)
      seconds.push_back(static_cast<double>(monotonic_now_ns() - begin) *
                        1e-9);  // the first warms up
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRuns / 2, seconds.end());
  return seconds[kRuns / 2];
}

/// `only`: a format's name; empty: all.
void print_rows(kernels::cpu::Isa isa, const std::vector<int>& cores, double read_limit,
                double compute_limit, std::string_view only) {
  std::unique_ptr<kernels::Backend> backend =
      kernels::cpu::open_cpu_backend(isa, {.device_index = 0, .worker_cores = cores}).value();
  for (const kernels::Format* format : kernels::registered_formats()) {
    if (!only.empty() && format->name != only) continue;
    const std::uint64_t row_bytes = format->row_bytes(kCols);
    const auto rows = static_cast<std::uint32_t>(kStreamedBytes / row_bytes);
    const double one = time_linear(*backend, *format, rows, 1);
    const double many = time_linear(*backend, *format, kBatchRows, kBatchTokens);
    const double gb_per_s = static_cast<double>(rows * row_bytes) / one * 1e-9;
    const double gflop_per_s = 2.0 * kBatchRows * kCols * kBatchTokens / many * 1e-9;
    std::printf("%-7s %7zu  %-5s %8.1f GB/s %5.0f %%   %8.1f GFLOP/s %5.0f %%\n",
                std::string(to_text(isa)).c_str(), cores.size(), std::string(format->name).c_str(),
                gb_per_s, 100.0 * gb_per_s / read_limit, gflop_per_s,
                100.0 * gflop_per_s / compute_limit);
  }
}

/// 1 and up to 8 of n_cores; or powers of two up to `most`, and `most`.
std::vector<std::size_t> thread_counts(std::size_t n_cores, std::size_t most) {
  if (most == 0) {
    if (n_cores == 1) return {1};
    return {1, std::min<std::size_t>(n_cores, 8)};
  }
  std::vector<std::size_t> counts;
  for (std::size_t n = 1; n < std::min(most, n_cores); n *= 2) counts.push_back(n);
  counts.push_back(std::min(most, n_cores));
  return counts;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view only = argc > 2 ? argv[1] : "";
  const auto most = static_cast<std::size_t>(argc > 2 ? std::max(std::atoi(argv[2]), 1) : 0);
  const std::vector<int> cores = hal::current_affinity().value();
  const hal::MeasuredCompute compute = hal::measure_compute(200'000'000);
  std::printf("linear, %u columns; limits: %.1f GFLOP/s per core (%s)\n", kCols,
              compute.gflop_per_s, compute.instruction_set.c_str());
  std::printf(
      "isa     threads  format  1 token, of read limit     128 tokens, of the float limit\n");
  for (const std::size_t n : thread_counts(cores.size(), most)) {
    const auto n_threads = static_cast<unsigned>(n);
    const hal::MeasuredRate read =
        hal::measure_memory_read({.budget_ns = 500'000'000, .n_threads = n_threads}).value();
    std::printf("memory read with %u threads: %.1f GB/s over %s\n", n_threads, read.gb_per_s(),
                to_text(read.working_set).c_str());
    for (const kernels::cpu::Isa isa : kernels::cpu::available_isas()) {
      if (!only.empty() && isa != kernels::cpu::available_isas().back()) continue;
      print_rows(isa, {cores.begin(), cores.begin() + static_cast<std::ptrdiff_t>(n)},
                 read.gb_per_s(), compute.gflop_per_s * static_cast<double>(n), only);
    }
  }
  return 0;
}
