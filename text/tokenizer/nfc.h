// NFC: Unicode's canonical composition, which some tokenizers apply to a text before they cut it:
// "e" and U+0301 become U+00E9, the form that the model saw in training. Depends on the standard
// library; utf8proc stays in the .cpp. Pure function; any thread.
// Source: Unicode Standard Annex 15.
#pragma once

#include <string>
#include <string_view>

namespace blue::text {

/// The text in NFC: `text` itself where it is already, else a view of `storage`, which is
/// overwritten. Bytes that are no UTF-8 stay as they are, and so do more than
/// 2 KiB of combining marks in a row. Linear; text below U+0300 costs a scan.
std::string_view normalized_nfc(std::string_view text, std::string& storage);

}  // namespace blue::text
