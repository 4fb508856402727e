// The conversation with the kv library: snapshots of a stage's KV rows. The bytes lie in a snapshot
// in shared memory and in the snapshot's file, never in a message.
//   stage -save_kv-> kv library -kv_saved;  stage -load_kv-> kv library -kv_loaded
// Depends on base. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "messages/ids.h"
#include "messages/message.h"

namespace blue::messages {

/// stage -> kv library, answered by kv_saved: put the snapshot into the library under `name`.
struct SaveKv {
  static constexpr const char* type_name = "save_kv";
  TraceContext trace;
  std::uint64_t snapshot = 0;  ///< its number in the snapshot shelf
  std::string name;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, snapshot, name);
  }
};

/// kv library -> who asked.
struct KvSaved {
  static constexpr const char* type_name = "kv_saved";
  TraceContext trace;
  std::string name;
  std::uint64_t n_bytes = 0;
  std::string error;  ///< empty when saved

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, name, n_bytes, error);
  }
};

/// stage -> kv library, answered by kv_loaded: bring the snapshot `name` of the model with this
/// fingerprint.
struct LoadKv {
  static constexpr const char* type_name = "load_kv";
  TraceContext trace;
  std::string name;
  std::uint64_t fingerprint = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, name, fingerprint);
  }
};

/// kv library -> who asked.
struct KvLoaded {
  static constexpr const char* type_name = "kv_loaded";
  TraceContext trace;
  std::string name;
  std::uint64_t snapshot = 0;  ///< its number in the snapshot shelf
  std::uint64_t n_bytes = 0;
  std::string error;  ///< empty when loaded

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, name, snapshot, n_bytes, error);
  }
};

}  // namespace blue::messages
