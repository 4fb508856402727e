// `blue doctor`: boots the machine phase by phase and says what was granted, denied or absent, and
// what to do.
#include <filesystem>
#include <memory>

#include "apps/blue/command.h"
#include "apps/blue/doctor.h"
#include "apps/io/output.h"
#include "hal/boot.h"
#include "kernels/backend.h"
#include "runtime/runtime.h"

namespace blue::apps {

namespace {

struct DoctorOptions {
  bool is_json = false;
  std::string device = "auto";
  unsigned milliseconds = 600;
};

/// What the backends find; the reference backend computes on the same CPU and is no device of its
/// own.
void probe_devices(hal::BootRequest& request) {
  for (const kernels::BackendEntry* entry : kernels::registered_backends()) {
    if (entry->preference == 0) continue;
    const std::vector<hal::DeviceInfo> found = entry->probe();
    request.devices.insert(request.devices.end(), found.begin(), found.end());
    if (found.empty()) {
      request.device_notes.push_back(
          {.name = std::string(entry->name) + " backend",
           .outcome = hal::Outcome::absent,
           .detail = "no device of its kind answers",
           .remedy = "see that the driver is installed and the device is given to this machine"});
    }
  }
}

/// Phase 6: the actors are started on their cores and say so.
hal::BootItem hand_over(const DoctorOptions& options, LogSink& log) {
  runtime::RuntimeOptions how;
  how.device = options.device;
  auto runtime = runtime::Runtime::start(how, log);
  if (!runtime) {
    return {.name = "actors",
            .outcome = hal::Outcome::denied,
            .detail = runtime.error().message(),
            .remedy = ""};
  }
  std::string detail = std::to_string((*runtime)->actors().size()) + " actors started; device " +
                       (*runtime)->device_choice();
  (*runtime)->shutdown();
  return {.name = "actors",
          .outcome = hal::Outcome::granted,
          .detail = std::move(detail),
          .remedy = ""};
}

Result<int> examine(const DoctorOptions& options) {
  io::MessageLog log(LogLevel::info);
  hal::BootRequest request;
  probe_devices(request);
  request.measure_budget_ns = Nanoseconds{options.milliseconds} * 1'000'000;
  request.page_locked = 16_MiB;
  request.disk_path = std::filesystem::temp_directory_path().string();
  request.scratch_size = 64_MiB;
  BLUE_TRY_ASSIGN(hal::BootedMachine machine, hal::boot(request, log));
  machine.report().phase(hal::BootStep::hand_over).items.push_back(hand_over(options, log));
  io::print_text(options.is_json ? doctor_json(machine.report()) : doctor_text(machine.report()));
  return kExitDone;
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "doctor", "Examine the machine: what it has, what it grants, what it reaches");
  auto options = std::make_shared<DoctorOptions>();
  command->add_flag("--json", options->is_json, "One JSON object");
  command
      ->add_option("--measure-ms", options->milliseconds,
                   "Time for measuring the tiers, milliseconds")
      ->check(CLI::Range(0, 60000))
      ->capture_default_str();
  add_device_option(*command, options->device);
  command->callback([&action, options] {
    action = [options] {
      const Result<int> status = examine(*options);
      return status ? *status : tell(status.error());
    };
  });
}

}  // namespace blue::apps
