// RingLink: the StageLink of a stage in this process: its channel's rings and atomics, and the KV
// cache store.
// Depends on the policies of actors/. Threads: its stage's. Channel, store and trace outlive it.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "actors/stage/kv_cache_store.h"
#include "actors/stage/stage_channel.h"
#include "actors/stage/stage_link.h"

namespace blue::actors {

class RingLink final : public StageLink {
 public:
  RingLink(StageChannel& channel, KvCacheStore& kv, messages::TraceScope& trace)
      : channel_(channel), kv_(kv), trace_(trace) {}

  [[nodiscard]] std::optional<StopToken> begin_job(messages::JobNumber job) override {
    return channel_.begin_job(job);
  }
  void end_job() override { channel_.end_job(); }
  [[nodiscard]] messages::PreemptReason last_reason() const override {
    return channel_.last_reason();
  }
  void beat() override { channel_.heartbeat.fetch_add(1, std::memory_order_relaxed); }

  void send_sample(const messages::TokenSample& sample) override { channel_.samples.push(sample); }
  [[nodiscard]] bool send_text(const messages::TextRecord& record) override {
    return channel_.text.push(record);
  }
  void send_miss(const messages::MissRecord& miss) override { channel_.misses.push(miss); }

  [[nodiscard]] messages::TraceScope& trace() override { return trace_; }

  [[nodiscard]] messages::SnapshotNumber give_kv(KvSnapshot snapshot) override {
    return kv_.hand_over(std::make_shared<const KvSnapshot>(std::move(snapshot)));
  }
  [[nodiscard]] std::shared_ptr<const KvSnapshot> take_kv(
      messages::SnapshotNumber number) override {
    return kv_.take(number);
  }

 private:
  StageChannel& channel_;
  KvCacheStore& kv_;
  messages::TraceScope& trace_;
};

}  // namespace blue::actors
