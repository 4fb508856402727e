#include "text/jinja/template_value.h"

#include <algorithm>

namespace blue::text::jinja {
namespace {

constexpr std::uint64_t kMaxWeight = std::uint64_t{1} << 60;

}  // namespace

void Text::append(std::string_view bytes, Origin origin) {
  if (bytes.empty()) return;
  bytes_ += bytes;
  if (runs_.empty() || runs_.back().origin != origin) runs_.push_back({0, origin});
  runs_.back().end = bytes_.size();
}

void Text::append(const Text& other) { append_part(other, 0, other.size()); }

std::vector<Text::Run>::const_iterator Text::run_at(std::size_t at) const {
  return std::upper_bound(runs_.begin(), runs_.end(), at,
                          [](std::size_t place, const Run& run) { return place < run.end; });
}

void Text::append_part(const Text& other, std::size_t begin, std::size_t end) {
  end = std::min(end, other.size());
  for (auto run = other.run_at(begin); begin < end; ++run) {
    const std::size_t to = std::min(end, run->end);
    append(other.bytes().substr(begin, to - begin), run->origin);
    begin = to;
  }
}

Text Text::part(std::size_t begin, std::size_t end) const {
  Text out;
  out.append_part(*this, begin, end);
  return out;
}

Origin Text::origin_at(std::size_t at) const {
  const auto run = run_at(at);
  return run == runs_.end() ? Origin::markup : run->origin;
}

std::vector<ChatPiece> Text::pieces() const {
  std::vector<ChatPiece> out;
  std::size_t begin = 0;
  for (const Run& run : runs_) {
    out.push_back({bytes_.substr(begin, run.end - begin), run.origin});
    begin = run.end;
  }
  return out;
}

Value::Value(List value, Form form) {
  auto sequence = std::make_shared<Sequence>();
  for (const Value& entry : value) sequence->extent.take_in(entry);
  sequence->entries = std::move(value);
  sequence->form = form;
  state_ = std::shared_ptr<const Sequence>(std::move(sequence));
}

Value::Value(Map value) {
  auto table = std::make_shared<Table>();
  for (const auto& [key, entry] : value) {
    table->extent.take_in(key);
    table->extent.take_in(entry);
  }
  table->entries = std::move(value);
  state_ = std::shared_ptr<const Table>(std::move(table));
}

const List* Value::list() const { return sequence() == nullptr ? nullptr : &sequence()->entries; }

const Map* Value::map() const {
  const Table* table = pointee<const Table>();
  return table == nullptr ? nullptr : &table->entries;
}

bool Value::is_true() const {
  if (const bool* value = boolean()) return *value;
  if (const std::int64_t* value = integer()) return *value != 0;
  if (const double* value = real()) return *value != 0.0;
  if (const Text* value = text()) return value->size() > 0;
  if (const Sequence* value = sequence())
    return value->form == Form::generator || !value->entries.empty();
  if (const Map* value = map()) return !value->empty();
  return !is_undefined() && !is_none();
}

double Value::as_real() const {
  if (const double* value = real()) return *value;
  std::int64_t whole = 0;
  return to_integer(whole) ? static_cast<double>(whole) : 0.0;
}

bool Value::to_integer(std::int64_t& out) const {
  if (const std::int64_t* value = integer()) {
    out = *value;
  } else if (const bool* truth = boolean()) {
    out = *truth ? 1 : 0;
  } else {
    return false;
  }
  return true;
}

std::string_view Value::kind() const {
  constexpr std::string_view kKinds[] = {"undefined",   "none",       "a bool", "an integer",
                                         "a float",     "a string",   "a list", "a map",
                                         "a namespace", "a function", "a loop"};
  if (sequence() != nullptr && sequence()->form == Form::tuple) return "a tuple";
  if (sequence() != nullptr && sequence()->form == Form::generator) return "a generator";
  return kKinds[state_.index()];
}

void Value::Extent::take_in(const Value& part) {
  const Extent other = part.extent();
  depth = std::max(depth, other.depth + 1);
  weight = std::min(kMaxWeight, weight + other.weight);
  holds_space |= other.holds_space;
}

Value::Extent Value::extent() const {
  Extent out;
  if (const Text* value = text()) out.weight += value->size();
  if (const Sequence* value = sequence()) return value->extent;
  if (const Table* value = pointee<const Table>()) return value->extent;
  if (const Callable* value = callable()) return value->extent;
  out.holds_space |= space() != nullptr || loop() != nullptr;
  return out;
}

const Value* find_entry(const Map& map, std::string_view name) {
  for (const auto& [key, value] : map) {
    if (key.text() != nullptr && key.text()->bytes() == name) return &value;
  }
  return nullptr;
}

namespace {

bool equal_maps(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [&](const auto& entry) {
    return std::any_of(b.begin(), b.end(), [&](const auto& other) {
      return entry.first == other.first && entry.second == other.second;
    });
  });
}

}  // namespace

bool operator==(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    std::int64_t left = 0;
    std::int64_t right = 0;
    if (a.to_integer(left) && b.to_integer(right)) return left == right;
    return a.as_real() == b.as_real();
  }
  if (a.text() != nullptr && b.text() != nullptr) return a.text()->bytes() == b.text()->bytes();
  if (const Sequence* left = a.sequence(), *right = b.sequence();
      left != nullptr && right != nullptr) {
    if (left == right) return true;
    return left->form == right->form && left->form != Form::generator &&
           left->form != Form::values && left->entries == right->entries;
  }
  if (a.map() != nullptr && b.map() != nullptr)
    return a.map() == b.map() || equal_maps(*a.map(), *b.map());
  if (a.space() != nullptr || a.callable() != nullptr || a.loop() != nullptr) {
    return a.space() == b.space() && a.callable() == b.callable() && a.loop() == b.loop();
  }
  return (a.is_undefined() && b.is_undefined()) || (a.is_none() && b.is_none());
}

}  // namespace blue::text::jinja
