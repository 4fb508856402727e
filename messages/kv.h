// The conversation with the KV library: snapshots of a stage's KV rows. The bytes cross the stage's
// link (actors/stage/stage_link.h), never a message.
//   stage -save_kv-> kv library -kv_saved;  stage -load_kv-> kv library -kv_loaded
// Depends on base. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "messages/ids.h"
#include "messages/message.h"

namespace blue::messages {

/// stage -> kv library, answered by kv_saved: keep the snapshot under `name`.
struct SaveKv {
  static constexpr const char* type_name = "save_kv";
  TraceContext trace;
  SnapshotNumber snapshot;
  std::string name;
};

/// kv library -> asker.
struct KvSaved {
  static constexpr const char* type_name = "kv_saved";
  TraceContext trace;
  std::string error;  ///< empty when saved
};

/// stage -> kv library, answered by kv_loaded: hand out the snapshot `name` of the model with this
/// fingerprint.
struct LoadKv {
  static constexpr const char* type_name = "load_kv";
  TraceContext trace;
  std::string name;
  std::uint64_t fingerprint = 0;
};

/// kv library -> asker. No snapshot of that name and model: the number is not valid.
struct KvLoaded {
  static constexpr const char* type_name = "kv_loaded";
  TraceContext trace;
  SnapshotNumber snapshot;
};

}  // namespace blue::messages
