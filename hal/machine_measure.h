// What the machine can reach, measured: memory copy and read, disk read, multiply-adds of one core.
// Every bench prints its figure beside these. Each measurement keeps to a time budget: a few
// milliseconds at boot, more for doctor.
// Depends on base, hal/file_reader. Threads: the calling one, and as many more as are asked for,
// ended on return.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "hal/file_reader.h"

namespace blue::hal {

/// How long to measure and with how many threads.
struct MeasureRequest {
  Nanoseconds budget_ns = 5'000'000;
  unsigned n_threads = 1;
};

/// Bytes moved in a time.
struct MeasuredRate {
  Bytes moved;
  Nanoseconds took_ns = 0;
  unsigned n_threads = 1;
  /// The set that was read repeatedly. One that fits into the last-level cache gives the cache's
  /// rate: a budget of a few milliseconds does not suffice to fault in more.
  Bytes working_set;

  [[nodiscard]] double gb_per_s() const {
    return took_ns > 0 ? static_cast<double>(moved.count) / static_cast<double>(took_ns) : 0;
  }
};

/// memcpy between buffers of each thread; each byte counts once (the memory sees it read and
/// written).
/// Errors: bad_argument (no thread), out_of_memory.
Result<MeasuredRate> measure_memory_copy(const MeasureRequest& request);

/// Reading alone, as a decode step reads its weights. Errors: bad_argument, out_of_memory.
Result<MeasuredRate> measure_memory_read(const MeasureRequest& request);

struct MeasuredCompute {
  double gflop_per_s = 0;       ///< single precision, a multiply-add counts two
  std::string instruction_set;  ///< what it ran on: "AVX-512", "AVX2", "baseline"
  Nanoseconds took_ns = 0;
};

/// Multiply-adds on registers alone, on the calling thread: the ceiling of one core.
MeasuredCompute measure_compute(Nanoseconds budget_ns);

struct MeasuredDisk {
  MeasuredRate rate;
  bool is_direct = false;  ///< past the page cache; otherwise the figure may be the cache's
};

/// Reads `path` in order through `reader` with several reads under way, from its start again when
/// it ends.
/// Errors: bad_file, short_file (empty file), io_failed, out_of_memory.
Result<MeasuredDisk> measure_disk_read(FileReader& reader, const std::string& path,
                                       Nanoseconds budget_ns);

/// A file of arbitrary bytes, on the disk and not only in the cache, for measuring a folder that
/// has none. The destructor removes it. Creating it takes the drive's time to write it.
class ScratchFile {
 public:
  /// Errors: bad_file (no such folder), denied (not writable), out_of_memory (disk full).
  static Result<ScratchFile> create(const std::string& folder, Bytes size);
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&&) = delete;
  ~ScratchFile();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit ScratchFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace blue::hal
