#include "apps/tracing/trace_report.h"

#include <catch2/catch_test_macros.hpp>

namespace blue::tracing {
namespace {

TraceDump two_actors() {
  TraceDump dump;
  dump.n_dropped = 3;
  dump.spans = {{{1, 2, 10, 0, 1000}, 2000, 9000, "run", "cascade", "cascade"},
                {{1, 2, 0xfedcba9876543210, 10, 4000},
                 6500,
                 8000,
                 "run_stage \"x\"\n",
                 "stage.code",
                 "stage"},
                {{1, 2, 12, 10, 5000}, 5500, 5600, "run_stage \"x\"\n", "stage.code", "stage"}};
  return dump;
}

TEST_CASE("a trace file gives back the spans that went in") {
  const TraceDump before = two_actors();
  const auto after = parse_chrome_json(to_chrome_json(before), "t.json");
  REQUIRE(after.ok());
  CHECK(after->n_dropped == 3);
  REQUIRE(after->spans.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const SpanRow& was = before.spans[i];
    const SpanRow& is = after->spans[i];
    CHECK(is.context.trace_high == 1);
    CHECK(is.context.span == was.context.span);
    CHECK(is.context.parent == was.context.parent);
    CHECK(is.begin_ns - is.context.sent_ns == was.begin_ns - was.context.sent_ns);
    CHECK(is.end_ns - is.begin_ns == was.end_ns - was.begin_ns);
    CHECK(is.message == was.message);
    CHECK(is.actor == was.actor);
    CHECK(is.actor_kind == was.actor_kind);
  }
}

TEST_CASE("the JSON has a track per actor and a flow per message between known spans") {
  const std::string json = to_chrome_json(two_actors());
  const auto count = [&](const std::string& what) {
    std::size_t n = 0;
    for (std::size_t at = json.find(what); at != std::string::npos; at = json.find(what, at + 1))
      ++n;
    return n;
  };
  CHECK(count("\"thread_name\"") == 2);
  CHECK(count("\"ph\":\"X\"") == 3);
  CHECK(count("\"ph\":\"s\"") == 2);
  CHECK(count("\"ph\":\"f\"") == 2);
}

TEST_CASE("the summary counts by message type") {
  const auto summary = summarise(two_actors());
  REQUIRE(summary.size() == 2);
  CHECK(summary[0].message == "run");
  CHECK(summary[0].queue_median_us == 1.0);
  CHECK(summary[0].run_median_us == 7.0);
  CHECK(summary[1].count == 2);
  CHECK(summary[1].queue_p99_us == 2.5);
  CHECK(summary_table(two_actors()).find("3 spans of 2 actors of 2 kinds, 3 dropped") !=
        std::string::npos);
}

TEST_CASE("copies are summed by tier, with their rate, also when they come from a file") {
  TraceDump dump;
  dump.spans = {{{1, 2, 10, 0, 0}, 0, 1000, "copy", "dma", "dma_engine", 4000, "vram"},
                {{1, 2, 11, 0, 0}, 1000, 4000, "copy", "dma", "dma_engine", 4000, "vram"},
                {{1, 2, 12, 0, 0}, 0, 500, "copy", "dma", "dma_engine", 1000, "ram"},
                {{1, 2, 13, 0, 0}, 0, 500, "move", "dma", "dma_engine"}};
  const auto read = parse_chrome_json(to_chrome_json(dump), "t.json");
  REQUIRE(read.ok());
  const auto copies = summarise_copies(*read);
  REQUIRE(copies.size() == 2);
  CHECK(copies[0].tier == "ram");
  CHECK(copies[0].gb_per_s == 2.0);
  CHECK(copies[1].tier == "vram");
  CHECK(copies[1].count == 2);
  CHECK(copies[1].n_bytes == 8000);
  CHECK(copies[1].gb_per_s == 2.0);
  CHECK(copies[1].slowest_gb_per_s == 4000.0 / 3000.0);
  CHECK(summary_table(*read).find("2.00 GB/s, slowest 1.33 GB/s") != std::string::npos);
}

TEST_CASE("what is no trace is refused by name") {
  for (const char* bad :
       {"", "[]", "{}", "{\"traceEvents\":3}", "{\"traceEvents\":[{\"ph\":\"X\"}]}",
        "{\"traceEvents\":[{\"ph\":\"X\",\"args\":{\"trace\":1}}]}"}) {
    INFO(bad);
    const auto parsed = parse_chrome_json(bad, "bad.json");
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().message().find("bad.json") == 0);
  }
}

}  // namespace
}  // namespace blue::tracing
