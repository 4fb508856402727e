#include "apps/options/resource_options.h"

#include <CLI/CLI.hpp>
#include <string>

namespace blue::apps {
namespace {

/// An option whose text `parse` turns into `value`.
template <class Value, class Parse>
CLI::Option* add_parsed(CLI::App& command, const std::string& names, Value& value, Parse parse,
                        const std::string& help) {
  return command.add_option_function<std::string>(
      names,
      [&value, parse, names](const std::string& text) {
        auto parsed = parse(text);
        if (!parsed) throw CLI::ValidationError(names, parsed.error().message());
        value = *std::move(parsed);
      },
      help);
}

}  // namespace

void add_resource_options(CLI::App& command, actors::ResourceOptions& resources) {
  add_parsed(command, "--vram", resources.vram, parse_memory_size,
             "Tier 0: memory of the device for weights; with --device cpu an arena in RAM. "
             "8GB, 512MiB, or 60% of what the machine grants; automatic by default")
      ->type_name("SIZE");
  add_parsed(command, "--ram", resources.ram, parse_memory_size,
             "Tier 1: page-locked memory beside a GPU, as --vram; with --device cpu unused")
      ->type_name("SIZE");
  add_parsed(command, "--policy", resources.policy, actors::parse_policy,
             "What leaves a full tier first: auto, lru or lfu; auto by default")
      ->type_name("NAME");
  command
      .add_option("-t,--threads", resources.n_threads,
                  "Threads of the CPU backend, each on a core of its own; automatic by default")
      ->type_name("N")
      ->check(CLI::Range(1U, actors::kMostThreads));
}

void add_quiet_option(CLI::App& command, bool& is_quiet) {
  command.add_flag("-q,--quiet", is_quiet,
                   "On stderr only warnings and errors: no progress, no choices, no figures");
}

}  // namespace blue::apps
