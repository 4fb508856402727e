#include "apps/blue/command.h"

#include <cstdio>
#include <map>

namespace blue::apps {

int tell(const Error& error) {
  std::fprintf(stderr, "blue: %s\n", error.message().c_str());
  return exit_status(error.kind());
}

void add_device_option(CLI::App& command, std::string& device) {
  command.add_option("--device,--backend", device, "cpu, cuda:0, reference, or auto")
      ->capture_default_str();
}

void add_kv_option(CLI::App& command, kernels::KvType& type) {
  const std::map<std::string, kernels::KvType> types = {{"f32", kernels::KvType::f32},
                                                        {"f16", kernels::KvType::f16},
                                                        {"q8_0", kernels::KvType::q8_0}};
  command.add_option("--kv", type, "What the KV cache holds: f32, f16 or q8_0")
      ->transform(CLI::CheckedTransformer(types))
      ->default_str("f32");
}

void add_pre_option(CLI::App& command, models::ModelOptions& options) {
  command.add_option("--pre", options.tokenizer.pre_tokenizer,
                     "Pre-tokenizer of the vocabulary, where the file names none or a wrong one: "
                     "llama-bpe, qwen2, gpt-2, ...");
}

void tell_notes(const models::Model& model) {
  for (const std::string& note : model.program.notes)
    std::fprintf(stderr, "blue: %s: %s\n", model.path.c_str(), note.c_str());
}

}  // namespace blue::apps
