#include "messages/trace_scope.h"

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

#include "messages/rings.h"

namespace blue::messages {
namespace {

std::vector<TraceSpan> drained(TraceHub& hub) {
  std::vector<TraceSpan> spans;
  hub.drain(spans);
  return spans;
}

}  // namespace

TEST_CASE("what is sent inside a handler is a child of the handled message's span") {
  TraceHub hub(16);
  TraceScope scope(hub, "stage.code", "stage");
  const TraceContext incoming = child_of({});
  TraceContext sent;
  {
    const TraceScope::Handling handling(scope, incoming, "run_stage");
    sent = scope.next();
  }
  CHECK(sent.trace_low == incoming.trace_low);
  CHECK(sent.trace_high == incoming.trace_high);
  CHECK(sent.parent == incoming.span);
  CHECK_FALSE(scope.running().is_stamped());
  const auto spans = drained(hub);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].context.span == incoming.span);
  CHECK(spans[0].begin_ns >= incoming.sent_ns);
  CHECK(spans[0].end_ns >= spans[0].begin_ns);
}

TEST_CASE("a handler that throws leaves its span all the same") {
  TraceHub hub(16);
  TraceScope scope(hub, "a", "a");
  const auto handle = [&] {
    const TraceScope::Handling handling(scope, child_of({}), "run_stage");
    throw std::runtime_error("handler");
  };
  CHECK_THROWS_AS(handle(), std::runtime_error);
  CHECK(drained(hub).size() == 1);
}

TEST_CASE("a part of a handler hangs under it, and what is sent meanwhile under the part") {
  TraceHub hub(16);
  TraceScope scope(hub, "dma", "dma_engine");
  const TraceContext incoming = child_of({});
  TraceContext sent;
  {
    const TraceScope::Handling handling(scope, incoming, "move");
    {
      const TraceScope::Handling part(scope, "part");
      sent = scope.next();
    }
    CHECK(scope.running().span == incoming.span);
  }
  const auto spans = drained(hub);
  REQUIRE(spans.size() == 2);
  CHECK(std::string_view(spans[0].name) == "part");
  CHECK(spans[0].context.parent == incoming.span);
  CHECK(spans[0].context.trace_low == incoming.trace_low);
  CHECK(sent.parent == spans[0].context.span);
}

TEST_CASE("a copy's span hangs under the message that ordered it and is as long as the copy") {
  TraceHub hub(16);
  TraceScope scope(hub, "dma", "dma_engine");
  const TraceContext order = child_of({});
  scope.add_copy(order, 5000, 4096, "vram");
  const auto spans = drained(hub);
  REQUIRE(spans.size() == 1);
  CHECK(std::string_view(spans[0].name) == "copy");
  CHECK(spans[0].context.parent == order.span);
  CHECK(spans[0].end_ns - spans[0].begin_ns == 5000);
  CHECK(spans[0].n_bytes == 4096);
  CHECK(std::string_view(spans[0].tier) == "vram");
}

TEST_CASE("with tracing off nothing is stamped and no span is left") {
  TraceHub hub(0);
  TraceScope scope(hub, "a", "a");
  {
    const TraceScope::Handling handling(scope, child_of({}), "run_stage");
    CHECK_FALSE(scope.next().is_stamped());
  }
  CHECK(drained(hub).empty());
}

TEST_CASE(
    "draining a ring leaves one span for the batch under the first record's trace, and none for an "
    "empty "
    "ring") {
  TraceHub hub(16);
  TraceScope scope(hub, "entropy", "entropy_monitor");
  SampleRing ring(8);
  CHECK(drain_traced(scope, ring, "token_samples", [](const TokenSample&) {}) == 0);
  CHECK(drained(hub).empty());
  TokenSample first;
  first.trace = child_of({});
  ring.push(first);
  ring.push(TokenSample{});
  std::size_t n_seen = 0;
  CHECK(drain_traced(scope, ring, "token_samples", [&](const TokenSample&) { ++n_seen; }) == 2);
  CHECK(n_seen == 2);
  const auto spans = drained(hub);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].context.span == first.trace.span);
}

}  // namespace blue::messages
