#include "models/chat/template_value.h"

#include <algorithm>

namespace blue::models::chat {

void Text::append(std::string_view bytes, Origin origin) {
  if (bytes.empty()) return;
  bytes_ += bytes;
  if (runs_.empty() || runs_.back().origin != origin) runs_.push_back({0, origin});
  runs_.back().end = bytes_.size();
}

void Text::append(const Text& other) {
  std::size_t begin = 0;
  for (const Run& run : other.runs_) {
    append(other.bytes().substr(begin, run.end - begin), run.origin);
    begin = run.end;
  }
}

Text Text::part(std::size_t begin, std::size_t end) const {
  Text out;
  std::size_t run_begin = 0;
  for (const Run& run : runs_) {
    const std::size_t from = std::max(begin, run_begin);
    const std::size_t to = std::min(end, run.end);
    if (from < to) out.append(bytes().substr(from, to - from), run.origin);
    run_begin = run.end;
  }
  return out;
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

bool Value::is_true() const {
  if (const bool* value = boolean()) return *value;
  if (const std::int64_t* value = integer()) return *value != 0;
  if (const Text* value = text()) return value->size() > 0;
  if (const List* value = list()) return !value->empty();
  if (const Map* value = map()) return !value->empty();
  return false;
}

bool Value::print_to(Text& out) const {
  if (const Text* value = text()) {
    out.append(*value);
  } else if (const std::int64_t* number = integer()) {
    out.append(std::to_string(*number), Origin::markup);
  } else if (const bool* truth = boolean()) {
    out.append(*truth ? "True" : "False", Origin::markup);
  } else if (is_none()) {
    out.append("None", Origin::markup);
  } else {
    return is_undefined();
  }
  return true;
}

std::string_view Value::kind() const {
  constexpr std::string_view kKinds[] = {"undefined", "none",   "a bool", "an integer",
                                         "a string",  "a list", "a map"};
  return kKinds[state_.index()];
}

bool operator==(const Value& a, const Value& b) {
  if (a.state_.index() != b.state_.index()) return false;
  if (a.text() != nullptr) return a.text()->bytes() == b.text()->bytes();
  if (a.integer() != nullptr) return *a.integer() == *b.integer();
  if (a.boolean() != nullptr) return *a.boolean() == *b.boolean();
  if (a.list() != nullptr) return a.list() == b.list();  // the same list; no template compares two
  if (a.map() != nullptr) return a.map() == b.map();
  return true;
}

}  // namespace blue::models::chat
