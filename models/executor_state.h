// What an executor's steps work with, and how: shared by executor.cpp (creation, resident steps)
// and executor_streaming.cpp (steps that lease weights block by block), and private to them.
// Depends on models/executor.h. One thread at a time, as the executor.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "models/executor.h"
#include "models/expert_tables.h"
#include "models/kv_cache.h"
#include "models/models_error.h"
#include "models/step_buffers.h"

namespace blue::models {

struct Executor::State {
  State(const Program& program_, kernels::Backend& backend_, memory::LeaseSource& leases_,
        const ExecutorLimits& limits_)
      : program(program_), backend(backend_), leases(leases_), limits(limits_) {}

  const Program& program;
  kernels::Backend& backend;
  memory::LeaseSource& leases;
  ExecutorLimits limits;
  ExecutorFigures figures;
  std::array<OpTime, kernels::kOpKinds> op_times{};

  std::vector<memory::BlockId> block_ids;
  std::vector<std::vector<std::uint32_t>> weights_of_block;  ///< indices into program.weights
  std::vector<kernels::WeightView> views;
  std::unique_ptr<ExpertTables> tables;
  std::unique_ptr<StepBuffers> buffers;
  std::unique_ptr<KvCache> kv;
  std::unique_ptr<hal::Stream> stream;

  /// All weights fit in tier 0: once they are there, every lease is held from step to step.
  bool is_resident = false;
  bool has_all = false;                           ///< `held` is whole and bound
  std::vector<memory::Lease> held;                ///< by block; resident mode
  std::vector<const std::byte*> bound_addresses;  ///< by block: what its weights are bound to
  std::array<memory::Lease, 2> window;  ///< streaming mode: the block in use and the one before
  std::array<std::unique_ptr<hal::Event>, 2> passed;  ///< when the window's block was last read
  std::size_t window_slot = 0;                        ///< of the block in use
  std::uint32_t window_block = kNoBlock;              ///< the block in use
  std::vector<std::uint32_t> places;                  ///< by op: op_places
  std::vector<float> routes;                          ///< host copy of one layer's choice
  std::unique_ptr<hal::HostRegistration> routes_lock;
  std::vector<std::uint8_t> is_chosen;  ///< by expert
  std::vector<std::uint32_t> chosen;    ///< the distinct experts of a run that are to run yet
  std::vector<memory::BlockId> wanted;  ///< their blocks
  std::vector<std::uint32_t> in_pass;   ///< the experts that are leased and bound
  std::vector<memory::Lease> expert_leases;

  std::unique_ptr<hal::Graph> graph;
  std::vector<std::byte*> graph_addresses;  ///< where the blocks lay at capture
  bool has_run_decode = false;              ///< kernels load on first use; capture comes after

  Status build();
  Status build_expert_parts();
  void bind_block(std::uint32_t block, std::byte* address);
  Status bind_all();
  bool lease_all();
  Status await_all(const StopToken& stop);
  void release_all();
  bool has_moved_since_capture() const;
  kernels::Bindings bindings() const;
  void fill_inputs(const StepRequest& request);
  Status enqueue(const kernels::Op& op, const kernels::Bindings& at,
                 const kernels::StepInputs& inputs);
  Status run_eager(const kernels::StepInputs& inputs, const StopToken& stop);
  Status run_streaming(const kernels::StepInputs& inputs, const StopToken& stop);
  Status enqueue_all(const kernels::StepInputs& inputs, const StopToken& stop);
  Status leave_block(std::size_t operand);
  Status enter_block(std::uint32_t block, std::uint32_t place, const StopToken& stop);
  Status run_experts(std::size_t run, const kernels::StepInputs& inputs, const StopToken& stop);
  Status read_choice(const ExpertGroup& run, const kernels::StepInputs& inputs);
  void request_chosen(const ExpertGroup& experts);
  Status lease_experts(std::size_t run, const StopToken& stop);
  void take_expert(std::size_t run, std::size_t chosen_index, memory::Lease lease);
  Status run_pass(std::size_t run, const kernels::StepInputs& inputs, const StopToken& stop);
  void release_streamed();
  Status run_graph(const kernels::StepInputs& inputs);
  Status run_resident(const kernels::StepInputs& inputs, const StopToken& stop);
};

/// A chunk in the middle of a prompt needs no logits: its head does not run.
inline bool has_no_rows(const kernels::Op& op, const kernels::StepInputs& inputs) {
  return op.row_set == kernels::RowSet::outputs && inputs.n_outputs == 0;
}

inline Error stopped() { return {ModelsError::stopped, "stopped before the step was done"}; }

}  // namespace blue::models
