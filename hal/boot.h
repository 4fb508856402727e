// The boot of the machine in six phases: look, devices, reserve, tune, readers and rates, hand
// over. It never fails for lack of privilege: a refusal becomes an item of the report, with the
// remedy.
// Depends on the rest of hal. Threads: boot(), end_caller_tuning() and ~BootedMachine() on one
// thread, the one that starts the actors; everything else any thread.
// Lifetime: a BootedMachine outlives what draws on its budget and the actors.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log_sink.h"
#include "base/result.h"
#include "hal/boot_report.h"
#include "hal/device.h"
#include "hal/file_reader.h"
#include "hal/memory_budget.h"
#include "hal/sysfs.h"
#include "hal/topology.h"

namespace blue::hal {

/// For `blue doctor` only: PCIe, and the rates of memory, processor and drive.
struct Survey {
  Nanoseconds measure_ns = 20'000'000;  ///< for all rates together; 0 measures none
  std::string disk_path;  ///< a file to measure the drive with, or a folder; empty: none
  Bytes scratch_size;     ///< of a file made to measure in a folder, past measure_ns; 0 makes none
};

struct BootRequest {
  /// Devices that the caller's backends found, the CPU among them; hal has no GPU SDK.
  std::vector<DeviceInfo> devices;
  /// Further items of their report ("cuda: absent, built without it").
  std::vector<BootItem> device_notes;
  Bytes memory_budget;           ///< of host memory; 0 takes three quarters of what is available
  int niceness = -5;             ///< of the threads that the caller starts; 0 asks for nothing
  unsigned queue_depth = 64;     ///< reads under way per file reader
  std::optional<Survey> survey;  ///< nothing: phases 2 and 5 do only what a run needs
  SystemRoots roots;             ///< of sysfs and procfs for everything but the topology
};

class BootedMachine {
 public:
  BootedMachine(BootedMachine&&) noexcept;
  BootedMachine& operator=(BootedMachine&&) = delete;
  ~BootedMachine();

  [[nodiscard]] const Topology& topology() const;
  /// Of host memory: tier 0 of a CPU device, tier 1 and staging beside a GPU. Its address stays
  /// when the machine is moved.
  [[nodiscard]] MemoryBudget& budget();
  /// A reader of the kind that works here, for the calling thread.
  [[nodiscard]] Result<std::unique_ptr<FileReader>> open_reader() const;
  /// Puts the calling thread's priority back; threads started since boot() keep the raised one.
  void end_caller_tuning();

  /// Phases 1 to 5 as they went; the caller adds phase 6.
  [[nodiscard]] BootReport& report();

 private:
  friend class BootSequence;
  struct State;
  explicit BootedMachine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Takes a few milliseconds, and about Survey::measure_ns where rates are measured.
/// Errors: absent when the machine shows no processor or no memory.
Result<BootedMachine> boot(const BootRequest& request, LogSink& log);

}  // namespace blue::hal
