// Snapshot of one sequence: its tokens and its KV rows, in a file that is whole or absent. Format
// (little-endian): magic "BLUEKVSN" · version u32 · header size u32 · model fingerprint u64 ·
// n_layers, k_width,
//   v_width, bytes_per_block, page_tokens, n_tokens u32 · rows size u64 · token ids i32[n_tokens] · rows · CRC32C u32 of
//   all before it. Rows: for each layer, for each page in sequence order: the key rows of the page's tokens, then their
//   value rows. Which pages of the pool they lay in is not kept: a load puts them into any.
// Depends on base, memory/checksum, memory/durable_file, memory/kv/page_pool. Threads: any; values
// alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/span.h"
#include "memory/kv/page_pool.h"

namespace blue::memory {

/// A run of bytes in the KV arena.
struct KvRun {
  std::uint64_t offset = 0;  ///< from the arena's base
  std::uint64_t size = 0;
};

/// Where the rows of the first `n_tokens` tokens lie, in the snapshot's order. Copying these runs
/// one after the other out of the arena gives Snapshot::rows; copying them back restores the
/// sequence. `pages` holds at least pages_for(n_tokens) page numbers below geometry.n_pages.
[[nodiscard]] std::vector<KvRun> kv_runs(const KvGeometry& geometry,
                                         std::span<const std::int32_t> pages,
                                         std::uint32_t n_tokens);

/// Bytes of all those runs together.
[[nodiscard]] Bytes kv_rows_size(const KvGeometry& geometry, std::uint32_t n_tokens);

struct Snapshot {
  std::vector<TokenId> tokens;
  std::vector<std::byte> rows;
};

/// Writes tokens and rows. `model_fingerprint` says whose rows these are. A bug when rows is not
/// kv_rows_size long.
/// Errors: log_failed (the file could not be written).
[[nodiscard]] Status save_snapshot(const std::string& path, std::uint64_t model_fingerprint,
                                   const KvGeometry& geometry, std::span<const TokenId> tokens,
                                   ConstByteSpan rows);

/// Reads one, believing nothing before it was checked; allocates at most the file's size twice
/// over. n_pages may differ from the saved geometry's; all else must agree.
/// Errors: snapshot_mismatch (another model or geometry), snapshot_corrupt, log_failed
/// (unreadable).
[[nodiscard]] Result<Snapshot> load_snapshot(const std::string& path,
                                             std::uint64_t model_fingerprint,
                                             const KvGeometry& geometry);

/// The same over bytes; `name` stands in the messages.
[[nodiscard]] Result<Snapshot> parse_snapshot(ConstByteSpan file, const std::string& name,
                                              std::uint64_t model_fingerprint,
                                              const KvGeometry& geometry);

}  // namespace blue::memory
