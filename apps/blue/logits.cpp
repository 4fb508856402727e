// `blue logits`: writes the logits of every position of a sequence of ids, as float32 rows.
#include <memory>
#include <numeric>

#include "apps/blue/command.h"
#include "apps/blue/inline_resources.h"
#include "apps/io/output.h"
#include "apps/io/text_file.h"
#include "apps/io/token_file.h"
#include "apps/options/resource_options.h"
#include "models/inline_model.h"

namespace blue::apps {

namespace {

struct LogitsOptions {
  std::string model;
  std::string tokens;
  std::string out;
  std::string device = "auto";
  actors::ResourceOptions resources;
  kernels::KvType kv_type = kernels::KvType::f32;
  bool is_quiet = false;
};

Status write_logits(const LogitsOptions& options) {
  BLUE_TRY_ASSIGN(const std::vector<TokenId> ids, io::read_token_ids(options.tokens));
  io::MessageLog log(options.is_quiet ? LogLevel::warning : LogLevel::info);
  models::InlineModelOptions load;
  load.log = &log;
  load.backend = options.device;
  load.kv_type = options.kv_type;
  load.vram = options.resources.vram;
  load.ram = options.resources.ram;
  BLUE_TRY_ASSIGN(load.worker_cores, choose_cpus(options.device, options.resources, log));
  BLUE_TRY(pin_caller(load.worker_cores));
  load.max_context = static_cast<std::uint32_t>(ids.size());
  BLUE_TRY_ASSIGN(const std::unique_ptr<models::InlineModel> model,
                  models::InlineModel::load(options.model, load));
  if (!options.is_quiet)
    io::message("device " + granted_text(*model, options.resources, load.worker_cores.size()));
  tell_notes(model->model());
  if (ids.size() > model->model().program.hyper.n_context) {
    return Error(AppsError::bad_file, options.tokens + ": " + std::to_string(ids.size()) +
                                          " ids, the model's context holds " +
                                          std::to_string(model->model().program.hyper.n_context));
  }
  models::Executor& executor = model->executor();
  BLUE_TRY(executor.reserve(0, static_cast<std::uint32_t>(ids.size())));
  std::string bytes;
  for (std::size_t done = 0; done < ids.size(); done += executor.limits().max_step_tokens) {
    const std::size_t n =
        std::min<std::size_t>(executor.limits().max_step_tokens, ids.size() - done);
    std::vector<std::int32_t> positions(n);
    std::vector<std::int32_t> rows(n);
    const std::vector<std::int32_t> sequences(n, 0);
    std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(done));
    std::iota(rows.begin(), rows.end(), 0);
    BLUE_TRY_ASSIGN(
        const std::span<const float> logits,
        executor.step({std::span(ids).subspan(done, n), positions, sequences, rows}, StopToken()));
    bytes.append(reinterpret_cast<const char*>(logits.data()), logits.size_bytes());
  }
  return io::write_file(options.out, bytes);
}

}  // namespace

void add_logits(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("logits", "Write float32 logits [n_tokens, n_vocab] of given token ids");
  auto options = std::make_shared<LogitsOptions>();
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  command->add_option("--tokens", options->tokens, "File of whitespace-separated token ids")
      ->required();
  command->add_option("-o,--out", options->out, "File to write")->required();
  add_device_option(*command, options->device);
  add_resource_options(*command, options->resources);
  add_kv_option(*command, options->kv_type);
  add_quiet_option(*command, options->is_quiet);
  command->callback([&action, options] {
    action = [options] {
      const Status status = write_logits(*options);
      return status ? kExitDone : tell(status.error());
    };
  });
}

}  // namespace blue::apps
