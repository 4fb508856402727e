// Commands that show the state of the runtime.

#include "apps/io/output.h"
#include "apps/io/text_file.h"
#include "apps/shell/commands.h"
#include "apps/tracing/trace_report.h"

namespace blue::shell {

Status show_actors(Session& session, const std::string&) {
  io::print_linef("%-24s %-16s %8s %5s", "actor", "kind", "thread", "core");
  for (const actors::ActorThread& thread : session.runtime.actors()) {
    io::print_linef("%-24s %-16s %8d %5s", thread.name.c_str(),
                    std::string(to_text(thread.kind)).c_str(), thread.thread_id,
                    thread.cpu < 0 ? "any" : std::to_string(thread.cpu).c_str());
  }
  return {};
}

Status show_tiers(Session& session, const std::string&) {
  io::print_linef("%s", session.runtime.device_choice().c_str());
  io::print_linef("%-6s %12s %12s %9s %8s %9s %7s", "tier", "budget", "resident", "blocks",
                  "loading", "evicting", "pinned");
  for (const runtime::TierState& tier : session.runtime.tiers()) {
    io::print_linef("%-6s %12s %12s %9u %8u %9u %7u", tier.name.c_str(),
                    to_text(tier.budget).c_str(), to_text(tier.view.resident).c_str(),
                    tier.view.n_resident, tier.view.n_loading, tier.view.n_evicting,
                    tier.view.n_pinned);
  }
  return {};
}

Status show_hints(Session& session, const std::string&) {
  const auto hints = session.runtime.hints();
  if (hints.empty()) io::print_linef("none yet");
  for (const messages::HintRecord& hint : hints) {
    io::print_linef("job %-4llu channel %-2u %-13s after %4u tokens, %.3f nats a token",
                    static_cast<unsigned long long>(hint.job.value), hint.stage_id.value,
                    std::string(to_text(hint.kind)).c_str(), hint.n_tokens,
                    static_cast<double>(hint.mean_entropy_nats));
  }
  return {};
}

Status show_traces(Session& session, const std::string&) {
  io::print_text(tracing::summary_table(session.runtime.traces()));
  return {};
}

Status write_trace(Session& session, const std::string& path) {
  const actors::TraceDump dump = session.runtime.traces();
  BLUE_TRY(io::write_file(path, tracing::to_chrome_json(dump)));
  io::print_linef("%zu spans in %s", dump.spans.size(), path.c_str());
  return {};
}

}  // namespace blue::shell
