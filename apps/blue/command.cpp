#include "apps/blue/command.h"

#include "apps/io/output.h"

namespace blue::apps {

int tell(const Error& error) {
  io::message(error.message());
  return exit_status(error.kind());
}

void add_device_option(CLI::App& command, std::string& device) {
  command.add_option("--device,--backend", device, "cpu, cuda:0, reference, or auto")
      ->capture_default_str();
}

void add_kv_option(CLI::App& command, kernels::KvType& type) {
  // By name: CLI11 would write the values of the enum into the help as characters.
  command
      .add_option_function<std::string>(
          "--kv",
          [&type](const std::string& name) {
            type = name == "f16"    ? kernels::KvType::f16
                   : name == "q8_0" ? kernels::KvType::q8_0
                                    : kernels::KvType::f32;
          },
          "What the KV cache holds; the logits' error is about 1e-7 of their square with f16, 1e-5 "
          "to 1e-4 with q8_0")
      ->check(CLI::IsMember({"f32", "f16", "q8_0"}))
      ->default_str(std::string(kernels::to_text(type)));
}

void add_pre_option(CLI::App& command, models::ModelOptions& options) {
  command.add_option("--pre", options.tokenizer.pre_tokenizer,
                     "Pre-tokenizer of the vocabulary, where the file names none or a wrong one: "
                     "llama-bpe, qwen2, gpt-2, ...");
}

void tell_notes(const models::Model& model) {
  for (const std::string& note : model.program.notes) io::message(model.path + ": " + note);
}

}  // namespace blue::apps
