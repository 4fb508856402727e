// Commands that show what the runtime does.
#include <cstdio>
#include <fstream>

#include "apps/shell/commands.h"
#include "apps/tracing/trace_report.h"

namespace blue::shell {

Status show_actors(Session& session, const std::string&) {
  std::printf("%-24s %-16s %8s %5s\n", "actor", "kind", "thread", "core");
  for (const actors::ActorThread& thread : session.runtime.actors()) {
    std::printf("%-24s %-16s %8d %5s\n", thread.name.c_str(),
                std::string(to_text(thread.kind)).c_str(), thread.thread_id,
                thread.cpu < 0 ? "any" : std::to_string(thread.cpu).c_str());
  }
  return {};
}

Status show_tiers(Session& session, const std::string&) {
  std::printf("%s\n", session.runtime.device_choice().c_str());
  std::printf("%-6s %12s %12s %9s %8s %9s %7s\n", "tier", "budget", "resident", "blocks", "loading",
              "evicting", "pinned");
  for (const runtime::TierState& tier : session.runtime.tiers()) {
    std::printf("%-6s %12s %12s %9u %8u %9u %7u\n", tier.name.c_str(), to_text(tier.budget).c_str(),
                to_text(tier.view.resident).c_str(), tier.view.n_resident, tier.view.n_loading,
                tier.view.n_evicting, tier.view.n_pinned);
  }
  return {};
}

Status show_hints(Session& session, const std::string&) {
  const auto hints = session.runtime.hints();
  if (hints.empty()) std::printf("none yet\n");
  for (const messages::HintRecord& hint : hints) {
    std::printf("job %-4llu channel %-2u %-13s after %4u tokens, %.3f nats a token\n",
                static_cast<unsigned long long>(hint.job), hint.stage_id,
                std::string(to_text(static_cast<actors::HintKind>(hint.kind))).c_str(),
                hint.n_tokens, static_cast<double>(hint.mean_entropy_nats));
  }
  return {};
}

Status show_traces(Session& session, const std::string&) {
  std::fputs(tracing::summary_table(session.runtime.traces()).c_str(), stdout);
  return {};
}

Status write_trace(Session& session, const std::string& path) {
  const actors::TraceDump dump = session.runtime.traces();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << tracing::to_chrome_json(dump);
  file.close();
  if (!file) return Error(ShellError::bad_file, path + ": can't be written");
  std::printf("%zu spans in %s\n", dump.spans.size(), path.c_str());
  return {};
}

}  // namespace blue::shell
