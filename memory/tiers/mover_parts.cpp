// The parts of moves: opened in the block's order, placed in host memory, checked, released.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "memory/tiers/mover.h"

namespace blue::memory {

void Mover::pump() {
  is_reader_full_ = false;
  for (const std::size_t index : order_) pump(index);
}

/// Opens parts of the move and submits their reads or copies, until the reader is full or parts or
/// slots are used up.
void Mover::pump(std::size_t index) {
  Move& move = moves_[index];
  if (lost_reader_ && is_staged(move)) fail(move, read_error(*move.block, *lost_reader_));
  while (move.goes_on()) {
    if (is_out_of_file(move) && is_reader_full_) return;
    if (!move.sending) move.sending = open_part(index);
    if (!move.sending) return;
    Part& part = parts_[*move.sending];
    if (is_out_of_file(move)) {
      const Result<Sent> sent = send_reads(part, *move.sending);
      if (!sent) {
        fail(move, sent.error());
      } else if (*sent == Sent::some) {
        is_reader_full_ = true;
        return;
      }
    } else {
      begin_copy(move, part);
    }
    if (part.step == PartStep::sending) part.step = PartStep::reading;
    move.sending.reset();
  }
}

std::optional<std::size_t> Mover::open_part(std::size_t index) {
  Move& move = moves_[index];
  if (move.opened_to == move.block->size.count) return std::nullopt;
  if (is_staged(move) && free_slots_.empty()) return std::nullopt;
  if (!is_out_of_file(move) && copying_.size() >= options_.n_slots) return std::nullopt;
  const auto part =
      std::ranges::find_if(parts_, [](const Part& p) { return p.step == PartStep::unused; });
  if (part == parts_.end()) return std::nullopt;
  part->step = PartStep::sending;
  part->move = index;
  part->n_segments = part->sent_segments = 0;
  part->sent_bytes = 0;
  part->n_reads = 0;
  part->is_copying = false;
  part->is_checked = !is_out_of_file(move);
  part->slot = nullptr;
  if (is_staged(move)) {
    part->slot = free_slots_.back();
    free_slots_.pop_back();
  }
  part->begin = part->end = move.opened_to;
  place(move, *part);
  move.opened_to = part->end;
  move.n_parts += 1;
  return static_cast<std::size_t>(part - parts_.begin());
}

/// Lays out the part's segments: in the block's own place, or behind each other in the slot, each
/// as far off alignment as its bytes are in the file, so that whole aligned stretches can be read.
void Mover::place(const Move& move, Part& part) {
  const std::uint64_t rest = move.block->size.count - part.begin;
  const std::uint64_t limit =
      part.begin + (is_copied(move) ? std::min(options_.window.count, rest)
                                    : read_size(part.begin, rest, options_.read.count));
  if (!is_out_of_file(move)) {
    part.end = limit;
    return;
  }
  std::uint64_t used = 0;  // of the slot
  while (part.end < limit && part.n_segments < kMostSegments) {
    const BlockSegment bytes = next_segment(*move.block, part.end, limit - part.end);
    PlacedSegment& placed = part.segments[part.n_segments++];
    placed.bytes = bytes;
    placed.read.offset = bytes.file_offset;
    std::uint64_t n_read = bytes.n_read;
    if (part.slot == nullptr) {
      placed.host = move.order.into + bytes.begin;
      placed.read.into = ByteSpan(placed.host, n_read);
    } else {
      const std::uint64_t shift = bytes.n_read > 0 ? bytes.file_offset % kFileCut : 0;
      placed.host = part.slot + used + shift;
      if (n_read > 0) n_read = round_up(shift + n_read, kFileCut);
      placed.read.offset -= shift;
      placed.read.into = ByteSpan(part.slot + used, n_read);
      used = round_up(std::max(used + n_read, used + shift + bytes.size()), kFileCut);
    }
    part.end = bytes.end;
    if (bytes.is_cut) return;
  }
}

/// Takes a part as far as it goes: from the last read to its copy, and to its release.
void Mover::settle(Part& part) {
  if (part.step == PartStep::unused || part.n_reads > 0) return;
  Move& move = moves_[part.move];
  if (part.step == PartStep::sending) {
    if (move.goes_on()) return;
    move.sending.reset();  // the rest of its reads is not submitted
    part.step = PartStep::reading;
  }
  if (part.step == PartStep::reading) {
    part.step = PartStep::arrived;
    if (move.goes_on() && is_out_of_file(move)) {
      move.report.read_ns = monotonic_now_ns() - move.begin_ns;
      for (std::size_t i = 0; i < part.n_segments; ++i) {
        const PlacedSegment& placed = part.segments[i];
        zero_padding(*move.block, placed.bytes.begin, placed.bytes.end, placed.host);
      }
      if (part.slot != nullptr) begin_copy(move, part);
    }
  }
  const bool is_needed = move.goes_on() && !part.is_checked;
  if (!part.is_copying && !is_needed) release(part);
}

/// Checks the parts that have arrived, in the block's order.
void Mover::check(Move& move) {
  if (!is_out_of_file(move)) return;
  const auto next = [&] {
    return std::ranges::find_if(parts_, [&](const Part& part) {
      return part.step == PartStep::arrived && !part.is_checked && &moves_[part.move] == &move &&
             part.begin == move.checked_to;
    });
  };
  for (auto part = next(); move.goes_on() && part != parts_.end(); part = next()) {
    for (std::size_t i = 0; i < part->n_segments; ++i) {
      const PlacedSegment& placed = part->segments[i];
      const std::optional<BadPiece> bad =
          move.check.take(ConstByteSpan(placed.host, placed.bytes.size()), catalog_);
      if (bad && !move.bad_piece) move.bad_piece = bad;
    }
    part->is_checked = true;
    move.checked_to = part->end;
  }
}

void Mover::release(Part& part) {
  part.step = PartStep::unused;
  if (part.slot != nullptr) free_slots_.push_back(part.slot);
  part.slot = nullptr;
  moves_[part.move].n_parts -= 1;
}

}  // namespace blue::memory
