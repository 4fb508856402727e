// Executor: program x backend x residency. Runs steps: binds operands to addresses, takes leases,
// enqueues ops, brings the logits back. All memory is taken at creation; a step allocates nothing.
// Depends on base, hal, memory, kernels, models/program.h. One thread at a time. Borrows program,
// backend and leases: they outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/stop_token.h"
#include "base/units.h"
#include "kernels/backend.h"
#include "memory/tiers/lease_source.h"
#include "models/program.h"

namespace blue::models {

/// Whether each op is waited for and timed. `on` costs a wait per op and gives up captured graphs;
/// `off` reads no clock.
enum class OpTiming : std::uint8_t { off, on };

struct ExecutorLimits {
  std::uint32_t max_step_tokens = 64;  ///< rows of one step: the prefill chunk
  std::uint32_t max_sequences = 1;
  std::uint32_t max_context = 1024;  ///< tokens per sequence
  kernels::KvType kv_type = kernels::KvType::f32;
  /// Tier 0's budget. When all weights fit and are there, every lease is held, from one step to the
  /// next (and a step is one graph launch where the device has graphs); otherwise leases are taken
  /// block by block as the step goes, and of a layer's experts only those that the router chose, in
  /// the order in which they arrive.
  Bytes weight_budget;
  OpTiming op_timing = OpTiming::off;
};

/// What the ops of one kind have taken since creation.
struct OpTime {
  std::uint64_t n = 0;
  Nanoseconds total_ns = 0;
};

/// One step: rows of tokens, each at a position of a sequence, and the rows whose logits are
/// needed.
struct StepRequest {
  std::span<const TokenId> tokens;            ///< [n]
  std::span<const std::int32_t> positions;    ///< [n]
  std::span<const std::int32_t> sequences;    ///< [n], each < max_sequences
  std::span<const std::int32_t> output_rows;  ///< rows < n, ascending
};

struct ExecutorFigures {
  std::uint64_t n_steps = 0;
  std::uint64_t n_graph_launches = 0;
  std::uint64_t n_graph_captures = 0;
  std::uint64_t n_expert_passes = 0;  ///< streaming steps: passes over a layer's experts
  std::uint64_t n_expert_leases = 0;  ///< streaming steps
};

class Executor {
 public:
  /// `block_ids`: by Program::blocks index. Errors: unsupported_shape, unsupported_format,
  /// out_of_memory.
  static Result<std::unique_ptr<Executor>> create(const Program& program,
                                                  std::span<const memory::BlockId> block_ids,
                                                  kernels::Backend& backend,
                                                  memory::LeaseSource& leases,
                                                  const ExecutorLimits& limits);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Makes room for positions < n_tokens of `sequence`. Errors: context_full (over max_context),
  /// pages_used_up.
  [[nodiscard]] Status reserve(std::int32_t sequence, std::uint32_t n_tokens);
  /// Drops positions >= n_tokens and releases their pages.
  void truncate(std::int32_t sequence, std::uint32_t n_tokens);

  /// Runs one step and returns logits [n_outputs, n_vocab], valid until the next step. Positions
  /// must have been reserved. Errors: stopped (between ops or launches; the KV rows of this step
  /// are then undefined, truncate them), device_failed, what leases give.
  [[nodiscard]] Result<std::span<const float>> step(const StepRequest& request,
                                                    const StopToken& stop);

  /// Gives back the leases that are held between steps: for whoever needs the room.
  void release_leases();

  /// The KV rows of positions < n_tokens as bytes: per layer keys then values, [n_tokens, width].
  /// For snapshots.
  [[nodiscard]] Bytes kv_bytes(std::uint32_t n_tokens) const;
  [[nodiscard]] Status export_kv(std::int32_t sequence, std::uint32_t n_tokens, ByteSpan out);
  /// Reserves and fills. Errors: as reserve; a size that does not fit is a bug.
  [[nodiscard]] Status import_kv(std::int32_t sequence, std::uint32_t n_tokens, ConstByteSpan rows);

  [[nodiscard]] const ExecutorLimits& limits() const;
  [[nodiscard]] const Program& program() const;
  [[nodiscard]] const ExecutorFigures& figures() const;
  /// By OpKind; all zero with OpTiming::off.
  [[nodiscard]] std::span<const OpTime, kernels::kOpKinds> op_times() const;

 private:
  struct State;
  explicit Executor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace blue::models
