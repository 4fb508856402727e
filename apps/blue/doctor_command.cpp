// `blue doctor`: starts the runtime as every program does, adds a survey of the machine, and prints
// the boot report: what was granted, denied or absent, and the remedies.
#include <filesystem>
#include <memory>

#include "apps/blue/command.h"
#include "apps/blue/doctor.h"
#include "apps/io/output.h"
#include "runtime/runtime.h"

namespace blue::apps {

namespace {

struct DoctorOptions {
  bool is_json = false;
  std::string device = "auto";
  unsigned milliseconds = 600;
};

Result<int> examine(const DoctorOptions& options) {
  io::MessageLog log(LogLevel::info);
  runtime::RuntimeOptions how;
  how.device = options.device;
  how.survey = hal::Survey{.measure_ns = Nanoseconds{options.milliseconds} * 1'000'000,
                           .disk_path = std::filesystem::temp_directory_path().string(),
                           .scratch_size = 64_MiB};
  hal::BootReport report;
  const auto runtime = runtime::Runtime::start(how, log, &report);
  // A start that the machine refuses is a line of the report; bad input is reported as usual.
  if (!runtime && runtime.error().kind() == ErrorKind::bad_input) return runtime.error();
  io::print_text(options.is_json ? doctor_json(report) : doctor_text(report));
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
                   "Time for measuring memory, processor and drive, milliseconds")
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
