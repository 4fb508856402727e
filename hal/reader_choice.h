// Which file reader model files are read with: io_uring where the kernel has and allows it, else
// pread; through the page cache where that holds the file already, else past it.
// Depends on base, hal/{file_reader,open_file}.h. Threads: any; the reader belongs to one.
// Lifetime: `log` is used while opening.
#pragma once

#include <memory>

#include "base/log_sink.h"
#include "base/result.h"
#include "hal/file_reader.h"
#include "hal/open_file.h"

namespace blue::hal {

/// A reader of files that may be warm. Logs once when it has no io_uring.
/// Errors: bad_argument (a queue of no or too many reads).
[[nodiscard]] Result<std::unique_ptr<FileReader>> open_file_reader(unsigned queue_depth,
                                                                   LogSink& log);

/// As open_uring_reader(queue_depth), whose files are opened for direct reading where possible.
[[nodiscard]] Result<std::unique_ptr<FileReader>> open_uring_reader(unsigned queue_depth,
                                                                    FileAccess access);

}  // namespace blue::hal
