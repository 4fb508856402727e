#include "text/jinja/template_methods.h"

#include <algorithm>
#include <iterator>

#include "text/jinja/template_characters.h"

namespace blue::text::jinja {
namespace {

constexpr std::string_view kMapMethods[] = {"get", "items", "keys", "values", "copy"};
constexpr std::string_view kListMethods[] = {"index", "count", "copy"};
constexpr std::string_view kMapChangers[] = {"clear", "pop", "popitem", "setdefault", "update"};
constexpr std::string_view kListChangers[] = {"append", "clear", "pop",    "reverse",
                                              "insert", "sort",  "extend", "remove"};

template <std::size_t n>
bool is_one_of(std::string_view name, const std::string_view (&names)[n]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

Value method(const Value& self, std::string_view name) {
  auto out = std::make_shared<Callable>();
  out->kind = Callable::Kind::method;
  out->name = name;
  out->self = self;
  out->extent.take_in(self);
  return Value(std::move(out));
}

bool has_method(const Value& value, std::string_view name) {
  if (value.text() != nullptr) return is_text_method(name);
  if (value.map() != nullptr) return is_one_of(name, kMapMethods);
  if (const Sequence* sequence = value.sequence()) {
    if (sequence->form == Form::list) return is_one_of(name, kListMethods);
    return sequence->form == Form::tuple && (name == "index" || name == "count");
  }
  if (value.loop() != nullptr) return name == "cycle" || name == "changed";
  const Callable* callable = value.callable();
  return callable != nullptr && callable->kind == Callable::Kind::cycler &&
         (name == "next" || name == "reset");
}

bool would_change(const Value& value, std::string_view name) {
  if (value.map() != nullptr) return is_one_of(name, kMapChangers);
  return value.sequence() != nullptr && value.sequence()->form == Form::list &&
         is_one_of(name, kListChangers);
}

Value loop_field(const LoopState& loop, std::string_view name) {
  const auto at = static_cast<std::int64_t>(loop.at);
  const auto n = static_cast<std::int64_t>(loop.entries->size());
  if (name == "index0") return at;
  if (name == "index") return at + 1;
  if (name == "revindex0") return n - at - 1;
  if (name == "revindex") return n - at;
  if (name == "first") return at == 0;
  if (name == "last") return at + 1 == n;
  if (name == "length") return n;
  // Loops in loops are one deep each: depth counts recursive ones.
  if (name == "depth") return std::int64_t{1};
  if (name == "depth0") return std::int64_t{0};
  if (name == "previtem" && at > 0) return (*loop.entries)[loop.at - 1];
  if (name == "nextitem" && at + 1 < n) return (*loop.entries)[loop.at + 1];
  return {};
}

/// The entry of a map, list or string; undefined where there is none.
Result<Value> find_in(const Value& value, const Value& index, const Site& site) {
  if (const Map* map = value.map()) {
    BLUE_TRY(site.see(map->size() * kBytesPerEntry));
    for (const auto& [key, entry] : *map) {
      if (key == index) return entry;
    }
    return Value();
  }
  std::int64_t at = 0;
  if (!index.to_integer(at)) return Value();
  if (const Text* text = value.text()) {
    BLUE_TRY(site.see(text->size()));
    const auto n = static_cast<std::int64_t>(count_characters(text->bytes()));
    if (at < 0) at += n;
    if (at < 0 || at >= n) return Value();
    const std::size_t begin = byte_of_character(text->bytes(), static_cast<std::size_t>(at));
    return Value(text->part(begin, begin + character_at(text->bytes(), begin).n_bytes));
  }
  const Sequence* sequence = value.sequence();
  if (sequence == nullptr || (sequence->form != Form::list && sequence->form != Form::tuple &&
                              sequence->form != Form::range))
    return Value();
  const auto n = static_cast<std::int64_t>(sequence->entries.size());
  if (at < 0) at += n;
  return at < 0 || at >= n ? Value() : sequence->entries[static_cast<std::size_t>(at)];
}

/// What Python's getattr finds.
bool find_attribute(const Value& value, std::string_view name, Value& out) {
  if (has_method(value, name)) {
    out = method(value, name);
    return true;
  }
  if (would_change(value, name)) return true;  // undefined: not an entry of that name
  if (const Namespace* space = value.space()) {
    for (const auto& [field, entry] : space->fields) {
      if (field == name) out = entry;
    }
  } else if (value.loop() != nullptr) {
    out = loop_field(*value.loop(), name);
  } else if (const Callable* callable = value.callable()) {
    if (callable->kind == Callable::Kind::cycler && name == "current" && !callable->entries.empty())
      out = callable->entries[callable->at];
    if (callable->kind == Callable::Kind::macro && name == "name")
      out = Text(callable->name, Origin::markup);
  }
  return !out.is_undefined();
}

Result<Value> get(const Map& map, const Arguments& arguments, const Site& site) {
  if (!arguments.named.empty() || arguments.positional.empty() || arguments.positional.size() > 2)
    return site.error("the method .get() with these arguments");
  BLUE_TRY(site.see(map.size() * kBytesPerEntry));
  BLUE_TRY(site.see(arguments.positional[0]));
  for (const auto& [key, entry] : map) {
    if (key == arguments.positional[0]) return entry;
  }
  return arguments.positional.size() == 2 ? arguments.positional[1] : Value(None{});
}

Result<Value> call_map_method(const Value& self, std::string_view name, const Arguments& arguments,
                              const Site& site) {
  const Map& map = *self.map();
  if (name == "get") return get(map, arguments, site);
  if (!arguments.empty())
    return site.error("the method ." + std::string(name) + "() with arguments");
  if (name == "copy") return self;
  BLUE_TRY(site.make(map.size() * 3 * kBytesPerEntry));
  List out;
  for (const auto& [key, entry] : map) {
    if (name == "keys") out.push_back(key);
    if (name == "values") out.push_back(entry);
    if (name == "items") out.emplace_back(List{key, entry}, Form::tuple);
  }
  return Value(std::move(out), name == "keys"     ? Form::keys
                               : name == "values" ? Form::values
                                                  : Form::items);
}

Result<Value> call_list_method(const Value& self, std::string_view name, const Arguments& arguments,
                               const Site& site) {
  const List& list = *self.list();
  if (name == "copy" && arguments.empty()) return self;
  if (arguments.positional.size() != 1 || !arguments.named.empty())
    return site.error("the method ." + std::string(name) + "() with these arguments");
  BLUE_TRY(site.see(self));
  if (name == "count") return Value(std::count(list.begin(), list.end(), arguments.positional[0]));
  const auto found = std::find(list.begin(), list.end(), arguments.positional[0]);
  if (found == list.end()) return site.error("the index of what is not in the list");
  return Value(static_cast<std::int64_t>(found - list.begin()));
}

Result<Value> call_loop_method(LoopState& loop, std::string_view name, const Arguments& arguments,
                               const Site& site) {
  if (!arguments.named.empty())
    return site.error("loop." + std::string(name) + "() with named arguments");
  if (name == "cycle") {
    if (arguments.positional.empty()) return site.error("loop.cycle() without values");
    return arguments.positional[loop.at % arguments.positional.size()];
  }
  for (const Value& value : arguments.positional) BLUE_TRY(site.see(value));
  const bool is_same = loop.has_changed && loop.changed == arguments.positional;
  // A loop that holds itself would never be freed.
  for (const Value& value : arguments.positional) {
    if (value.extent().holds_space) return site.error("loop.changed() of a namespace or a loop");
  }
  loop.has_changed = true;
  loop.changed = arguments.positional;
  return Value(!is_same);
}

}  // namespace

Result<Value> attribute_of(const Value& value, std::string_view name, const Site& site) {
  if (value.is_undefined())
    return site.error("the attribute ." + std::string(name) + " of undefined");
  Value out;
  if (find_attribute(value, name, out)) return out;
  if (const Map* map = value.map()) {
    BLUE_TRY(site.see(map->size() * kBytesPerEntry));
    const Value* found = find_entry(*map, name);
    return found == nullptr ? Value() : *found;
  }
  return Value();
}

Result<Value> entry_of(const Value& value, const Value& index, const Site& site) {
  if (value.is_undefined()) return site.misfit("an entry", value);
  BLUE_TRY(site.see(index));
  BLUE_TRY_ASSIGN(Value found, find_in(value, index, site));
  if (!found.is_undefined() || index.text() == nullptr) return found;
  Value out;
  find_attribute(value, index.text()->bytes(), out);
  return out;
}

Result<Value> call_method(const Value& self, std::string_view name, const Arguments& arguments,
                          const Site& site) {
  if (const Text* text = self.text()) return call_text_method(*text, name, arguments, site);
  if (self.map() != nullptr) return call_map_method(self, name, arguments, site);
  if (self.list() != nullptr) return call_list_method(self, name, arguments, site);
  if (self.loop() != nullptr) return call_loop_method(*self.loop(), name, arguments, site);
  Callable* cycler = self.callable();
  if (cycler == nullptr || !arguments.empty())
    return site.misfit("the method ." + std::string(name) + "()", self);
  if (name == "reset") {
    cycler->at = 0;
    return Value(None{});
  }
  const Value out = cycler->entries[cycler->at];
  cycler->at = (cycler->at + 1) % cycler->entries.size();
  return out;
}

}  // namespace blue::text::jinja
