// ExpertTables: where the experts of a program lie now. A stacked weight has no single address,
// since each expert is a block of its own; its WeightView points at a table of addresses that
// kernels read. Tables lie in device memory, with a mirror on the host; what changed travels as one
// copy per layer. Depends on base, hal, models/program.h. One thread. Program and device outlive
// it. Allocates at creation only.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "hal/device.h"
#include "models/program.h"

namespace blue::models {

class ExpertTables {
 public:
  /// All addresses null. Errors: out_of_memory, device_failed.
  static Result<std::unique_ptr<ExpertTables>> create(const Program& program, hal::Device& device);

  /// The table of a stacked weight, for its WeightView; null for any other weight. Fixed for good.
  [[nodiscard]] const std::byte* const* table(kernels::Operand weight) const;

  /// Sets the address of block first_block + expert of group `run`; null: not leased. On the host
  /// only, until upload(). The copy before must have ended.
  void bind(std::size_t run, std::uint32_t expert, const std::byte* address);

  /// Enqueues the copy of the run's tables where something changed.
  [[nodiscard]] Status upload(std::size_t run, hal::Stream& stream);

 private:
  /// A weight of a run and the first of its n_experts entries.
  struct Stack {
    kernels::Operand weight = kernels::kNoOperand;
    std::size_t first_entry = 0;
    std::uint64_t block_offset = 0;
  };
  struct Run {
    std::vector<Stack> stacks;  ///< entries one behind the other
    std::size_t first_entry = 0;
    std::size_t n_entries = 0;
    bool is_changed = true;
  };

  ExpertTables(const Program& program, hal::Device& device);
  [[nodiscard]] Status allocate();
  [[nodiscard]] const std::byte** device_entries() const;

  hal::Device& device_;
  std::vector<Run> runs_;
  std::vector<const std::byte*> mirror_;
  std::unique_ptr<hal::HostRegistration> lock_;
  std::unique_ptr<hal::Arena> arena_;
};

}  // namespace blue::models
