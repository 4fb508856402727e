// Follows a run: its text on standard output, figures on standard error.

#include "apps/io/output.h"
#include "apps/shell/commands.h"

namespace blue::shell {

namespace {

using runtime::RunEvent;

void print_figures(const messages::StageFigures& figures) {
  const double seconds = static_cast<double>(figures.decode_ns) / 1e9;
  const double rate = seconds > 0 && figures.n_tokens > 1 ? (figures.n_tokens - 1) / seconds : 0;
  io::remarkf("  [%u tokens after a prompt of %u; %.1f tokens/s; loading %.1f ms, prompt %.1f ms]",
              figures.n_tokens, figures.n_prompt_tokens, rate,
              static_cast<double>(figures.load_ns) / 1e6,
              static_cast<double>(figures.prompt_ns) / 1e6);
}

/// A stage's text is printed at once; everything else begins on a line of its own.
class Screen {
 public:
  void show(const RunEvent& event) {
    switch (event.kind) {
      case RunEvent::Kind::stage_started:
        end_line();
        io::print_linef("== %s", event.name.c_str());
        break;
      case RunEvent::Kind::text: text(event.text); break;
      case RunEvent::Kind::slot_written: slot(event); break;
      case RunEvent::Kind::stage_skipped:
        end_line();
        io::print_linef("== %s skipped: %s", event.name.c_str(), event.text.c_str());
        break;
      case RunEvent::Kind::stage_preempted:
        end_line();
        io::print_linef("== %s cut short: %s", event.name.c_str(), event.text.c_str());
        break;
      case RunEvent::Kind::finished:
        end_line();
        if (event.figures.n_tokens > 0) print_figures(event.figures);
        break;
    }
    io::flush_output();
  }

 private:
  void text(const std::string& piece) {
    if (piece.empty()) return;
    io::print_text(piece);
    is_in_line_ = piece.back() != '\n';
  }
  void slot(const RunEvent& event) {
    end_line();
    if (event.was_resumed) {
      io::print_linef("== slot %s (from the log)", event.name.c_str());
      text(event.text);
      end_line();
      return;
    }
    io::print_linef("== slot %s: %zu bytes", event.name.c_str(), event.text.size());
    io::flush_output();
    if (event.figures.n_tokens > 0) print_figures(event.figures);
  }
  void end_line() {
    if (is_in_line_) io::print_text("\n");
    is_in_line_ = false;
    io::flush_output();
  }

  bool is_in_line_ = false;
};

Status status_of_end(const RunEvent& event) {
  switch (event.outcome) {
    case messages::Outcome::completed: return {};
    case messages::Outcome::cancelled:
      return Error(ShellError::run_cancelled, event.error.empty() ? "cancelled" : event.error);
    case messages::Outcome::failed: break;
  }
  const bool is_for_user =
      event.error_kind == ErrorKind::bad_input || event.error_kind == ErrorKind::corrupt;
  return Error(is_for_user ? ShellError::run_refused : ShellError::run_ended, event.error);
}

}  // namespace

Status follow(Session& session, runtime::Run& run) {
  Screen screen;
  session.interrupts.take();  // an earlier Ctrl-C is not meant for this run
  return status_of_end(
      run.follow([&screen](const RunEvent& event) { screen.show(event); },
                 [&session] { return session.interrupts.take() || io::is_output_lost(); }));
}

}  // namespace blue::shell
