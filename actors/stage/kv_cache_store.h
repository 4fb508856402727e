// KvCacheStore: KV snapshots in memory, by number while they are handed over and by name once the
// kv library has them. Bounded: the least recently used leaves. The bytes never cross a message.
// Depends on base. Threads: any. Owned by the runtime, so that a restarted library finds its
// snapshots.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/units.h"

namespace blue::actors {

struct KvSnapshot {
  std::uint64_t fingerprint = 0;  ///< of the model
  std::vector<TokenId> tokens;
  std::vector<std::byte> rows;
};

class KvCacheStore {
 public:
  explicit KvCacheStore(Bytes budget) : budget_(budget) {}

  /// Lays a snapshot down for the other side.
  [[nodiscard]] std::uint64_t put(KvSnapshot snapshot) {
    const std::lock_guard lock(mutex_);
    handed_[++last_] = std::make_shared<const KvSnapshot>(std::move(snapshot));
    return last_;
  }
  /// Picks it up; null when it is not there.
  [[nodiscard]] std::shared_ptr<const KvSnapshot> take(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = handed_.find(number);
    if (found == handed_.end()) return nullptr;
    auto snapshot = std::move(found->second);
    handed_.erase(found);
    return snapshot;
  }

  /// Keeps it under a name, in place of what had the name. False when it is larger than the whole
  /// budget.
  [[nodiscard]] bool keep(const std::string& name, std::shared_ptr<const KvSnapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    if (snapshot->rows.size() > budget_.count) return false;
    forget(name);
    used_ += Bytes{snapshot->rows.size()};
    kept_.push_front({name, std::move(snapshot)});
    while (used_ > budget_) forget(std::string(kept_.back().name));
    return true;
  }
  /// A kept one, handed over anew; nothing when there is none of this name and model.
  [[nodiscard]] std::shared_ptr<const KvSnapshot> find(const std::string& name,
                                                       std::uint64_t fingerprint) {
    const std::lock_guard lock(mutex_);
    for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
      if (kept->name != name || kept->snapshot->fingerprint != fingerprint) continue;
      kept_.splice(kept_.begin(), kept_, kept);
      return kept_.front().snapshot;
    }
    return nullptr;
  }
  [[nodiscard]] std::uint64_t hand_over(std::shared_ptr<const KvSnapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    handed_[++last_] = std::move(snapshot);
    return last_;
  }
  [[nodiscard]] Bytes used() const {
    const std::lock_guard lock(mutex_);
    return used_;
  }

 private:
  struct Kept {
    std::string name;
    std::shared_ptr<const KvSnapshot> snapshot;
  };
  void forget(const std::string& name) {
    for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
      if (kept->name != name) continue;
      used_ -= Bytes{kept->snapshot->rows.size()};
      kept_.erase(kept);
      return;
    }
  }

  const Bytes budget_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<const KvSnapshot>> handed_;
  std::uint64_t last_ = 0;
  std::list<Kept> kept_;  ///< most recently used first
  Bytes used_;
};

}  // namespace blue::actors
