// How GGUF vocabularies write bytes: GPT-2's printable stand-ins, SentencePiece's U+2581 and
// <0xNN>. Depends on the standard library alone. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace blue::text {

/// "<0x0A>" is byte 10; nothing when `name` is written otherwise.
std::optional<std::uint8_t> byte_of_name(std::string_view name);

/// Appends the bytes that GPT-2's stand-ins in `written` mean. False (and a part appended) at a
/// character that means none.
/// Source: Radford et al. 2019, GPT-2's byte-to-character table: printable Latin-1 means
/// itself, U+0100 and following mean the other 68 bytes in order.
bool append_spelled_bytes(std::string_view written, std::vector<char>& out);

/// Appends `written` with each U+2581 a space.
void append_with_spaces(std::string_view written, std::vector<char>& out);

}  // namespace blue::text
