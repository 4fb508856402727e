// SystemConfig: this program's configuration of CAF: every message registered, few workers, no
// configuration file, no arguments.
// Depends on messages/ and CAF. Lifetime: outlives the actor system made from it.
#pragma once

#include <caf/actor_system_config.hpp>
#include <cstdint>

namespace blue::messages {

/// `deterministic` runs actors that are not detached one message at a time, on the calling thread:
/// for tests.
enum class Scheduling : std::uint8_t { threads, deterministic };

class SystemConfig : public caf::actor_system_config {
 public:
  explicit SystemConfig(Scheduling scheduling);
};

}  // namespace blue::messages
