// A tiny model that never ends by itself, with random weights and a context that takes long
// prompts. It has no chat template: its tokens are bytes, and text is read as it is. Depends on
// tests/support/models. Header only. Pure but for the file.
#pragma once

#include <string>

#include "tests/support/models/tiny_model.h"
#include "tests/support/models/vocabularies.h"
#include "tests/support/scratch_folder.h"

namespace blue::test {

/// The path of the file, in `scratch`. Context: 65536 tokens.
inline std::string write_endless_model(const ScratchFolder& scratch) {
  models::testing::TinyShape shape;
  shape.n_vocab = 264;
  shape.n_context = 1 << 16;
  shape.keys = [](models::testing::GgufWriter& file) {
    models::testing::add_byte_level_keys(file, "gpt-2");
  };
  return scratch.write("endless.gguf", models::testing::TinyModelWriter(shape).write());
}

}  // namespace blue::test
