#include "apps/blue/bench_report.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "apps/io/output.h"

namespace blue::apps {

namespace {

double read_gb_per_s(const BenchFigures& figures) {
  return figures.decode.per_s * figures.step_bytes / 1e9;
}

/// What a token moves, beside the rate.
std::string moved_text(const BenchPhase& phase) {
  char text[128];
  std::snprintf(text, sizeof text, "missed %.3f MB a token, copied %.3f MB, hits %.1f %%",
                phase.missed_bytes / 1e6, phase.copied_bytes / 1e6, 100.0 * phase.hit_rate);
  return text;
}

nlohmann::ordered_json moved_json(const BenchPhase& phase) {
  return {{"bytes_missed_per_token", phase.missed_bytes},
          {"bytes_copied_per_token", phase.copied_bytes},
          {"hit_rate", phase.hit_rate}};
}

/// The kinds of op by time, the longest first.
std::vector<std::size_t> by_time(const OpTimes& times) {
  std::vector<std::size_t> kinds;
  for (std::size_t kind = 0; kind < times.size(); ++kind) {
    if (times[kind].n > 0) kinds.push_back(kind);
  }
  std::ranges::sort(kinds, std::greater(), [&](std::size_t kind) { return times[kind].total_ns; });
  return kinds;
}

void print_phase_profile(const char* phase, const OpTimes& times, std::uint32_t n_runs) {
  double total = 0;
  for (const models::OpTime& time : times) total += static_cast<double>(time.total_ns);
  for (const std::size_t kind : by_time(times)) {
    const auto ns = static_cast<double>(times[kind].total_ns);
    const std::string name(kernels::to_text(static_cast<kernels::OpKind>(kind)));
    io::print_linef("%s  %-18s %8llu calls %10.3f ms %5.1f %%", phase, name.c_str(),
                    static_cast<unsigned long long>(times[kind].n / n_runs), ns / 1e6 / n_runs,
                    100.0 * ns / total);
  }
}

}  // namespace

void print_bench_text(const BenchFigures& figures) {
  const BenchPhase& prompt = figures.prompt;
  const BenchPhase& decode = figures.decode;
  io::print_linef("%s", figures.model.c_str());
  io::print_linef("tokens  %s", figures.tokens.c_str());
  if (figures.depth > 0) {
    io::print_linef("context %10u tokens     before the prompt, and before the decode",
                    figures.depth);
  }
  io::print_linef("prompt  %10.1f tokens/s   (%u tokens, median of %u); %s", prompt.per_s,
                  prompt.n_tokens, figures.n_runs, moved_text(prompt).c_str());
  io::print_linef(
      "decode  %10.1f tokens/s   (%u tokens, median of %u); %s; %.3f GB of weights and %s cache "
      "a step, %.2f GB/s",
      decode.per_s, decode.n_tokens, figures.n_runs, moved_text(decode).c_str(),
      figures.step_bytes / 1e9, std::string(kernels::to_text(figures.kv_type)).c_str(),
      read_gb_per_s(figures));
  if (figures.read_limit_gb_s > 0) {
    io::print_linef(
        "limit   %10.1f tokens/s   at %.2f GB/s, what %u thread(s) read here from memory: %.0f %% "
        "reached",
        figures.read_limit_gb_s * 1e9 / figures.step_bytes, figures.read_limit_gb_s,
        figures.n_threads, 100.0 * read_gb_per_s(figures) / figures.read_limit_gb_s);
  }
}

void print_bench_json(const BenchFigures& figures) {
  nlohmann::ordered_json out;
  out["model"] = figures.model;
  out["device"] = figures.device;
  out["tokens"] = figures.tokens;
  out["threads"] = figures.n_threads;
  out["depth"] = figures.depth;
  out["cache"] = kernels::to_text(figures.kv_type);
  out["prompt_tokens"] = figures.prompt.n_tokens;
  out["decode_tokens"] = figures.decode.n_tokens;
  out["runs"] = figures.n_runs;
  out["prefill_tokens_per_s"] = figures.prompt.per_s;
  out["decode_tokens_per_s"] = figures.decode.per_s;
  out["prefill"] = moved_json(figures.prompt);
  out["decode"] = moved_json(figures.decode);
  out["bytes_per_decode_step"] = static_cast<std::uint64_t>(figures.step_bytes);
  out["read_gbytes_per_s"] = read_gb_per_s(figures);
  if (figures.read_limit_gb_s > 0) {
    out["read_limit_gbytes_per_s"] = figures.read_limit_gb_s;
    out["share_of_read_limit"] = read_gb_per_s(figures) / figures.read_limit_gb_s;
  }
  io::print_text(out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void print_bench_profile(const BenchFigures& figures) {
  print_phase_profile("prompt", figures.prompt.op_times, figures.n_runs);
  print_phase_profile("decode", figures.decode.op_times, figures.n_runs);
}

}  // namespace blue::apps
