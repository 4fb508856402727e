#include "apps/tracing/trace_report.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "actors/actors_error.h"
#include "base/printable.h"

namespace blue::tracing {

namespace {

using nlohmann::json;

// JSON numbers are doubles in most readers: 64-bit ids travel as text.
std::string hex(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

bool parse_hex(std::string_view text, std::uint64_t& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return failure == std::errc() && end == text.data() + text.size() && !text.empty();
}

double to_us(Nanoseconds ns) { return static_cast<double>(ns) / 1000.0; }
Nanoseconds to_ns(double us) {
  return static_cast<Nanoseconds>(us * 1000.0 + (us < 0 ? -0.5 : 0.5));
}

/// Track numbers by actor name, in order of first appearance.
std::map<std::string, int> number_tracks(const TraceDump& dump) {
  std::map<std::string, int> tracks;
  for (const SpanRow& span : dump.spans)
    tracks.emplace(span.actor, static_cast<int>(tracks.size()) + 1);
  return tracks;
}

json slice(const SpanRow& span, int track, Nanoseconds origin) {
  json event = {{"ph", "X"},
                {"name", span.message},
                {"cat", span.actor_kind},
                {"pid", 1},
                {"tid", track},
                {"ts", to_us(span.begin_ns - origin)},
                {"dur", to_us(span.end_ns - span.begin_ns)},
                {"args",
                 {{"trace", hex(span.context.trace_high) + hex(span.context.trace_low)},
                  {"span", hex(span.context.span)},
                  {"parent", hex(span.context.parent)},
                  {"sent_us", to_us(span.context.sent_ns - origin)},
                  {"queue_us", to_us(span.begin_ns - span.context.sent_ns)}}}};
  if (span.n_bytes > 0) {
    event["args"]["bytes"] = span.n_bytes;
    event["args"]["tier"] = span.tier;
  }
  return event;
}

json flow_end(const SpanRow& span, const char* phase, int track, Nanoseconds at,
              Nanoseconds origin) {
  json event = {{"ph", phase},
                {"name", span.message},
                {"cat", "message"},
                {"pid", 1},
                {"tid", track},
                {"ts", to_us(at - origin)},
                {"id", hex(span.context.span)}};
  if (*phase == 'f') event["bp"] = "e";
  return event;
}

double percentile(std::vector<double>& values, double fraction) {
  if (values.empty()) return 0;
  const auto rank =
      static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank),
                   values.end());
  return values[rank];
}

/// The fields of one slice; false when one is missing or of another type.
bool read_slice(const json& event, const std::map<int, std::string>& names, SpanRow& span) {
  if (!event.contains("args") || !event["args"].is_object()) return false;
  const json& args = event["args"];
  const auto text = [](const json& object, const char* key) {
    return object.contains(key) && object[key].is_string() ? object[key].get<std::string>()
                                                           : std::string();
  };
  const auto number = [](const json& object, const char* key) {
    return object.contains(key) && object[key].is_number() ? object[key].get<double>() : -1e300;
  };
  const std::string trace = text(args, "trace");
  if (trace.size() != 32 || !parse_hex(trace.substr(0, 16), span.context.trace_high) ||
      !parse_hex(trace.substr(16), span.context.trace_low) ||
      !parse_hex(text(args, "span"), span.context.span) ||
      !parse_hex(text(args, "parent"), span.context.parent)) {
    return false;
  }
  const double ts = number(event, "ts");
  const double duration = number(event, "dur");
  const double sent = number(args, "sent_us");
  constexpr double kMostUs = 1e15;
  if (std::abs(ts) > kMostUs || std::abs(duration) > kMostUs || std::abs(sent) > kMostUs)
    return false;
  span.context.sent_ns = to_ns(sent);
  span.begin_ns = to_ns(ts);
  span.end_ns = to_ns(ts + duration);
  if (args.contains("bytes") && args["bytes"].is_number_unsigned())
    span.n_bytes = args["bytes"].get<std::uint64_t>();
  span.tier = text(args, "tier");
  span.message = text(event, "name");
  span.actor_kind = text(event, "cat");
  const auto track = names.find(
      event.contains("tid") && event["tid"].is_number_integer() ? event["tid"].get<int>() : -1);
  if (track == names.end() || span.message.empty()) return false;
  span.actor = track->second;
  return true;
}

}  // namespace

