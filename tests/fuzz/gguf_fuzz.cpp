// Fuzzes the GGUF reader: parses the bytes as a whole file, touches everything it offers, compiles
// the program of its architecture, builds the tokenizer in it and encodes a little with it.
// Allocation: run with -malloc_limit_mb; see GgufFile::kAllocationFactor.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "models/arch.h"
#include "models/chat/chat_template.h"
#include "models/gguf/gguf_file.h"
#include "text/tokenizer/tokenizer.h"

namespace {

using namespace blue;
using namespace blue::models;

void touch_keys(const GgufFile& file) {
  for (const KeyDescription& key : file.describe_keys()) {
    (void)file.unsigned_value(key.key);
    (void)file.number(key.key);
    (void)file.flag(key.key);
    (void)file.text(key.key);
    (void)file.texts(key.key);
    (void)file.numbers(key.key);
    (void)file.integers(key.key);
    (void)file.require_texts(key.key);
    BLUE_CHECK(file.has(key.key));
  }
}

void touch_tensors(const GgufFile& file) {
  for (const TensorInfo& tensor : file.tensors()) {
    BLUE_CHECK(file.find_tensor(tensor.name) == &tensor);
    BLUE_CHECK(tensor.size <= file.file_size() &&
               tensor.file_offset <= file.file_size() - tensor.size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ConstByteSpan bytes = std::as_bytes(std::span(data, size));
  const Result<GgufFile> file = GgufFile::parse(bytes, size, "fuzz.gguf");
  // The header of a longer file: it must be refused or read, never run past what is there.
  (void)GgufFile::parse(bytes.first(size / 2), size, "fuzz.gguf");
  if (!file) return 0;
  touch_keys(*file);
  touch_tensors(*file);
  (void)compile_program(*file).ok();
  if (const auto jinja = file->text("tokenizer.chat_template")) (void)ChatTemplate::parse(*jinja);
  const auto tokenizer = text::Tokenizer::from_metadata(*file);
  if (!tokenizer) return 0;
  const auto ids =
      (*tokenizer)->encode("Hello w\xc3\xb6rld <|end|> 12 \xff", text::SpecialTokens::parse);
  BLUE_CHECK(ids.ok());
  for (const TokenId token : *ids) BLUE_CHECK((*tokenizer)->vocabulary().contains(token));
  (void)(*tokenizer)->decode(*ids);
  return 0;
}
