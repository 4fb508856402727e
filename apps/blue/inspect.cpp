// `blue inspect`: the contents of a GGUF file, and whether this build can run it.
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/blue/command.h"
#include "apps/io/output.h"
#include "base/printable.h"
#include "models/arch.h"
#include "models/gguf/gguf_file.h"
#include "models/gguf/tensor_type.h"

namespace blue::apps {

namespace {

using nlohmann::ordered_json;

std::string type_name(std::uint32_t type) { return models::tensor_type_text(type); }

std::vector<std::uint64_t> dims_of(const models::TensorInfo& tensor) {
  return {tensor.dims.begin(), tensor.dims.begin() + tensor.n_dims};
}

ordered_json describe(const models::GgufFile& file) {
  ordered_json document;
  document["file"] = file.path();
  document["version"] = file.version();
  document["size"] = file.file_size();
  document["parts"] = ordered_json::array();
  for (const models::GgufPart& part : file.parts())
    document["parts"].push_back({{"file", part.path}, {"size", part.size}});
  document["alignment"] = file.alignment();
  document["keys"] = ordered_json::array();
  for (const models::KeyDescription& key : file.describe_keys()) {
    document["keys"].push_back({{"key", key.key}, {"type", key.type}, {"value", key.value}});
  }
  document["tensors"] = ordered_json::array();
  for (const models::TensorInfo& tensor : file.tensors()) {
    document["tensors"].push_back({{"name", tensor.name},
                                   {"dims", dims_of(tensor)},
                                   {"format", type_name(tensor.type)},
                                   {"part", tensor.file},
                                   {"offset", tensor.file_offset},
                                   {"size", tensor.size}});
  }
  const auto program = models::compile_program(file);
  if (program) {
    document["program"] = {{"runs", true},
                           {"architecture", program->hyper.architecture},
                           {"n_ops", program->ops.size()},
                           {"n_blocks", program->blocks.size()},
                           {"weight_bytes", models::weight_bytes(*program).count}};
  } else {
    document["program"] = {{"runs", false}, {"why", program.error().message()}};
  }
  return document;
}

/// A name or value of the file, on one line; a long one is cut.
std::string shown(const ordered_json& text) {
  constexpr std::size_t kMaxBytes = 240;
  return printable_line(text.get_ref<const std::string&>(), kMaxBytes);
}

void print_text(const ordered_json& document) {
  io::print_linef("%s: GGUF v%u, %s, alignment %llu", shown(document["file"]).c_str(),
                  document["version"].get<unsigned>(),
                  to_text(Bytes{document["size"].get<std::uint64_t>()}).c_str(),
                  document["alignment"].get<unsigned long long>());
  const bool is_split = document["parts"].size() > 1;
  if (is_split) {
    for (const auto& part : document["parts"]) {
      io::print_linef("  part %s, %s", shown(part["file"]).c_str(),
                      to_text(Bytes{part["size"].get<std::uint64_t>()}).c_str());
    }
  }
  for (const auto& key : document["keys"]) {
    io::print_linef("  %-44s %-16s %s", shown(key["key"]).c_str(), shown(key["type"]).c_str(),
                    shown(key["value"]).c_str());
  }
  for (const auto& tensor : document["tensors"]) {
    const std::string part =
        is_split ? " in part " + std::to_string(tensor["part"].get<std::uint32_t>() + 1) : "";
    io::print_linef("  %-44s %-16s %s at %llu%s, %s", shown(tensor["name"]).c_str(),
                    shown(tensor["format"]).c_str(), tensor["dims"].dump().c_str(),
                    tensor["offset"].get<unsigned long long>(), part.c_str(),
                    to_text(Bytes{tensor["size"].get<std::uint64_t>()}).c_str());
  }
  const auto& program = document["program"];
  if (program["runs"].get<bool>()) {
    io::print_linef("runs here: %s, %zu ops, %zu blocks, %s of weights",
                    shown(program["architecture"]).c_str(), program["n_ops"].get<std::size_t>(),
                    program["n_blocks"].get<std::size_t>(),
                    to_text(Bytes{program["weight_bytes"].get<std::uint64_t>()}).c_str());
  } else {
    io::print_linef("does not run here: %s", shown(program["why"]).c_str());
  }
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("inspect", "Show the keys and tensors of a GGUF file");
  auto path = std::make_shared<std::string>();
  auto is_json = std::make_shared<bool>(false);
  command->add_option("file", *path, "GGUF file")->required();
  command->add_flag("--json", *is_json, "One JSON object");
  command->callback([&action, path, is_json] {
    action = [path, is_json] {
      const auto file = models::GgufFile::open(*path);
      if (!file) return tell(file.error());
      const ordered_json document = describe(*file);
      if (*is_json) {
        io::print_text(document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
      } else {
        print_text(document);
      }
      return kExitDone;
    };
  });
}

}  // namespace blue::apps