std::string to_chrome_json(const TraceDump& dump) {
  Nanoseconds origin = dump.spans.empty() ? 0 : dump.spans.front().context.sent_ns;
  std::unordered_map<std::uint64_t, const SpanRow*> by_id;
  for (const SpanRow& span : dump.spans) {
    origin = std::min(origin, span.context.sent_ns);
    by_id.emplace(span.context.span, &span);
  }
  const std::map<std::string, int> tracks = number_tracks(dump);
  json events = json::array();
  events.push_back(
      {{"ph", "M"}, {"pid", 1}, {"name", "process_name"}, {"args", {{"name", "blue"}}}});
  for (const auto& [actor, track] : tracks) {
    events.push_back({{"ph", "M"},
                      {"pid", 1},
                      {"tid", track},
                      {"name", "thread_name"},
                      {"args", {{"name", actor}}}});
  }
  for (const SpanRow& span : dump.spans) {
    const int track = tracks.at(span.actor);
    events.push_back(slice(span, track, origin));
    const auto sender = by_id.find(span.context.parent);
    if (sender == by_id.end()) continue;
    events.push_back(
        flow_end(span, "s", tracks.at(sender->second->actor), span.context.sent_ns, origin));
    events.push_back(flow_end(span, "f", track, span.begin_ns, origin));
  }
  const json document = {{"displayTimeUnit", "ns"},
                         {"otherData", {{"dropped_spans", dump.n_dropped}}},
                         {"traceEvents", std::move(events)}};
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<TraceDump> parse_chrome_json(std::string_view text, const std::string& source) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("traceEvents") ||
      !document["traceEvents"].is_array()) {
    return Error(actors::ActorsError::bad_request,
                 source + ": not a trace: no JSON object with traceEvents");
  }
  TraceDump dump;
  if (document.contains("otherData") && document["otherData"].is_object()) {
    dump.n_dropped = document["otherData"].value("dropped_spans", json(0)).is_number_unsigned()
                         ? document["otherData"]["dropped_spans"].get<std::uint64_t>()
                         : 0;
  }
  const json& events = document["traceEvents"];
  std::map<int, std::string> names;
  for (const json& event : events) {
    const bool names_thread = event.is_object() && event.value("name", json()) == "thread_name" &&
                              event.contains("tid") && event["tid"].is_number_integer() &&
                              event.contains("args") && event["args"].is_object() &&
                              event["args"].value("name", json()).is_string();
    if (names_thread) names[event["tid"].get<int>()] = event["args"]["name"].get<std::string>();
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!events[i].is_object() || events[i].value("ph", json()) != "X") continue;
    SpanRow span;
    if (!read_slice(events[i], names, span)) {
      return Error(actors::ActorsError::bad_request,
                   source + ": event " + std::to_string(i) + " is not a span of blue");
    }
    dump.spans.push_back(std::move(span));
  }
  return dump;
}

std::vector<MessageSummary> summarise(const TraceDump& dump) {
  struct Times {
    std::vector<double> queue;
    std::vector<double> run;
  };
  std::map<std::string, Times> by_message;
  for (const SpanRow& span : dump.spans) {
    Times& times = by_message[span.message];
    times.queue.push_back(to_us(span.begin_ns - span.context.sent_ns));
    times.run.push_back(to_us(span.end_ns - span.begin_ns));
  }
  std::vector<MessageSummary> summary;
  for (auto& [message, times] : by_message) {
    summary.push_back({message, times.queue.size(), percentile(times.queue, 0.5),
                       percentile(times.queue, 0.99), percentile(times.run, 0.5),
                       percentile(times.run, 0.99)});
  }
  return summary;
}

std::vector<CopySummary> summarise_copies(const TraceDump& dump) {
  struct Sum {
    CopySummary copies;
    Nanoseconds took_ns = 0;
  };
  std::map<std::string, Sum> by_tier;
  for (const SpanRow& span : dump.spans) {
    const Nanoseconds took_ns = span.end_ns - span.begin_ns;
    if (span.n_bytes == 0 || took_ns <= 0) continue;
    Sum& sum = by_tier[span.tier];
    const double rate = static_cast<double>(span.n_bytes) / static_cast<double>(took_ns);
    CopySummary& copies = sum.copies;
    if (copies.count == 0 || rate < copies.slowest_gb_per_s) copies.slowest_gb_per_s = rate;
    ++copies.count;
    copies.n_bytes += span.n_bytes;
    sum.took_ns += took_ns;
  }
  std::vector<CopySummary> summary;
  for (auto& [tier, sum] : by_tier) {
    sum.copies.tier = tier;
    sum.copies.gb_per_s =
        static_cast<double>(sum.copies.n_bytes) / static_cast<double>(sum.took_ns);
    summary.push_back(std::move(sum.copies));
  }
  return summary;
}

std::string summary_table(const TraceDump& dump) {
  std::string table;
  char line[256];  // longer than any line: names are cut
  std::snprintf(line, sizeof line, "%-28s %8s %12s %12s %12s %12s\n", "message", "count",
                "queue p50 us", "queue p99 us", "run p50 us", "run p99 us");
  table += line;
  for (const MessageSummary& row : summarise(dump)) {
    std::snprintf(line, sizeof line, "%-28s %8llu %12.1f %12.1f %12.1f %12.1f\n",
                  printable_line(row.message, 60).c_str(),
                  static_cast<unsigned long long>(row.count), row.queue_median_us, row.queue_p99_us,
                  row.run_median_us, row.run_p99_us);
    table += line;
  }
  for (const CopySummary& row : summarise_copies(dump)) {
    std::snprintf(line, sizeof line,
                  "copies to %-8s %8llu %10.3f GB %9.2f GB/s, slowest %.2f GB/s\n",
                  row.tier.c_str(), static_cast<unsigned long long>(row.count),
                  static_cast<double>(row.n_bytes) / 1e9, row.gb_per_s, row.slowest_gb_per_s);
    table += line;
  }
  std::set<std::string> names;
  std::set<std::string> kinds;
  for (const SpanRow& span : dump.spans) {
    names.insert(span.actor);
    kinds.insert(span.actor_kind);
  }
  std::snprintf(line, sizeof line, "%zu spans of %zu actors of %zu kinds, %llu dropped\n",
                dump.spans.size(), names.size(), kinds.size(),
                static_cast<unsigned long long>(dump.n_dropped));
  return table + line;
}

}  // namespace blue::tracing
