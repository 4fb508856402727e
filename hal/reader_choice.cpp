#include "hal/reader_choice.h"

namespace blue::hal {

Result<std::unique_ptr<FileReader>> open_file_reader(unsigned queue_depth, LogSink& log) {
  auto reader = open_uring_reader(queue_depth, FileAccess::direct_unless_cached);
  if (reader || reader.error().is(HalError::bad_argument)) return reader;
  log.write_once(LogLevel::info, "files are read with pread: " + reader.error().message());
  return open_pread_reader();
}

}  // namespace blue::hal
