// TextCodec: what the tokenizer worker encodes and decodes with: vocabularies by model path. Behind
// it stands the model registry.
// Depends on base. Threads: as the implementation says; the worker's alone here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"

namespace blue::actors {

class TextCodec {
 public:
  virtual ~TextCodec() = default;
  /// Ids of the text alone, special tokens taken as text. Errors: those of opening the model;
  /// unsupported_tokenizer.
  [[nodiscard]] virtual Result<std::vector<TokenId>> encode(const std::string& model,
                                                            std::string_view text) const = 0;
  [[nodiscard]] virtual Result<std::string> decode(const std::string& model,
                                                   std::span<const TokenId> ids) const = 0;
};

}  // namespace blue::actors
