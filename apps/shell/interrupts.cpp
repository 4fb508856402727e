#include "apps/shell/interrupts.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace blue::shell {

Interrupts::Interrupts() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  BLUE_CHECK(descriptor_ >= 0, "signalfd");
}

Interrupts::~Interrupts() { close(descriptor_); }

bool Interrupts::take() {
  bool was_pressed = false;
  signalfd_siginfo waiting{};
  while (read(descriptor_, &waiting, sizeof(waiting)) == static_cast<ssize_t>(sizeof(waiting)))
    was_pressed = true;
  return was_pressed;
}

}  // namespace blue::shell
