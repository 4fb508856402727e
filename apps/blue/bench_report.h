// What `blue bench` has measured, as text and as JSON. Depends on models/executor.h, apps/io;
// nlohmann-json in the .cpp. Values; main thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "models/executor.h"

namespace blue::apps {

using OpTimes = std::array<models::OpTime, kernels::kOpKinds>;

/// One phase: the prompt, or decoding.
struct BenchPhase {
  std::uint32_t n_tokens = 0;
  double per_s = 0;         ///< tokens, median over the runs
  double missed_bytes = 0;  ///< read from files, by token, mean over the runs
  double copied_bytes = 0;  ///< tier 1 to tier 0, by token
  double hit_rate = 1;      ///< leases on blocks that were in tier 0
  OpTimes op_times{};       ///< of all runs; zero without --profile
};

struct BenchFigures {
  std::string model;
  std::string device;  ///< with all that was granted
  std::string tokens;  ///< which were fed
  std::uint32_t n_threads = 0;
  std::uint32_t n_runs = 0;
  BenchPhase prompt;
  BenchPhase decode;
  double step_bytes = 0;    ///< of weights and cache that a decode step reads
  std::uint32_t depth = 0;  ///< tokens of context before the prompt, and before the decode
  kernels::KvType kv_type = kernels::KvType::f32;
  double read_limit_gb_s = 0;  ///< measured with as many threads; 0: not on this device
};

void print_bench_text(const BenchFigures& figures);
void print_bench_json(const BenchFigures& figures);
/// A line per kind of op, the longest first: calls and milliseconds of one run, share of the time.
void print_bench_profile(const BenchFigures& figures);

}  // namespace blue::apps
