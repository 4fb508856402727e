#include "hal/affinity.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace blue::hal {
namespace {

constexpr int kMostCpus = 8192;  // the most that Linux is built for

struct CpuSetDeleter {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};

/// A dynamic cpu_set_t: the static one ends at 1024 CPUs.
class CpuSet {
 public:
  CpuSet() : set_(CPU_ALLOC(kMostCpus)) {
    BLUE_CHECK(set_ != nullptr);
    CPU_ZERO_S(size(), get());
  }
  [[nodiscard]] cpu_set_t* get() const { return set_.get(); }
  [[nodiscard]] static std::size_t size() { return CPU_ALLOC_SIZE(kMostCpus); }
  void add(int cpu) { CPU_SET_S(static_cast<std::size_t>(cpu), size(), get()); }
  [[nodiscard]] std::vector<int> to_list() const {
    std::vector<int> cpus;
    for (int cpu = 0; cpu < kMostCpus; ++cpu)
      if (CPU_ISSET_S(static_cast<std::size_t>(cpu), size(), get())) cpus.push_back(cpu);
    return cpus;
  }

 private:
  std::unique_ptr<cpu_set_t, CpuSetDeleter> set_;
};

std::string list_text(std::span<const int> cpus) {
  std::string text;
  for (const int cpu : cpus) text += (text.empty() ? "" : ",") + std::to_string(cpu);
  return "CPU " + text;
}

Status set_affinity(std::span<const int> cpus) {
  CpuSet wanted;
  for (const int cpu : cpus) {
    if (cpu < 0 || cpu >= kMostCpus)
      return Error(HalError::bad_argument, list_text(cpus) + ": no such CPU");
    wanted.add(cpu);
  }
  if (sched_setaffinity(0, CpuSet::size(), wanted.get()) == 0) return {};
  if (errno == EINVAL)
    return Error(HalError::bad_argument,
                 list_text(cpus) + ": no such CPU online here that this process may use");
  return Error(HalError::denied,
               list_text(cpus) + ": pinning refused (" + std::strerror(errno) +
                   "); allow sched_setaffinity in the container's seccomp profile");
}

}  // namespace

Result<std::vector<int>> current_affinity() {
  const CpuSet set;
  if (sched_getaffinity(0, CpuSet::size(), set.get()) != 0)
    return Error(HalError::denied,
                 std::string("thread affinity cannot be read: ") + std::strerror(errno));
  return set.to_list();
}

int current_cpu() { return sched_getcpu(); }

Status name_thread(std::string_view name) {
  const std::string cut(name.substr(0, 15));
  const int failure = pthread_setname_np(pthread_self(), cut.c_str());
  if (failure != 0)
    return Error(HalError::denied, "thread name " + cut + ": " + std::strerror(failure));
  return {};
}

std::string thread_name() {
  std::array<char, 16> name{};
  pthread_getname_np(pthread_self(), name.data(), name.size());
  return name.data();
}

ThreadPin::ThreadPin(std::vector<int> cpus, std::vector<int> before)
    : cpus_(std::move(cpus)), before_(std::move(before)), thread_id_(gettid()) {}

ThreadPin::ThreadPin(ThreadPin&& other) noexcept
    : cpus_(std::move(other.cpus_)),
      before_(std::move(other.before_)),
      thread_id_(other.thread_id_),
      should_restore_(std::exchange(other.should_restore_, false)) {}

ThreadPin::~ThreadPin() {
  // On another thread the mask would land on the wrong one; the pinned thread then keeps its core,
  // which is harmless.
  if (!should_restore_ || gettid() != thread_id_) return;
  // CPUs that went offline meanwhile narrow the restored mask or fail the call; a destructor cannot
  // report it.
  static_cast<void>(set_affinity(before_));
}

Result<ThreadPin> ThreadPin::to_cpu(int cpu) { return to_cpus(std::span(&cpu, 1)); }

Result<ThreadPin> ThreadPin::to_cpus(std::span<const int> cpus) {
  if (cpus.empty()) return Error(HalError::bad_argument, "pinning: no CPU named");
  std::vector<int> wanted(cpus.begin(), cpus.end());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  BLUE_TRY_ASSIGN(auto before, current_affinity());
  BLUE_TRY(set_affinity(wanted));
  // The kernel narrows a mask to the thread's cpuset without a word, so only the mask it now has is
  // an answer.
  BLUE_TRY_ASSIGN(const auto got, current_affinity());
  ThreadPin pin(std::move(wanted), std::move(before));
  if (got != pin.cpus_)
    return Error(HalError::denied,
                 list_text(pin.cpus_) + ": only " + list_text(got) +
                     " granted; widen the cpuset of the container or the service");
  return pin;
}

}  // namespace blue::hal
