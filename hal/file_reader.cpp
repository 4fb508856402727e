#include "hal/file_reader.h"

#include <array>

namespace blue::hal {

Status read_fully(FileReader& reader, FileId file, std::uint64_t offset, ByteSpan into) {
  BLUE_CHECK(reader.n_in_flight() == 0, "read_fully shares its reader with reads in flight");
  BLUE_TRY_ASSIGN(const bool has_room, reader.submit({file, offset, into, 0}));
  BLUE_CHECK(has_room, "an idle reader has no room");
  std::array<ReadCompletion, 1> done;
  BLUE_TRY_ASSIGN(const std::size_t n_done, reader.reap(done, FileReader::Reap::wait));
  BLUE_CHECK(n_done == 1, "a reader waited and brought nothing");
  return std::move(done[0].status);
}

}  // namespace blue::hal
