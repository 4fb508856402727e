// What goes wrong in one simulated history, drawn from its seed: how often each fault strikes, and
// what each fault excuses. Depends on the standard library. Value type; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string_view>

namespace blue::sim {

enum class Fault : std::uint8_t {
  stage_throws,  ///< an exception out of the token source
  source_error,  ///< an error out of the token source
  stage_killed,  ///< the exit message reaches the stage between jobs
  cascade_killed,
  scheduler_killed,
  tiering_killed,
  dma_killed,
  kv_killed,
  entropy_killed,
  watchdog_killed,
  cancelled,     ///< by the user
  stalled,       ///< the watchdog's report, for a job that runs or has ended
  degenerated,   ///< the entropy monitor's verdict on the job that runs
  copy_refused,  ///< by the device
  disk_full,
  shut_down,
};
inline constexpr std::size_t kFaults = 16;

class FaultPlan {
 public:
  explicit FaultPlan(std::uint64_t seed) : random_(seed) {
    // Every fourth history has no fault at all: there every run must complete.
    if (below(4) == 0) return;
    for (std::uint32_t& rate : per_mille_) {
      constexpr std::array<std::uint32_t, 6> kRates = {0, 0, 0, 2, 10, 40};
      rate = kRates[below(kRates.size())];
    }
    per_mille_[static_cast<std::size_t>(Fault::shut_down)] /= 10;
  }

  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return random_() % n; }

  /// Does it strike now? At most kMost of each kind in a history: an actor that dies again and
  /// again ends the runtime, which another test covers.
  [[nodiscard]] bool strikes(Fault fault) {
    const auto i = static_cast<std::size_t>(fault);
    if (is_over_ || n_struck_[i] == kMost || below(1000) >= per_mille_[i]) return false;
    ++n_struck_[i];
    if (is_told_)
      std::fprintf(stderr, "  fault: %.*s\n", static_cast<int>(kNames[i].size()), kNames[i].data());
    return true;
  }
  void end() { is_over_ = true; }
  /// Every fault from now on is a line on stderr: for a replay.
  void tell() { is_told_ = true; }

  [[nodiscard]] bool has_struck(Fault fault) const {
    return n_struck_[static_cast<std::size_t>(fault)] > 0;
  }
  /// Has anything happened that may end a run before it completes? Deaths of actors whose state is
  /// rebuilt are no excuse.
  [[nodiscard]] bool may_fail() const {
    for (const Fault fault :
         {Fault::stage_throws, Fault::source_error, Fault::stage_killed, Fault::cascade_killed,
          Fault::dma_killed, Fault::cancelled, Fault::stalled, Fault::copy_refused,
          Fault::disk_full, Fault::shut_down})
      if (has_struck(fault)) return true;
    return false;
  }

 private:
  static constexpr std::uint32_t kMost = 3;
  static constexpr std::array<std::string_view, kFaults> kNames = {
      "stage throws",     "source error",    "stage killed", "cascade killed",
      "scheduler killed", "tiering killed",  "dma killed",   "kv killed",
      "entropy killed",   "watchdog killed", "cancelled",    "stalled",
      "degenerated",      "copy refused",    "disk full",    "shut down"};
  std::mt19937_64 random_;
  std::array<std::uint32_t, kFaults> per_mille_{};
  std::array<std::uint32_t, kFaults> n_struck_{};
  bool is_over_ = false;
  bool is_told_ = false;
};

}  // namespace blue::sim
