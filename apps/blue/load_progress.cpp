#include "apps/blue/load_progress.h"

#include <algorithm>

namespace blue::apps {

namespace {

/// Loading that is over sooner is not worth a line.
constexpr Nanoseconds kPatience = 300'000'000;

}  // namespace

LoadProgress::LoadProgress(const runtime::Runtime& runtime, Bytes target, Show show)
    : runtime_(runtime), target_(target) {
  if (show == Show::progress && target.count > 0) lines_.emplace(kPatience);
}

void LoadProgress::update() {
  if (!lines_) return;
  const std::vector<runtime::TierState> tiers = runtime_.tiers();
  if (tiers.empty()) return;
  const Bytes done = std::min(tiers.front().view.resident, target_);
  lines_->show(done, target_, "loading, " + to_text(done) + " of " + to_text(target_));
  // Whole: what comes now is the prompt.
  if (done.count * 100 >= target_.count * 99) end();
}

void LoadProgress::end() { lines_.reset(); }

Bytes load_target(const runtime::Runtime& runtime, Bytes weights) {
  return std::min(weights, runtime.resources().vram);
}

}  // namespace blue::apps
