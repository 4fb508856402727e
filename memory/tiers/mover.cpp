#include "memory/tiers/mover.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "base/check.h"

namespace blue::memory {
namespace {

/// Parts that have arrived while an earlier one of their block is still read.
constexpr std::size_t kPartsThatWait = 8;
/// With reads and copies under way no one call waits for both: both are asked for so long, then the
/// reads are waited for.
constexpr Nanoseconds kAskBothNs = 100'000;

}  // namespace

Mover::Mover(hal::Device& device, hal::FileReader& reader, BlockCatalog& catalog,
             Residency& residency, Options options)
    : device_(device),
      reader_(reader),
      catalog_(catalog),
      residency_(residency),
      options_(options),
      device_is_host_(device.info().kind == hal::DeviceKind::cpu),
      moves_(options.max_in_flight),
      parts_(options.n_slots + options.most_reads + kPartsThatWait) {
  order_.reserve(moves_.size());
  copying_.reserve(parts_.size());
}

Result<std::unique_ptr<Mover>> Mover::open(hal::Device& device, hal::FileReader& reader,
                                           BlockCatalog& catalog, Residency& residency,
                                           Options options) {
  BLUE_CHECK(options.window.count > 0 && options.read.count > 0 && options.max_in_flight > 0 &&
             options.most_reads > 0 && options.n_slots > 0);
  auto mover = std::unique_ptr<Mover>(new Mover(device, reader, catalog, residency, options));
  BLUE_TRY_ASSIGN(mover->stream_, device.open_stream());
  for (Part& part : mover->parts_) {
    BLUE_TRY_ASSIGN(part.copied, device.open_event());
  }
  if (!mover->device_is_host_) BLUE_TRY(mover->open_staging());
  return mover;
}

Status Mover::open_staging() {
  const std::uint64_t slot = round_up(options_.window.count + kSlotSlack, kFileCut);
  BLUE_TRY_ASSIGN(staging_, PinnedPool::open(device_, Bytes{slot * options_.n_slots}));
  for (std::size_t i = options_.n_slots; i-- > 0;)
    free_slots_.push_back(staging_->bytes().data() + i * slot);
  const Status registered = reader_.register_buffer(staging_->bytes());
  if (!registered) registration_refusal_ = registered.error().message();
  return {};
}

Mover::~Mover() {
  for (const std::size_t index : order_)
    fail(moves_[index], Error(MemoryError::stopped, "the mover ended"));
  std::vector<MoveEnd> unheard;
  while (n_in_flight() > 0) poll(unheard, Poll::wait);
}

std::string Mover::staging_refusal() const {
  if (staging_ == nullptr) return {};
  return staging_->is_page_locked() ? registration_refusal_ : staging_->lock_refusal();
}

std::size_t Mover::n_in_flight() const { return order_.size(); }

bool Mover::is_out_of_file(const Move& move) const {
  return move.order.route == MoveRoute::file_to_host ||
         move.order.route == MoveRoute::file_to_device;
}

/// Through the device's copies, or is the place itself host memory that is read into?
bool Mover::is_copied(const Move& move) const {
  return !is_out_of_file(move) ||
         (move.order.route == MoveRoute::file_to_device && !device_is_host_);
}

bool Mover::is_staged(const Move& move) const {
  return !device_is_host_ && (move.order.route == MoveRoute::file_to_device ||
                              move.order.route == MoveRoute::pageable_to_device);
}

bool Mover::submit(const MoveOrder& order) {
  const auto place = std::ranges::find_if(moves_, [](const Move& m) { return !m.is_used; });
  if (place == moves_.end()) return false;
  BLUE_CHECK(order.into != nullptr);
  *place = Move();
  place->order = order;
  place->block = &catalog_.at(order.block);
  place->is_used = true;
  place->begin_ns = monotonic_now_ns();
  place->report.bytes = place->block->size;
  place->check.begin(*place->block);
  BLUE_CHECK(is_out_of_file(*place) || order.from != nullptr, place->block->name);
  auto behind = order_.end();
  if (order.is_urgent) {
    behind = std::ranges::find_if(
        order_, [this](std::size_t other) { return !moves_[other].order.is_urgent; });
  }
  order_.insert(behind, static_cast<std::size_t>(place - moves_.begin()));
  pump();
  return true;
}

bool Mover::cancel(BlockId block, Tier tier) {
  for (const std::size_t index : order_) {
    Move& move = moves_[index];
    if (move.order.block != block || move.order.tier != tier) continue;
    fail(move,
         Error(MemoryError::stopped, "block " + move.block->name + ": its move was given up"));
    return true;
  }
  return false;
}

void Mover::fail(Move& move, Error error) {
  if (!move.error) move.error = std::move(error);
}

void Mover::poll(std::vector<MoveEnd>& ended, Poll how) {
  std::ranges::move(untold_, std::back_inserter(ended));
  const bool has_told = !untold_.empty();
  untold_.clear();
  const std::size_t n_before = ended.size();
  const bool has_advanced = advance();
  collect(ended);
  if (how == Poll::wait && !has_advanced && !has_told && ended.size() == n_before) {
    wait_for_part();
    advance();
    collect(ended);
  }
}

/// Whether a read or a copy has ended.
bool Mover::advance() {
  const bool has_read = reap_reads(hal::FileReader::Reap::poll);
  const bool has_copied = reap_copies();
  pump();  // before the checks, so that the drive has work while they run
  settle();
  pump();
  return has_read || has_copied;
}

void Mover::wait_for_part() {
  if (n_reads_ > 0 && !copying_.empty()) {
    const Nanoseconds until = monotonic_now_ns() + kAskBothNs;
    while (monotonic_now_ns() < until) {
      if (reap_reads(hal::FileReader::Reap::poll) || reap_copies()) return;
      std::this_thread::yield();
    }
  }
  if (n_reads_ > 0) {
    reap_reads(hal::FileReader::Reap::wait);
  } else if (!copying_.empty()) {
    const std::size_t first = copying_.front();
    const Status waited = parts_[first].copied->wait();
    end_copy(first, waited ? Result<bool>(true) : Result<bool>(waited.error()));
  }
}

/// Takes every part as far as it goes without waiting.
void Mover::settle() {
  for (Part& part : parts_) settle(part);
  for (const std::size_t index : order_) check(moves_[index]);
  for (Part& part : parts_) settle(part);
}

/// Ends the moves that have nothing left to do, and starts those over that have a bad piece.
void Mover::collect(std::vector<MoveEnd>& ended) {
  bool starts_over = false;
  for (std::size_t i = 0; i < order_.size();) {
    Move& move = moves_[order_[i]];
    const bool is_done = move.opened_to == move.block->size.count || !move.goes_on();
    if (move.n_parts > 0 || !is_done) {
      ++i;
    } else if (!move.error && move.bad_piece && !move.is_reread) {
      move.is_reread = true;
      move.bad_piece.reset();
      move.opened_to = move.checked_to = 0;
      move.check.begin(*move.block);
      starts_over = true;
      ++i;
    } else {
      end(move, ended);
      order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  if (starts_over) pump();
}

void Mover::end(Move& move, std::vector<MoveEnd>& ended) {
  if (!move.error && move.bad_piece) move.error = corrupt(move);
  const MoveOrder& order = move.order;
  move.is_used = false;
  if (move.error) {
    residency_.abandon(order.block, order.tier);
    ended.push_back({order.block, order.tier, std::move(*move.error)});
    return;
  }
  const Nanoseconds now = monotonic_now_ns();
  move.report.total_ns = now - move.begin_ns;
  if (move.first_copy_ns != 0) move.report.copy_ns = now - move.first_copy_ns;
  residency_.publish(order.block, order.tier, order.address);
  ended.push_back({order.block, order.tier, move.report});
}

Error Mover::corrupt(const Move& move) const {
  const BadPiece& piece = *move.bad_piece;
  return Error(MemoryError::block_corrupt,
               catalog_.path(piece.file) + ": block " + move.block->name + ": the " +
                   std::to_string(piece.size) + " bytes at offset " +
                   std::to_string(piece.file_offset) +
                   " were read twice and are not those of the file's index or of their first "
                   "read: replace the file and start again");
}

Result<MoveReport> Mover::move(const MoveOrder& order) {
  std::vector<MoveEnd> others;
  while (!submit(order)) poll(others, Poll::wait);
  std::vector<MoveEnd> ended;
  std::ranges::move(std::exchange(untold_, {}), std::back_inserter(others));
  while (true) {
    poll(ended, Poll::wait);
    const auto own = std::ranges::find_if(ended, [&](const MoveEnd& end) {
      return end.block == order.block && end.tier == order.tier;
    });
    if (own == ended.end()) continue;
    Result<MoveReport> outcome = std::move(own->outcome);
    ended.erase(own);
    std::ranges::move(ended, std::back_inserter(others));
    untold_ = std::move(others);
    return outcome;
  }
}

}  // namespace blue::memory
