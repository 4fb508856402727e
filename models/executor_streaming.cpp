// Steps of a model that does not fit in tier 0: a lease for the block in use and one for the block
// before, whose kernels may still be under way; and of a layer's experts, those that its router
// chose, as many at a time as there is room for.
#include <algorithm>

#include "models/executor_state.h"

namespace blue::models {

Status Executor::State::leave_block(std::size_t operand) {
  if (!window[operand].is_held()) return {};
  // Kernels under way may still read it: the lease ends behind them.
  BLUE_TRY(passed[operand]->wait());
  window[operand].release();
  return {};
}

Status Executor::State::enter_block(std::uint32_t block, std::uint32_t place,
                                    const StopToken& stop) {
  if (window_block != kNoBlock) {
    BLUE_TRY(stream->record(*passed[window_slot]));
    // A device that has caught up frees the room now: the block after the next can begin to move.
    BLUE_TRY_ASSIGN(const bool has_passed, passed[window_slot]->is_done());
    if (has_passed) window[window_slot].release();
    window_slot = 1 - window_slot;
    window_block = kNoBlock;
  }
  BLUE_TRY(leave_block(window_slot));
  leases.set_place(place);
  Result<memory::Lease> lease = leases.lease(block_ids[block], stop);
  if (!lease && lease.error().is(memory::MemoryError::tier_full)) {
    // The block before it occupies the room: lose the overlap rather than the step.
    BLUE_TRY(leave_block(1 - window_slot));
    lease = leases.lease(block_ids[block], stop);
  }
  BLUE_TRY_ASSIGN(window[window_slot], std::move(lease));
  bind_block(block, window[window_slot].address());
  window_block = block;
  return {};
}

Status Executor::State::run_streaming(const kernels::StepInputs& inputs, const StopToken& stop) {
  const kernels::Bindings at = bindings();
  BLUE_TRY(buffers->upload(*stream));
  std::size_t run = 0;
  for (std::uint32_t i = 0; i < program.ops.size(); ++i) {
    if (stop.is_stopped()) return stopped();
    if (run < program.expert_groups.size() && program.expert_groups[run].first_op == i) {
      BLUE_TRY(run_experts(run, inputs, stop));
      i = program.expert_groups[run++].end_op - 1;
      continue;
    }
    if (has_no_rows(program.ops[i], inputs)) continue;
    const std::uint32_t block = program.op_blocks[i];
    if (block != kNoBlock && block != window_block) BLUE_TRY(enter_block(block, places[i], stop));
    BLUE_TRY(enqueue(program.ops[i], at, inputs));
  }
  return inputs.n_outputs == 0 ? Status() : buffers->download_logits(inputs.n_outputs, *stream);
}

/// Waits for the router and gathers the experts that any row of the step chose.
Status Executor::State::read_choice(const ExpertGroup& run, const kernels::StepInputs& inputs) {
  const bool is_tokens = program.ops[run.first_op].row_set == kernels::RowSet::tokens;
  const std::size_t n_rows = is_tokens ? inputs.n_tokens : inputs.n_outputs;
  const std::size_t width = std::size_t{2} * run.top_k;
  const float* from = buffers->activations()[run.route];
  BLUE_TRY(backend.device().copy_to_host(reinterpret_cast<std::byte*>(routes.data()),
                                         reinterpret_cast<const std::byte*>(from),
                                         {n_rows * width * sizeof(float)}, *stream));
  BLUE_TRY(stream->synchronize());
  std::ranges::fill(is_chosen, std::uint8_t{0});
  for (std::size_t row = 0; row < n_rows; ++row) {
    for (std::size_t j = 0; j < run.top_k; ++j) {
      const auto expert = static_cast<std::size_t>(routes[row * width + j]);
      BLUE_CHECK(expert < run.n_experts, "a router chose an expert that the layer does not have");
      is_chosen[expert] = 1;
    }
  }
  chosen.clear();
  for (std::uint32_t e = 0; e < run.n_experts; ++e) {
    if (is_chosen[e] != 0) chosen.push_back(e);
  }
  return {};
}

void Executor::State::request_chosen(const ExpertGroup& experts) {
  wanted.clear();
  for (const std::uint32_t e : chosen) wanted.push_back(block_ids[experts.first_block + e]);
  leases.request(wanted);
}

/// The expert chosen[chosen_index] takes part in the next pass.
void Executor::State::take_expert(std::size_t run, std::size_t chosen_index, memory::Lease lease) {
  tables->bind(run, chosen[chosen_index], lease.address());
  expert_leases.push_back(std::move(lease));
  in_pass.push_back(chosen[chosen_index]);
  chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(chosen_index));
}

/// Leases those of `chosen` that are there, or waits for the first; at least one.
Status Executor::State::lease_experts(std::size_t run, const StopToken& stop) {
  const std::uint32_t first_block = program.expert_groups[run].first_block;
  for (std::size_t i = 0; i < chosen.size();) {
    auto lease = leases.try_lease(block_ids[first_block + chosen[i]]);
    if (!lease) {
      ++i;
      continue;
    }
    take_expert(run, i, std::move(*lease));
  }
  if (!in_pass.empty()) return {};
  // What there was no room for has been refused; after a pass there is.
  request_chosen(program.expert_groups[run]);
  const memory::BlockId block = block_ids[first_block + chosen.front()];
  Result<memory::Lease> lease = leases.lease(block, stop);
  if (!lease && lease.error().is(memory::MemoryError::tier_full)) {
    // Dense blocks occupy the room. The stream is idle here; later ops lease them again.
    for (memory::Lease& held_block : window) held_block.release();
    window_block = kNoBlock;
    lease = leases.lease(block, stop);
  }
  if (!lease) return std::move(lease).error();
  take_expert(run, 0, std::move(lease).value());
  return {};
}

Status Executor::State::run_pass(std::size_t run, const kernels::StepInputs& inputs,
                                 const StopToken& stop) {
  const ExpertGroup& experts = program.expert_groups[run];
  const kernels::Bindings at = bindings();
  BLUE_TRY(tables->upload(run, *stream));
  for (std::uint32_t i = experts.first_op; i < experts.end_op; ++i) {
    if (stop.is_stopped()) return stopped();
    BLUE_TRY(enqueue(program.ops[i], at, inputs));
  }
  return {};
}

Status Executor::State::run_experts(std::size_t run, const kernels::StepInputs& inputs,
                                    const StopToken& stop) {
  const ExpertGroup& experts = program.expert_groups[run];
  if (has_no_rows(program.ops[experts.first_op], inputs)) return {};
  BLUE_TRY(read_choice(experts, inputs));
  request_chosen(experts);
  while (!chosen.empty()) {
    BLUE_TRY(lease_experts(run, stop));
    BLUE_TRY(run_pass(run, inputs, stop));
    // The next pass needs the room, and the tables on the host.
    BLUE_TRY(stream->synchronize());
    for (const std::uint32_t e : in_pass) tables->bind(run, e, nullptr);
    figures.n_expert_leases += in_pass.size();
    ++figures.n_expert_passes;
    expert_leases.clear();
    in_pass.clear();
  }
  return {};
}

/// After a step, whole or broken off: the stream is idle.
void Executor::State::release_streamed() {
  for (memory::Lease& lease : window) lease.release();
  window_block = kNoBlock;
  if (expert_leases.empty()) return;
  expert_leases.clear();
  in_pass.clear();
  for (std::size_t run = 0; run < program.expert_groups.size(); ++run) {
    for (std::uint32_t e = 0; e < program.expert_groups[run].n_experts; ++e)
      tables->bind(run, e, nullptr);
  }
}

}  // namespace blue::models
