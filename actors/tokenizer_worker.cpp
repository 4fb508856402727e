#include "actors/tokenizer_worker.h"

#include <utility>

namespace blue::actors {

TokenizerWorker::TokenizerWorker(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::tokenizer, "tokenizer") {}

TokenizerWorker::Behavior TokenizerWorker::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::EncodeText& order) {
        messages::EncodedText reply;
        if (runtime().options.text_codec == nullptr) {
          reply.error = "this runtime has no vocabularies";
          return reply;
        }
        auto ids = runtime().options.text_codec->encode(order.model, order.text);
        if (ids)
          reply.ids = std::move(ids).value();
        else
          reply.error = ids.error().message();
        return reply;
      }),
      on([this](const messages::DecodeTokens& order) {
        messages::DecodedText reply;
        if (runtime().options.text_codec == nullptr) {
          reply.error = "this runtime has no vocabularies";
          return reply;
        }
        auto text = runtime().options.text_codec->decode(order.model, order.ids);
        if (text)
          reply.text = std::move(text).value();
        else
          reply.error = text.error().message();
        return reply;
      }),
  };
}

}  // namespace blue::actors
