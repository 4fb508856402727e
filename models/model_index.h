// The checksum index of a model: made by reading all its weights once (`blue index`), kept in a
// file beside the model's first one (FILE.blueidx), or where that folder cannot be written in the
// user's cache folder; given to the block catalog when the model is opened.
// Depends on hal, memory/tiers and models/model.h. Threads: the caller's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log_sink.h"
#include "base/result.h"
#include "base/units.h"
#include "memory/tiers/block_catalog.h"
#include "memory/tiers/checksum_index.h"
#include "models/model.h"

namespace blue::models {

/// Where an index of the model is looked for and written, in this order.
std::vector<std::string> index_paths(const Model& model);

/// Reads every extent of the model's blocks, each byte once. `on_progress` is told the bytes read
/// so far and of all. Errors: those of hal's readers.
Result<memory::ChecksumIndex> make_index(
    const Model& model, const std::function<void(Bytes read, Bytes total)>& on_progress,
    LogSink& log);

/// Writes it into the first of index_paths() that can be written; returns which.
/// Errors: cannot_open naming the first (the drive is full, the folder read-only, …).
Result<std::string> write_index(const Model& model, const memory::ChecksumIndex& index);

/// Gives the checksums of the model's index to the catalog, which has just taken the model's blocks
/// in as `blocks`. False when there is no index.
/// Errors: bad_index (damaged, or of other files), in one line; nothing is given then.
Result<bool> load_index(const Model& model, const std::vector<memory::BlockId>& blocks,
                        memory::BlockCatalog& catalog);

/// The same for whoever opens a model to run it: an index that does not fit is logged as a warning,
/// once, and the model's blocks are held against their first read.
void load_index_or_warn(const Model& model, const std::vector<memory::BlockId>& blocks,
                        memory::BlockCatalog& catalog, LogSink& log);

}  // namespace blue::models
