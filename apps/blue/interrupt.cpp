#include "apps/blue/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "apps/blue/exit_status.h"

namespace blue::apps {

namespace {

// A signal handler can use static variables only.
volatile sig_atomic_t n_signals = 0;
struct sigaction before_int;
struct sigaction before_term;

void note(int) { n_signals = n_signals + 1; }

void note_or_end(int signal) {
  if (n_signals > 0) _exit(kExitCancelled);
  note(signal);
}

}  // namespace

Interrupt::Interrupt(Again again) : again_(again) {
  n_signals = 0;
  struct sigaction action {};
  action.sa_handler = again == Again::is_noted ? note : note_or_end;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before_int);
  if (again == Again::ends_program) sigaction(SIGTERM, &action, &before_term);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &before_int, nullptr);
  if (again_ == Again::ends_program) sigaction(SIGTERM, &before_term, nullptr);
}

bool Interrupt::is_asked() const { return n_signals > 0; }
void Interrupt::forget() { n_signals = 0; }

}  // namespace blue::apps
