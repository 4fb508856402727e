// Commands about single models.
#include <algorithm>

#include "apps/io/output.h"
#include "apps/shell/commands.h"

namespace blue::shell {

Status load(Session& session, const std::string& path) {
  BLUE_TRY_ASSIGN(const auto model, session.runtime.load_model(path));
  session.generate_stage().model = path;
  if (std::find(session.models.begin(), session.models.end(), path) == session.models.end()) {
    session.models.push_back(path);
  }
  const models::HyperParameters& shape = model->program.hyper;
  io::print_linef("%s: %s, %u layers, d_model %u, vocabulary of %u", path.c_str(),
                  shape.architecture.c_str(), shape.n_layers, shape.d_model, shape.n_vocab);
  return {};
}

Status unload(Session& session, const std::string& path) {
  BLUE_TRY(session.runtime.unload_model(path));
  std::erase(session.models, path);
  if (session.generate_stage().model == path) session.generate_stage().model.clear();
  std::printf("%s: unloaded\n", path.c_str());
  return {};
}

Status generate(Session& session, const std::string& text) {
  const actors::StageSpec& stage = session.generate_stage();
  if (stage.model.empty())
    return Error(ShellError::bad_command, "no model is loaded; load FILE first");
  runtime::GenerateRequest request;
  request.model = stage.model;
  request.prompt = text;
  request.max_tokens = stage.max_tokens;
  request.sampling = stage.sampling;
  BLUE_TRY_ASSIGN(runtime::Run run, session.runtime.generate(request));
  return follow(session, run);
}

Status show_models(Session& session, const std::string&) {
  for (const std::string& path : session.models) {
    io::print_linef("%s %s", path == session.generate_stage().model ? "*" : " ", path.c_str());
  }
  if (const actors::CascadeSpec* cascade = session.current_cascade()) {
    for (const actors::StageSpec& stage : cascade->stages) {
      io::print_linef("  %s (stage %s of %s)", stage.model.c_str(), stage.name.c_str(),
                      cascade->name.c_str());
    }
  } else if (session.models.empty()) {
    io::print_linef("none loaded; load FILE");
  }
  return {};
}

}  // namespace blue::shell
