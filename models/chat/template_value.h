// The values of a chat template while it renders: texts that remember the origin of every byte, lists, maps.
// Depends on models/chat/chat_piece.h. Values share their texts, lists and maps; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "models/chat/chat_piece.h"

namespace blue::models::chat {

using Origin = ChatPiece::Origin;

/// A text as runs of one origin each.
class Text {
 public:
  Text() = default;
  Text(std::string_view bytes, Origin origin) { append(bytes, origin); }

  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  void append(std::string_view bytes, Origin origin);
  void append(const Text& other);
  /// Bytes [begin, end), with their origins.
  [[nodiscard]] Text part(std::size_t begin, std::size_t end) const;
  /// The same runs with every byte changed by `change`.
  template <class Change>
  [[nodiscard]] Text mapped(const Change& change) const {
    Text out = *this;
    for (char& c : out.bytes_) c = change(c);
    return out;
  }
  [[nodiscard]] std::vector<ChatPiece> pieces() const;

 private:
  struct Run {
    std::size_t end;
    Origin origin;
  };
  std::string bytes_;
  std::vector<Run> runs_;
};

struct Undefined {};
struct None {};
class Value;
using List = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;  ///< few entries: searched in order

class Value {
 public:
  Value() = default;
  Value(None) : state_(None{}) {}
  Value(bool value) : state_(value) {}
  Value(std::int64_t value) : state_(value) {}
  Value(Text value) : state_(std::make_shared<const Text>(std::move(value))) {}
  Value(List value) : state_(std::make_shared<const List>(std::move(value))) {}
  Value(Map value) : state_(std::make_shared<Map>(std::move(value))) {}
  Value(const char*) = delete;  // would become a bool

  [[nodiscard]] bool is_undefined() const { return std::holds_alternative<Undefined>(state_); }
  [[nodiscard]] bool is_none() const { return std::holds_alternative<None>(state_); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&state_); }
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&state_); }
  [[nodiscard]] const Text* text() const { return pointee<const Text>(); }
  [[nodiscard]] const List* list() const { return pointee<const List>(); }
  /// A map is shared: what is set through one value shows in all (Jinja's namespace).
  [[nodiscard]] Map* map() const { return pointee<Map>(); }

  [[nodiscard]] bool is_true() const;
  /// What {{ }} prints. Nothing for a list or map, which no template prints on purpose.
  [[nodiscard]] bool print_to(Text& out) const;
  [[nodiscard]] std::string_view kind() const;

  friend bool operator==(const Value& a, const Value& b);

 private:
  template <class T>
  [[nodiscard]] T* pointee() const {
    const auto* pointer = std::get_if<std::shared_ptr<T>>(&state_);
    return pointer == nullptr ? nullptr : pointer->get();
  }

  std::variant<Undefined, None, bool, std::int64_t, std::shared_ptr<const Text>, std::shared_ptr<const List>,
               std::shared_ptr<Map>>
      state_;
};

/// The entry of that name; null when there is none.
inline Value* find_entry(Map& map, std::string_view name) {
  for (auto& [key, value] : map) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace blue::models::chat
