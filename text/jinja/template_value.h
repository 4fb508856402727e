// The values of a chat template while it renders: texts that remember the origin of every byte,
// numbers, sequences, maps, and what can be called. As Python has them, less what can change: only
// a namespace can, and it never holds another. Depends on text/chat_piece.h. Values share
// their texts, sequences and maps; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "text/chat_piece.h"

namespace blue::text::jinja {

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
  /// Bytes [begin, end) of another, with their origins.
  void append_part(const Text& other, std::size_t begin, std::size_t end);
  /// Bytes [begin, end), with their origins.
  [[nodiscard]] Text part(std::size_t begin, std::size_t end) const;
  [[nodiscard]] Origin origin_at(std::size_t at) const;
  [[nodiscard]] std::vector<ChatPiece> pieces() const;

 private:
  struct Run {
    std::size_t end;
    Origin origin;
  };
  [[nodiscard]] std::vector<Run>::const_iterator run_at(std::size_t at) const;
  std::string bytes_;
  std::vector<Run> runs_;
};

struct Undefined {};
struct None {};
class Value;
using List = std::vector<Value>;
using Map = std::vector<
    std::pair<Value, Value>>;  ///< in the order of insertion; few entries: searched in order
struct Sequence;
struct Table;
struct Namespace;
struct Callable;
struct LoopState;

/// What Python calls a sequence is of several kinds, which print, compare and count differently.
enum class Form : std::uint8_t {
  list,
  tuple,
  range,
  keys,       ///< of a map: has a length, no index
  values,     ///< likewise
  items,      ///< likewise
  generator,  ///< what most filters give: no length, no index, always true, empty after one walk
};

class Value {
 public:
  Value() = default;
  Value(None) : state_(None{}) {}
  Value(bool value) : state_(value) {}
  Value(std::int64_t value) : state_(value) {}
  Value(double value) : state_(value) {}
  Value(Text value) : state_(std::make_shared<const Text>(std::move(value))) {}
  Value(List value, Form form = Form::list);
  Value(Map value);
  Value(std::shared_ptr<Namespace> value) : state_(std::move(value)) {}
  Value(std::shared_ptr<Callable> value) : state_(std::move(value)) {}
  Value(std::shared_ptr<LoopState> value) : state_(std::move(value)) {}
  Value(const char*) = delete;  // would become a bool

  [[nodiscard]] bool is_undefined() const { return std::holds_alternative<Undefined>(state_); }
  [[nodiscard]] bool is_none() const { return std::holds_alternative<None>(state_); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&state_); }
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&state_); }
  [[nodiscard]] const double* real() const { return std::get_if<double>(&state_); }
  [[nodiscard]] const Text* text() const { return pointee<const Text>(); }
  [[nodiscard]] const Sequence* sequence() const { return pointee<const Sequence>(); }
  /// Its entries, whatever its form; null for what is no sequence.
  [[nodiscard]] const List* list() const;
  [[nodiscard]] const Map* map() const;
  [[nodiscard]] Namespace* space() const { return pointee<Namespace>(); }
  [[nodiscard]] Callable* callable() const { return pointee<Callable>(); }
  [[nodiscard]] LoopState* loop() const { return pointee<LoopState>(); }

  [[nodiscard]] bool is_true() const;
  /// A bool, integer or real.
  [[nodiscard]] bool is_number() const {
    return boolean() != nullptr || is_integral() || real() != nullptr;
  }
  [[nodiscard]] bool is_integral() const { return integer() != nullptr; }
  /// Of a number.
  [[nodiscard]] double as_real() const;
  /// An integer, or a bool as Python counts it.
  [[nodiscard]] bool to_integer(std::int64_t& out) const;
  [[nodiscard]] std::string_view kind() const;
  /// How deep sequences and maps nest in it, how many bytes it has when written out (what
  /// is shared counts each time; saturates), and whether it holds a namespace.
  struct Extent {
    std::uint32_t depth = 0;
    std::uint64_t weight = 1;
    bool holds_space = false;
    void take_in(const Value& part);
  };
  [[nodiscard]] Extent extent() const;

 private:
  template <class T>
  [[nodiscard]] T* pointee() const {
    const auto* pointer = std::get_if<std::shared_ptr<T>>(&state_);
    return pointer == nullptr ? nullptr : pointer->get();
  }

  std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const Text>,
               std::shared_ptr<const Sequence>, std::shared_ptr<const Table>,
               std::shared_ptr<Namespace>, std::shared_ptr<Callable>, std::shared_ptr<LoopState>>
      state_;
};

struct Sequence {
  List entries;
  Form form = Form::list;
  Value::Extent extent{.depth = 1};
  mutable bool is_spent = false;  ///< a generator that was walked through
};

struct Table {
  Map entries;
  Value::Extent extent{.depth = 1};
};

/// Jinja's namespace(): the one thing that changes. What holds a namespace is never set in one, so
/// none is in a circle.
struct Namespace {
  std::vector<std::pair<std::string, Value>> fields;
};

/// `loop`, of the round under way.
struct LoopState {
  std::shared_ptr<const List> entries;
  std::size_t at = 0;
  List changed;              ///< what loop.changed saw last
  bool has_changed = false;  ///< was it called before?
};

struct Statement;
struct Scope;

/// What ( ) can follow.
struct Callable {
  enum class Kind : std::uint8_t { function, method, macro, cycler, joiner };
  Kind kind = Kind::function;
  std::string name;                      ///< of function, method or macro
  Value self;                            ///< of a method
  const Statement* statement = nullptr;  ///< of a macro or a {% call %}
  std::weak_ptr<Scope> scope;            ///< of the macro; it cannot be called after that scope
  List entries;                          ///< of a cycler; a joiner's separator
  std::size_t at = 0;
  Value::Extent extent;  ///< of self and entries: who makes a callable takes them in
};

/// The entry of that name; null when there is none.
const Value* find_entry(const Map& map, std::string_view name);
/// Equal as Python has it: 1 == 1.0 == true, a list is no tuple. Bounded by the depth of values.
bool operator==(const Value& a, const Value& b);

}  // namespace blue::text::jinja
