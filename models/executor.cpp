#include "models/executor.h"

#include <algorithm>

#include "models/block_list.h"
#include "models/executor_state.h"
#include "models/program_support.h"

namespace blue::models {

namespace {

/// Steps of this shape are captured as graphs: one token, its logits.
constexpr bool is_decode_shape(std::uint32_t n_tokens, std::uint32_t n_outputs) {
  return n_tokens == 1 && n_outputs == 1;
}

}  // namespace

Executor::Executor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Executor::~Executor() {
  // Kernels may still read leased blocks after a failed step; the leases must outlive them.
  if (state_->stream) (void)state_->stream->synchronize().ok();
}

const ExecutorLimits& Executor::limits() const { return state_->limits; }
const Program& Executor::program() const { return state_->program; }
const ExecutorFigures& Executor::figures() const { return state_->figures; }
std::span<const OpTime, kernels::kOpKinds> Executor::op_times() const { return state_->op_times; }

Result<std::unique_ptr<Executor>> Executor::create(const Program& program,
                                                   std::span<const memory::BlockId> block_ids,
                                                   kernels::Backend& backend,
                                                   memory::LeaseSource& leases,
                                                   const ExecutorLimits& limits) {
  BLUE_CHECK(block_ids.size() == program.blocks.size(), "one id per block");
  BLUE_CHECK(limits.max_step_tokens > 0 && limits.max_sequences > 0 && limits.max_context > 0);
  auto state = std::make_unique<State>(program, backend, leases, limits);
  state->block_ids.assign(block_ids.begin(), block_ids.end());
  BLUE_TRY(check_support(program, backend, limits.kv_type));
  BLUE_TRY(state->build());
  return std::unique_ptr<Executor>(new Executor(std::move(state)));
}

Status Executor::State::build() {
  is_resident = weight_bytes(program) <= limits.weight_budget;
  weights_of_block.resize(program.blocks.size());
  views.resize(program.weights.size());
  BLUE_TRY_ASSIGN(tables, ExpertTables::create(program, backend.device()));
  for (std::uint32_t w = 0; w < program.weights.size(); ++w) {
    const WeightUse& use = program.weights[w];
    const std::byte* const* experts = nullptr;
    if (use.n_experts > 0) {
      experts = tables->table(static_cast<kernels::Operand>(w));
    } else {
      weights_of_block[use.block].push_back(w);
    }
    views[w] = {nullptr, use.format, use.rows, use.cols, experts};
  }
  held.resize(program.blocks.size());
  bound_addresses.resize(program.blocks.size());
  graph_addresses.resize(program.blocks.size());
  BLUE_TRY_ASSIGN(kv, KvCache::create(program.kv, limits.kv_type, limits.max_sequences,
                                      limits.max_context, backend.device()));
  const Bytes workspace = backend.workspace_bytes(program.ops, limits.max_step_tokens);
  BLUE_TRY_ASSIGN(buffers,
                  StepBuffers::create(program, backend.device(), limits.max_step_tokens,
                                      limits.max_sequences, kv->pages_per_sequence(), workspace));
  BLUE_TRY_ASSIGN(stream, backend.device().open_stream());
  for (auto& event : passed) {
    BLUE_TRY_ASSIGN(event, backend.device().open_event());
  }
  return build_expert_parts();
}

Status Executor::State::build_expert_parts() {
  places = op_places(program);
  std::size_t most_chosen = 0;
  std::size_t most_experts = 0;
  for (const ExpertGroup& run : program.expert_groups) {
    most_chosen = std::max<std::size_t>(most_chosen, run.top_k);
    most_experts = std::max<std::size_t>(most_experts, run.n_experts);
  }
  is_chosen.resize(most_experts);
  chosen.reserve(most_experts);
  wanted.reserve(most_experts);
  expert_leases.reserve(most_experts);
  in_pass.reserve(most_experts);
  routes.resize(2 * most_chosen * limits.max_step_tokens);
  if (routes.empty()) return {};
  BLUE_TRY_ASSIGN(routes_lock,
                  backend.device().register_host(std::as_writable_bytes(std::span(routes))));
  return {};
}

void Executor::State::bind_block(std::uint32_t block, std::byte* address) {
  if (bound_addresses[block] == address) return;
  bound_addresses[block] = address;
  for (const std::uint32_t w : weights_of_block[block])
    views[w].data = address + program.weights[w].block_offset;
}

/// Waits until every block is in tier 0 and leases it. For a mixture whose experts all fit: which
/// of them a step needs says nothing about what is worth loading.
Status Executor::State::await_all(const StopToken& stop) {
  leases.request(block_ids);
  for (std::size_t block = 0; block < block_ids.size(); ++block) {
    BLUE_TRY_ASSIGN(held[block], leases.lease(block_ids[block], stop));
  }
  return {};
}

/// Leases every block, if all are in tier 0 now.
bool Executor::State::lease_all() {
  for (std::size_t block = 0; block < block_ids.size(); ++block) {
    auto lease = leases.try_lease(block_ids[block]);
    if (!lease) {
      release_all();
      return false;
    }
    held[block] = std::move(*lease);
  }
  return true;
}

Status Executor::State::bind_all() {
  for (std::uint32_t block = 0; block < block_ids.size(); ++block)
    bind_block(block, held[block].address());
  for (std::size_t run = 0; run < program.expert_groups.size(); ++run) {
    const ExpertGroup& experts = program.expert_groups[run];
    for (std::uint32_t e = 0; e < experts.n_experts; ++e)
      tables->bind(run, e, held[experts.first_block + e].address());
    // Not part of a captured step: kernels read the tables where they always lie.
    BLUE_TRY(tables->upload(run, *stream));
  }
  return {};
}

/// The stream must be idle.
void Executor::State::release_all() {
  has_all = false;
  for (memory::Lease& lease : held) lease.release();
}

bool Executor::State::has_moved_since_capture() const {
  for (std::size_t block = 0; block < held.size(); ++block) {
    const bool is_expert = program.blocks[block].kind == memory::BlockKind::expert;
    if (!is_expert && held[block].address() != graph_addresses[block]) return true;
  }
  return false;
}

kernels::Bindings Executor::State::bindings() const {
  return {views, buffers->activations(), kv->view(), buffers->workspace()};
}

void Executor::State::fill_inputs(const StepRequest& request) {
  std::ranges::copy(request.tokens, buffers->token_ids().begin());
  std::ranges::copy(request.positions, buffers->positions().begin());
  std::ranges::copy(request.sequences, buffers->sequences().begin());
  std::ranges::copy(request.output_rows, buffers->output_rows().begin());
  for (std::uint32_t s = 0; s < limits.max_sequences; ++s) {
    std::ranges::copy(kv->pages(static_cast<std::int32_t>(s)), buffers->page_row(s).begin());
  }
}

Status Executor::State::enqueue(const kernels::Op& op, const kernels::Bindings& at,
                                const kernels::StepInputs& inputs) {
  if (limits.op_timing == OpTiming::off) return backend.enqueue(op, at, inputs, *stream);
  // Earlier work is not part of this op's time.
  BLUE_TRY(stream->synchronize());
  const Nanoseconds begin = monotonic_now_ns();
  BLUE_TRY(backend.enqueue(op, at, inputs, *stream));
  BLUE_TRY(stream->synchronize());
  OpTime& time = op_times[static_cast<std::size_t>(op.kind)];
  time.total_ns += monotonic_now_ns() - begin;
  ++time.n;
  return {};
}

Status Executor::State::enqueue_all(const kernels::StepInputs& inputs, const StopToken& stop) {
  const kernels::Bindings bound = bindings();
  BLUE_TRY(buffers->upload(*stream));
  for (const kernels::Op& op : program.ops) {
    if (stop.is_stopped()) return stopped();
    if (has_no_rows(op, inputs)) continue;
    BLUE_TRY(enqueue(op, bound, inputs));
  }
  return inputs.n_outputs == 0 ? Status() : buffers->download_logits(inputs.n_outputs, *stream);
}

Status Executor::State::run_eager(const kernels::StepInputs& inputs, const StopToken& stop) {
  Status enqueued = enqueue_all(inputs, stop);
  // Also after a stop: what was enqueued still reads the leases.
  BLUE_TRY(stream->synchronize());
  return enqueued;
}

Status Executor::State::run_graph(const kernels::StepInputs& inputs) {
  if (!graph || has_moved_since_capture()) {
    hal::GraphCapture& capture = *backend.device().graph_capture();
    BLUE_TRY(capture.begin(*stream));
    Status enqueued = enqueue_all(inputs, StopToken());
    auto captured = capture.end(*stream);
    BLUE_TRY(std::move(enqueued));
    if (!captured) return std::move(captured).error();
    graph = std::move(captured).value();
    for (std::size_t block = 0; block < held.size(); ++block)
      graph_addresses[block] = held[block].address();
    ++figures.n_graph_captures;
  }
  BLUE_TRY(graph->launch(*stream));
  ++figures.n_graph_launches;
  return stream->synchronize();
}

Status Executor::State::run_resident(const kernels::StepInputs& inputs, const StopToken& stop) {
  Status status = has_all ? Status() : bind_all();
  if (status.ok()) {
    has_all = true;
    const bool is_decode = is_decode_shape(inputs.n_tokens, inputs.n_outputs);
    const bool has_graphs =
        backend.device().graph_capture() != nullptr && limits.op_timing == OpTiming::off;
    status =
        is_decode && has_graphs && has_run_decode ? run_graph(inputs) : run_eager(inputs, stop);
    has_run_decode = has_run_decode || (is_decode && status.ok());
  }
  if (!status.ok()) release_all();
  return status;
}

Result<std::span<const float>> Executor::step(const StepRequest& request, const StopToken& stop) {
  State& state = *state_;
  const auto n_tokens = static_cast<std::uint32_t>(request.tokens.size());
  const auto n_outputs = static_cast<std::uint32_t>(request.output_rows.size());
  BLUE_CHECK(n_tokens > 0 && n_tokens <= state.limits.max_step_tokens && n_outputs <= n_tokens);
  BLUE_CHECK(request.positions.size() == n_tokens && request.sequences.size() == n_tokens);
  for (const TokenId token : request.tokens) {
    if (token < 0 || static_cast<std::uint32_t>(token) >= state.program.hyper.n_vocab) {
      return Error(ModelsError::bad_token, "token id " + std::to_string(token) +
                                               " is outside the vocabulary of " +
                                               std::to_string(state.program.hyper.n_vocab));
    }
  }
  if (stop.is_stopped()) return stopped();
  state.fill_inputs(request);
  const kernels::StepInputs inputs = state.buffers->inputs(n_tokens, n_outputs);
  ++state.figures.n_steps;
  state.leases.begin_step();
  bool runs_resident = state.is_resident && (state.has_all || state.lease_all());
  if (state.is_resident && !runs_resident && !state.program.expert_groups.empty()) {
    if (Status status = state.await_all(stop); !status) {
      state.release_all();
      return std::move(status).error();
    }
    runs_resident = true;
  }
  if (runs_resident) {
    BLUE_TRY(state.run_resident(inputs, stop));
  } else {
    Status status = state.run_streaming(inputs, stop);
    BLUE_TRY(state.stream->synchronize());
    state.release_streamed();
    BLUE_TRY(std::move(status));
  }
  return state.buffers->logits(n_outputs);
}

Status Executor::reserve(std::int32_t sequence, std::uint32_t n_tokens) {
  if (n_tokens > state_->limits.max_context) {
    return Error(ModelsError::context_full,
                 "the context holds " + std::to_string(state_->limits.max_context) + " tokens, " +
                     std::to_string(n_tokens) + " are asked for");
  }
  return state_->kv->reserve(sequence, n_tokens);
}

void Executor::release_leases() { state_->release_all(); }

void Executor::truncate(std::int32_t sequence, std::uint32_t n_tokens) {
  state_->kv->truncate(sequence, n_tokens);
}

Bytes Executor::kv_bytes(std::uint32_t n_tokens) const { return state_->kv->row_bytes(n_tokens); }

Status Executor::export_kv(std::int32_t sequence, std::uint32_t n_tokens, ByteSpan out) {
  BLUE_TRY(
      state_->kv->export_rows(sequence, n_tokens, out, state_->backend.device(), *state_->stream));
  return state_->stream->synchronize();
}

Status Executor::import_kv(std::int32_t sequence, std::uint32_t n_tokens, ConstByteSpan rows) {
  BLUE_TRY(reserve(sequence, n_tokens));
  BLUE_TRY(
      state_->kv->import_rows(sequence, n_tokens, rows, state_->backend.device(), *state_->stream));
  return state_->stream->synchronize();
}

}  // namespace blue::models
