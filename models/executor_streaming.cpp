// Steps of a model that does not fit in tier 0: a lease for the block in use and one for the block before, whose kernels
// may still be under way.
#include "models/executor_state.h"

namespace blue::models {

Status Executor::State::leave_block(std::size_t slot) {
  if (!window[slot].is_held()) return {};
  // Kernels under way may still read it: the lease ends behind them.
  BLUE_TRY(passed[slot]->wait());
  window[slot].release();
  return {};
}

Status Executor::State::enter_block(std::uint32_t block, std::size_t slot, const StopToken& stop) {
  BLUE_TRY(leave_block(slot));
  Result<memory::Lease> lease = leases.lease(block_ids[block], stop);
  if (!lease && lease.error().is(memory::MemoryError::tier_full)) {
    // The block before it lies in the way: give up the overlap rather than the step.
    BLUE_TRY(leave_block(1 - slot));
    lease = leases.lease(block_ids[block], stop);
  }
  BLUE_TRY_ASSIGN(window[slot], std::move(lease));
  bind_block(block, window[slot].address());
  return {};
}

Status Executor::State::run_streaming(const kernels::StepInputs& inputs, const StopToken& stop) {
  const kernels::Bindings bound = bindings();
  BLUE_TRY(buffers->upload(*stream));
  std::uint32_t current = kNoBlock;
  std::size_t slot = 0;
  for (std::size_t i = 0; i < program.ops.size(); ++i) {
    if (stop.is_stopped()) return stopped();
    if (has_no_rows(program.ops[i], inputs)) continue;
    const std::uint32_t block = program.op_blocks[i];
    if (block != kNoBlock && block != current) {
      if (current != kNoBlock) {
        BLUE_TRY(stream->record(*passed[slot]));
        slot = 1 - slot;
      }
      BLUE_TRY(enter_block(block, slot, stop));
      current = block;
      if (block + 1 < block_ids.size()) leases.hint(block_ids[block + 1]);
    }
    BLUE_TRY(backend.enqueue(program.ops[i], bound, inputs, *stream));
  }
  return inputs.n_outputs == 0 ? Status() : buffers->download_logits(inputs.n_outputs, *stream);
}

}  // namespace blue::models
