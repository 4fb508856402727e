// The log's reader against any bytes: it reads them, or reports them as corrupt; what it reads
// back is a prefix of them, which written again gives the same bytes; cutting off the torn tail
// changes nothing that was read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "memory/text/log_format.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace blue;
  const ConstByteSpan file = std::as_bytes(std::span(data, size));
  const auto contents = memory::parse_log(file, "input");
  if (!contents) return 0;

  require(contents->valid.count + contents->torn_tail.count == size);
  if (contents->valid.count == 0) return 0;
  std::vector<std::byte> again = memory::encode_log_header();
  for (const memory::LogRecordView& record : contents->records) {
    const std::vector<std::byte> bytes = memory::encode_log_record(record.type, record.payload);
    again.insert(again.end(), bytes.begin(), bytes.end());
    const auto slot = memory::decode_slot(record.payload);
    if (slot) require(slot->slot.size() + slot->text.size() + 4 == record.payload.size());
  }
  require(again.size() == contents->valid.count);
  require(std::equal(again.begin(), again.end(), file.begin()));

  const auto without_tail = memory::parse_log(again, "again");
  require(without_tail.ok() && without_tail->records.size() == contents->records.size());
  require(without_tail->torn_tail.count == 0);
  return 0;
}
