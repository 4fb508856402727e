// `blue index`: the checksums of a model's weights, in a file beside it.
#include <memory>
#include <string>

#include "apps/blue/command.h"
#include "apps/io/output.h"
#include "models/model_index.h"

namespace blue::apps {

namespace {

/// Progress on stderr: redrawn on a terminal, nothing otherwise.
void show_progress(Bytes read, Bytes total) {
  if (!io::has_cursor(2)) return;
  io::draw_progress(read == total ? std::string() : to_text(read) + " of " + to_text(total));
}

struct StderrLog final : LogSink {
  void write(LogLevel, std::string_view line) override { io::message(std::string(line)); }
};

Status index_model(const std::string& path) {
  StderrLog log;
  BLUE_TRY_ASSIGN(const std::shared_ptr<const models::Model> model, models::open_model(path));
  const Nanoseconds begin = monotonic_now_ns();
  Bytes all;
  BLUE_TRY_ASSIGN(const memory::ChecksumIndex index, models::make_index(
                                                         *model,
                                                         [&](Bytes read, Bytes total) {
                                                           all = total;
                                                           show_progress(read, total);
                                                         },
                                                         log));
  const double seconds = static_cast<double>(monotonic_now_ns() - begin) * 1e-9;
  BLUE_TRY_ASSIGN(const std::string written, models::write_index(*model, index));
  if (written != models::index_paths(*model).front())
    io::messagef("the folder of %s cannot be written; the index is in the cache folder",
                 path.c_str());
  io::messagef("%s: checksums of %s in %zu extents, in %.1f s (%.0f MB/s)", written.c_str(),
               to_text(all).c_str(), index.extents().size(), seconds,
               static_cast<double>(all.count) * 1e-6 / std::max(seconds, 1e-9));
  return {};
}

}  // namespace

void add_index(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "index", "Write the checksums of a model's weights to FILE.blueidx, which every run checks");
  auto path = std::make_shared<std::string>();
  command->add_option("file", *path, "GGUF file")->required();
  command->callback([&action, path] {
    action = [path] {
      const Status status = index_model(*path);
      return status ? kExitDone : tell(status.error());
    };
  });
}

}  // namespace blue::apps
