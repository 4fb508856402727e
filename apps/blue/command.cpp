#include "apps/blue/command.h"

#include <cstdio>

namespace blue::apps {

int tell(const Error& error) {
  std::fprintf(stderr, "blue: %s\n", error.message().c_str());
  return exit_status(error.kind());
}

void add_device_option(CLI::App& command, std::string& device) {
  command.add_option("--device,--backend", device, "cpu, cuda:0, reference, or auto")->capture_default_str();
}

}  // namespace blue::apps
