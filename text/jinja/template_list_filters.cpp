// The filters that walk through lists and maps; those that compare entries:
// template_order_filters.cpp.
#include <algorithm>
#include <iterator>

#include "text/jinja/template_characters.h"
#include "text/jinja/template_filters.h"
#include "text/jinja/template_methods.h"
#include "text/jinja/template_operators.h"
#include "text/jinja/template_print.h"

namespace blue::text::jinja {
namespace {

Result<Value> length(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  if (value.is_undefined()) return Value(std::int64_t{0});
  if (const Text* text = value.text()) {
    BLUE_TRY(site.see(text->size()));
    return Value(static_cast<std::int64_t>(count_characters(text->bytes())));
  }
  if (value.map() != nullptr) return Value(static_cast<std::int64_t>(value.map()->size()));
  const Sequence* sequence = value.sequence();
  if (sequence == nullptr || sequence->form == Form::generator) return unfit_arguments(value, site);
  return Value(static_cast<std::int64_t>(sequence->entries.size()));
}

Result<Value> first(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  return entries.empty() ? Value() : entries.front();
}

Result<Value> last(const Value& value, const Arguments& arguments, const Site& site) {
  const Sequence* sequence = value.sequence();
  if (!arguments.empty() || (sequence != nullptr && sequence->form == Form::generator))
    return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  return entries.empty() ? Value() : entries.back();
}

Result<Value> to_list(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(List entries, entries_of(value, site));
  return Value(std::move(entries));
}

Result<Value> items(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  if (value.is_undefined()) return Value(List(), Form::generator);
  if (value.map() == nullptr) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const Value pairs, call_method(value, "items", {}, site));
  return Value(*pairs.list(), Form::generator);
}

/// The arguments behind the first `n`, the named ones with them.
Arguments behind(const Arguments& arguments, std::size_t n) {
  Arguments out = arguments;
  out.positional.erase(out.positional.begin(),
                       out.positional.begin() + static_cast<std::ptrdiff_t>(n));
  return out;
}

Result<Value> map(const Value& value, const Arguments& arguments, const Site& site) {
  List out;
  if (!arguments.positional.empty()) {
    if (arguments.positional[0].text() == nullptr) return unfit_arguments(value, site);
    const std::string name(arguments.positional[0].text()->bytes());
    const Arguments rest = behind(arguments, 1);
    BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
    for (const Value& entry : entries) {
      BLUE_TRY(site.budget.step(site.line));
      BLUE_TRY_ASSIGN(Value changed, apply_filter(name, entry, rest, site));
      out.push_back(std::move(changed));
    }
    return Value(std::move(out), Form::generator);
  }
  std::array<const Value*, 2> given{};
  if (!arguments.bind<2>({"attribute", "default"}, given) || given[0] == nullptr)
    return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  for (const Value& entry : entries) {
    BLUE_TRY(site.budget.step(site.line));
    BLUE_TRY_ASSIGN(Value found, look_up(entry, *given[0], site));
    if (found.is_undefined() && given[1] != nullptr && !given[1]->is_none()) found = *given[1];
    out.push_back(std::move(found));
  }
  return Value(std::move(out), Form::generator);
}

enum class Kept : std::uint8_t { true_ones, false_ones };
enum class Of : std::uint8_t { entry, attribute };

template <Kept kept, Of of>
Result<Value> select(const Value& value, const Arguments& arguments, const Site& site) {
  constexpr std::size_t kNameAt = of == Of::attribute ? 1 : 0;
  const List& given = arguments.positional;
  if (!value.is_true()) return Value(List(), Form::generator);
  if (given.size() < kNameAt) return unfit_arguments(value, site);
  const bool has_test = given.size() > kNameAt;
  if (has_test && given[kNameAt].text() == nullptr) return unfit_arguments(value, site);
  const std::string name(has_test ? given[kNameAt].text()->bytes() : "");
  const Arguments rest = has_test ? behind(arguments, kNameAt + 1) : Arguments{};
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  List out;
  for (const Value& entry : entries) {
    BLUE_TRY(site.budget.step(site.line));
    Value tested = entry;
    if (of == Of::attribute) {
      BLUE_TRY_ASSIGN(tested, look_up(entry, given[0], site));
    }
    bool is_true = tested.is_true();
    if (has_test) {
      BLUE_TRY_ASSIGN(is_true, apply_test(name, tested, rest, site));
    }
    if (is_true == (kept == Kept::true_ones)) out.push_back(entry);
  }
  return Value(std::move(out), Form::generator);
}

Result<Value> join(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  if (!arguments.bind<2>({"d", "attribute"}, given)) return unfit_arguments(value, site);
  Text between;
  if (given[0] != nullptr) {
    BLUE_TRY_ASSIGN(between, printed(*given[0], site));
  }
  const bool has_attribute = given[1] != nullptr && !given[1]->is_none();
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  Text out;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Value entry = entries[i];
    if (has_attribute) {
      BLUE_TRY_ASSIGN(entry, look_up(entry, *given[1], site));
    }
    BLUE_TRY_ASSIGN(const Text text, printed(entry, site));
    BLUE_TRY(site.make(text.size() + between.size()));
    if (i > 0) out.append(between);
    out.append(text);
  }
  return Value(std::move(out));
}

