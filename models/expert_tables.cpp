#include "models/expert_tables.h"

#include <algorithm>
#include <span>

namespace blue::models {

ExpertTables::ExpertTables(const Program& program, hal::Device& device) : device_(device) {
  std::size_t n_entries = 0;
  for (const ExpertGroup& planned : program.expert_groups) {
    Run run;
    run.first_entry = n_entries;
    for (std::uint32_t i = planned.first_op; i < planned.end_op; ++i) {
      const kernels::Op& op = program.ops[i];
      if (op.kind != kernels::OpKind::expert_linear) continue;
      run.stacks.push_back({op.weight, n_entries, program.weights[op.weight].block_offset});
      n_entries += planned.n_experts;
    }
    run.n_entries = n_entries - run.first_entry;
    runs_.push_back(std::move(run));
  }
  mirror_.assign(n_entries, nullptr);
}

Result<std::unique_ptr<ExpertTables>> ExpertTables::create(const Program& program,
                                                           hal::Device& device) {
  std::unique_ptr<ExpertTables> tables(new ExpertTables(program, device));
  if (!tables->mirror_.empty()) BLUE_TRY(tables->allocate());
  return tables;
}

Status ExpertTables::allocate() {
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(mirror_));
  BLUE_TRY_ASSIGN(lock_, device_.register_host(bytes));
  BLUE_TRY_ASSIGN(arena_, device_.allocate({bytes.size()}));
  return {};
}

const std::byte** ExpertTables::device_entries() const {
  return reinterpret_cast<const std::byte**>(arena_->base());
}

const std::byte* const* ExpertTables::table(kernels::Operand weight) const {
  for (const Run& run : runs_) {
    for (const Stack& stack : run.stacks) {
      if (stack.weight == weight) return device_entries() + stack.first_entry;
    }
  }
  return nullptr;
}

void ExpertTables::bind(std::size_t run, std::uint32_t expert, const std::byte* address) {
  Run& bound = runs_.at(run);
  for (const Stack& stack : bound.stacks) {
    const std::byte*& entry = mirror_[stack.first_entry + expert];
    const std::byte* now = address == nullptr ? nullptr : address + stack.block_offset;
    bound.is_changed = bound.is_changed || entry != now;
    entry = now;
  }
}

Status ExpertTables::upload(std::size_t run, hal::Stream& stream) {
  Run& changed = runs_.at(run);
  if (!changed.is_changed) return {};
  BLUE_TRY(device_.copy_to_device(
      reinterpret_cast<std::byte*>(device_entries() + changed.first_entry),
      reinterpret_cast<const std::byte*>(mirror_.data() + changed.first_entry),
      {changed.n_entries * sizeof(std::byte*)}, stream));
  changed.is_changed = false;
  return {};
}

}  // namespace blue::models
