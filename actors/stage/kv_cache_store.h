// KvCacheStore: KV snapshots in memory, by number while they are handed over and by name once the
// KV library keeps them. Bounded: evicts the least recently used. The bytes never cross a message.
// Depends on base and messages' ids. Threads: any. Owned by the runtime, so that a restarted
// library finds its snapshots.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/units.h"
#include "messages/ids.h"

namespace blue::actors {

struct KvSnapshot {
  std::uint64_t fingerprint = 0;  ///< of the model
  std::vector<TokenId> tokens;
  std::vector<std::byte> rows;
};

class KvCacheStore {
 public:
  explicit KvCacheStore(Bytes budget) : budget_(budget) {}

  /// Deposits a snapshot for the other side, which takes it by its number.
  [[nodiscard]] messages::SnapshotNumber hand_over(std::shared_ptr<const KvSnapshot> snapshot) {
    const MutexLock lock(mutex_);
    const messages::SnapshotNumber number{++last_};
    handed_[number] = std::move(snapshot);
    return number;
  }
  /// Null when there is no snapshot of that number.
  [[nodiscard]] std::shared_ptr<const KvSnapshot> take(messages::SnapshotNumber number) {
    const MutexLock lock(mutex_);
    const auto found = handed_.find(number);
    if (found == handed_.end()) return nullptr;
    auto snapshot = std::move(found->second);
    handed_.erase(found);
    return snapshot;
  }

  /// Keeps it under a name, in place of the one that had the name. False when it is larger than the
  /// whole budget.
  [[nodiscard]] bool keep(const std::string& name, std::shared_ptr<const KvSnapshot> snapshot) {
    const MutexLock lock(mutex_);
    if (snapshot->rows.size() > budget_.count) return false;
    forget_if([&](const Kept& kept) { return kept.name == name; });
    used_ += Bytes{snapshot->rows.size()};
    kept_.push_front({name, std::move(snapshot)});
    while (used_ > budget_) {
      const std::string oldest = kept_.back().name;
      forget_if([&](const Kept& kept) { return kept.name == oldest; });
    }
    return true;
  }
  /// The snapshot of this name and model; null when there is none.
  [[nodiscard]] std::shared_ptr<const KvSnapshot> find(const std::string& name,
                                                       std::uint64_t fingerprint) {
    const MutexLock lock(mutex_);
    for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
      if (kept->name != name || kept->snapshot->fingerprint != fingerprint) continue;
      kept_.splice(kept_.begin(), kept_, kept);
      return kept_.front().snapshot;
    }
    return nullptr;
  }
  /// Drops every kept snapshot of a model.
  void forget_model(std::uint64_t fingerprint) {
    const MutexLock lock(mutex_);
    forget_if([&](const Kept& kept) { return kept.snapshot->fingerprint == fingerprint; });
  }
  [[nodiscard]] Bytes used() const {
    const MutexLock lock(mutex_);
    return used_;
  }

 private:
  struct Kept {
    std::string name;
    std::shared_ptr<const KvSnapshot> snapshot;
  };
  template <class Is>
  void forget_if(Is&& is_meant) BLUE_REQUIRES(mutex_) {
    for (auto kept = kept_.begin(); kept != kept_.end();) {
      if (!is_meant(*kept)) {
        ++kept;
        continue;
      }
      used_ -= Bytes{kept->snapshot->rows.size()};
      kept = kept_.erase(kept);
    }
  }

  const Bytes budget_;
  mutable Mutex mutex_;
  std::map<messages::SnapshotNumber, std::shared_ptr<const KvSnapshot>> handed_
      BLUE_GUARDED_BY(mutex_);
  std::uint64_t last_ BLUE_GUARDED_BY(mutex_) = 0;
  std::list<Kept> kept_ BLUE_GUARDED_BY(mutex_);  ///< most recently used first
  Bytes used_ BLUE_GUARDED_BY(mutex_);
};

}  // namespace blue::actors