Result<Value> sum(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  if (!arguments.bind<2>({"attribute", "start"}, given)) return unfit_arguments(value, site);
  Value out = given[1] != nullptr ? *given[1] : Value(std::int64_t{0});
  if (out.text() != nullptr) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  for (const Value& entry : entries) {
    Value term = entry;
    if (given[0] != nullptr && !given[0]->is_none()) {
      BLUE_TRY_ASSIGN(term, look_up(entry, *given[0], site));
    }
    BLUE_TRY_ASSIGN(out, apply_operator("+", out, term, site));
  }
  return out;
}

Result<Value> reverse(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  if (value.text() != nullptr) return slice(value, Value(), Value(), Value(std::int64_t{-1}), site);
  BLUE_TRY_ASSIGN(List entries, entries_of(value, site));
  std::reverse(entries.begin(), entries.end());
  return Value(std::move(entries), Form::generator);
}

Result<Value> batch(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  std::int64_t n = 0;
  if (!arguments.bind<2>({"linecount", "fill_with"}, given) || given[0] == nullptr ||
      !given[0]->to_integer(n) || n < 1)
    return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  const bool fills = given[1] != nullptr && !given[1]->is_none();
  List out;
  List line;
  for (const Value& entry : entries) {
    if (static_cast<std::int64_t>(line.size()) == n) out.emplace_back(std::exchange(line, {}));
    line.push_back(entry);
  }
  if (fills && !line.empty()) {
    BLUE_TRY(site.make(static_cast<std::uint64_t>(n) * kBytesPerEntry));
    line.resize(static_cast<std::size_t>(n), *given[1]);
  }
  if (!line.empty()) out.emplace_back(std::move(line));
  return Value(std::move(out), Form::generator);
}

/// So many lists, the first ones longer by one entry, or the last ones filled up.
Result<Value> slices(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  std::int64_t n = 0;
  if (!arguments.bind<2>({"slices", "fill_with"}, given) || given[0] == nullptr ||
      !given[0]->to_integer(n) || n == 0)
    return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  const std::uint64_t n_slices = n < 0 ? 0 : static_cast<std::uint64_t>(n);
  BLUE_TRY(site.make(n_slices > site.budget.limits().bytes ? n_slices : n_slices * kBytesPerEntry));
  const bool fills = given[1] != nullptr && !given[1]->is_none();
  List out;
  auto next = entries.begin();
  for (std::uint64_t i = 0; i < n_slices; ++i) {
    const bool is_longer = i < entries.size() % n_slices;
    const auto end = next + static_cast<std::ptrdiff_t>(entries.size() / n_slices) + is_longer;
    List slice(next, end);
    if (fills && !is_longer) slice.push_back(*given[1]);
    out.emplace_back(std::move(slice));
    next = end;
  }
  return Value(std::move(out), Form::generator);
}

Result<Value> attribute(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"name"}, given) || given[0] == nullptr || given[0]->text() == nullptr)
    return unfit_arguments(value, site);
  if (value.map() != nullptr)
    return Value();  // the filter sees attributes alone, and a map's entries are none
  return attribute_of(value, given[0]->text()->bytes(), site);
}

constexpr std::pair<std::string_view, Filter> kListFilters[] = {
    {"length", length},
    {"count", length},
    {"first", first},
    {"last", last},
    {"list", to_list},
    {"items", items},
    {"map", map},
    {"select", select<Kept::true_ones, Of::entry>},
    {"reject", select<Kept::false_ones, Of::entry>},
    {"selectattr", select<Kept::true_ones, Of::attribute>},
    {"rejectattr", select<Kept::false_ones, Of::attribute>},
    {"join", join},
    {"sum", sum},
    {"reverse", reverse},
    {"batch", batch},
    {"slice", slices},
    {"attr", attribute},
};

}  // namespace

Result<Value> look_up(const Value& value, const Value& path, const Site& site) {
  if (path.text() == nullptr) return entry_of(value, path, site);
  Value out = value;
  std::string_view rest = path.text()->bytes();
  for (bool is_more = true; is_more;) {
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    is_more = dot != std::string_view::npos;
    rest = is_more ? rest.substr(dot + 1) : std::string_view();
    const bool is_number = !name.empty() && name.size() < 10 &&
                           name.find_first_not_of("0123456789") == std::string_view::npos;
    const Value index = is_number ? Value(static_cast<std::int64_t>(std::stoll(std::string(name))))
                                  : Value(Text(name, Origin::content));
    BLUE_TRY_ASSIGN(out, entry_of(out, index, site));
  }
  return out;
}

Filter find_list_filter(std::string_view name) {
  for (const auto& [known, filter] : kListFilters) {
    if (known == name) return filter;
  }
  return nullptr;
}

bool is_filter(std::string_view name) {
  return find_plain_filter(name) != nullptr || find_list_filter(name) != nullptr ||
         find_order_filter(name) != nullptr;
}

Result<Value> apply_filter(std::string_view name, const Value& value, const Arguments& arguments,
                           const Site& site) {
  Filter filter = find_plain_filter(name);
  if (filter == nullptr) filter = find_list_filter(name);
  if (filter == nullptr) filter = find_order_filter(name);
  const std::string shown(name.substr(0, 40));
  if (filter == nullptr)
    return site.error("the filter \"" + shown + "\", which this program does not know");
  return filter(value, arguments, site);
}

}  // namespace blue::text::jinja
