// The conversation with the tokenizer worker: text to ids and back, off the stages' cores.
// Depends on base. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"
#include "messages/ids.h"
#include "messages/message.h"

namespace blue::messages {

/// anyone -> tokenizer worker, answered by encoded_text: ids of the text alone, special tokens
/// taken as text.
struct EncodeText {
  static constexpr const char* type_name = "encode_text";
  TraceContext trace;
  std::string model;  ///< path
  std::string text;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, model, text);
  }
};

/// tokenizer worker -> who asked.
struct EncodedText {
  static constexpr const char* type_name = "encoded_text";
  TraceContext trace;
  std::vector<TokenId> ids;
  std::string error;  ///< one line; empty when encoded

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, ids, error);
  }
};

/// anyone -> tokenizer worker, answered by decoded_text.
struct DecodeTokens {
  static constexpr const char* type_name = "decode_tokens";
  TraceContext trace;
  std::string model;  ///< path
  std::vector<TokenId> ids;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, model, ids);
  }
};

/// tokenizer worker -> who asked.
struct DecodedText {
  static constexpr const char* type_name = "decoded_text";
  TraceContext trace;
  std::string text;
  std::string error;  ///< one line; empty when decoded

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, text, error);
  }
};

}  // namespace blue::messages
