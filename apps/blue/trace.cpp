// `blue trace`: summarises a trace file. Also writes the file of --trace.
#include <memory>

#include "apps/blue/command.h"
#include "apps/io/output.h"
#include "apps/io/text_file.h"
#include "apps/tracing/trace_report.h"
#include "runtime/runtime.h"

namespace blue::apps {

namespace {

Status summarise_file(const std::string& path) {
  BLUE_TRY_ASSIGN(const std::string json, io::read_file(path));
  BLUE_TRY_ASSIGN(const actors::TraceDump dump, tracing::parse_chrome_json(json, path));
  io::print_text(tracing::summary_table(dump));
  return {};
}

}  // namespace

void add_trace_option(CLI::App& command, std::string& path) {
  command.add_option(
      "--trace", path,
      "Write a Chrome trace (ui.perfetto.dev): a span for every message, step, wait for "
      "a block and copy");
}

Status write_trace(runtime::Runtime& runtime, const std::string& path) {
  const actors::TraceDump dump = runtime.traces();
  BLUE_TRY(io::write_file(path, tracing::to_chrome_json(dump)));
  io::messagef("%zu spans in %s, %llu dropped", dump.spans.size(), path.c_str(),
               static_cast<unsigned long long>(dump.n_dropped));
  return {};
}

void add_trace(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "trace",
      "Summarise a trace that --trace FILE of run, resume, generate or chat has written (the file "
      "opens in ui.perfetto.dev)");
  auto path = std::make_shared<std::string>();
  command->add_option("file", *path, "Trace file (Chrome JSON)")->required();
  command->callback([&action, path] {
    action = [path] {
      const Status status = summarise_file(*path);
      return status ? kExitDone : tell(status.error());
    };
  });
}

}  // namespace blue::apps
