// The filters that compare the entries of a list or map with each other: by themselves, or by an
// attribute of theirs.
#include <algorithm>

#include "text/jinja/template_filters.h"
#include "text/jinja/template_operators.h"
#include "text/jinja/template_text_changes.h"

namespace blue::text::jinja {
namespace {

/// What entries are ordered by: an attribute of theirs, in lower case unless case counts.
struct Order {
  const Value* attribute = nullptr;
  bool minds_case = false;

  Result<Value> key(const Value& entry, const Site& site) const {
    Value out = entry;
    if (attribute != nullptr && !attribute->is_none()) {
      BLUE_TRY_ASSIGN(out, look_up(entry, *attribute, site));
    }
    if (minds_case || out.text() == nullptr) return out;
    BLUE_TRY(site.make(out.text()->size() * 3));
    return Value(cased(*out.text(), Casing::lower));
  }

  /// Several attributes between commas, as sort takes them.
  Result<List> keys(const Value& entry, const Site& site) const {
    List out;
    std::string_view rest =
        attribute != nullptr && attribute->text() != nullptr ? attribute->text()->bytes() : "";
    if (rest.find(',') == std::string_view::npos) {
      BLUE_TRY_ASSIGN(Value only, key(entry, site));
      out.push_back(std::move(only));
      return out;
    }
    for (bool is_more = true; is_more;) {
      const std::size_t comma = rest.find(',');
      is_more = comma != std::string_view::npos;
      const Value name(Text(rest.substr(0, comma), Origin::content));
      BLUE_TRY_ASSIGN(Value part, (Order{&name, minds_case}.key(entry, site)));
      out.push_back(std::move(part));
      rest = is_more ? rest.substr(comma + 1) : std::string_view();
    }
    return out;
  }
};

struct Keyed {
  List keys;
  Value entry;
};

/// Stable. A sort whose comparison fails continues, and returns the first error at
/// the end.
Result<List> sorted(std::vector<Keyed> entries, bool is_reversed, const Site& site) {
  Status failed;
  std::stable_sort(entries.begin(), entries.end(), [&](const Keyed& a, const Keyed& b) {
    if (!failed) return false;
    const Keyed& left = is_reversed ? b : a;
    const Keyed& right = is_reversed ? a : b;
    for (std::size_t i = 0; i < left.keys.size(); ++i) {
      Status seen = site.see(kBytesPerEntry);
      const Result<int> order = order_of(left.keys[i], right.keys[i], site);
      if (!seen || !order) {
        failed = !seen ? std::move(seen) : Status(Error(order.error()));
        return false;
      }
      if (*order != 0) return *order < 0;
    }
    return false;
  });
  BLUE_TRY(std::move(failed));
  List out;
  for (Keyed& keyed : entries) out.push_back(std::move(keyed.entry));
  return out;
}

Result<Value> sort(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 3> given{};
  if (!arguments.bind<3>({"reverse", "case_sensitive", "attribute"}, given))
    return unfit_arguments(value, site);
  const Order order{given[2], given[1] != nullptr && given[1]->is_true()};
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  std::vector<Keyed> keyed;
  for (const Value& entry : entries) {
    BLUE_TRY_ASSIGN(List keys, order.keys(entry, site));
    keyed.push_back({std::move(keys), entry});
  }
  BLUE_TRY_ASSIGN(List out,
                  sorted(std::move(keyed), given[0] != nullptr && given[0]->is_true(), site));
  return Value(std::move(out));
}

Result<Value> dictsort(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 3> given{};
  if (!arguments.bind<3>({"case_sensitive", "by", "reverse"}, given) || value.map() == nullptr)
    return unfit_arguments(value, site);
  const std::string_view by = given[1] == nullptr           ? "key"
                              : given[1]->text() != nullptr ? given[1]->text()->bytes()
                                                            : "";
  if (by != "key" && by != "value") return unfit_arguments(value, site);
  const Order order{nullptr, given[0] != nullptr && given[0]->is_true()};
  std::vector<Keyed> keyed;
  BLUE_TRY(site.make(value.map()->size() * 3 * kBytesPerEntry));
  for (const auto& [name, entry] : *value.map()) {
    BLUE_TRY_ASSIGN(Value key, order.key(by == "key" ? name : entry, site));
    keyed.push_back({{std::move(key)}, Value(List{name, entry}, Form::tuple)});
  }
  BLUE_TRY_ASSIGN(List out,
                  sorted(std::move(keyed), given[2] != nullptr && given[2]->is_true(), site));
  return Value(std::move(out));
}

Result<Value> unique(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  if (!arguments.bind<2>({"case_sensitive", "attribute"}, given))
    return unfit_arguments(value, site);
  const Order order{given[1], given[0] != nullptr && given[0]->is_true()};
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  List seen;
  List out;
  for (const Value& entry : entries) {
    BLUE_TRY_ASSIGN(Value key, order.key(entry, site));
    if (key.map() != nullptr || (key.sequence() != nullptr && key.sequence()->form != Form::tuple))
      return unfit_arguments(value, site);
    BLUE_TRY(site.see((seen.size() + 1) * key.extent().weight));
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
    seen.push_back(std::move(key));
    out.push_back(entry);
  }
  return Value(std::move(out), Form::generator);
}

/// [(attribute, [entries]), ...] in the attribute's order; the entries of a group keep theirs.
Result<Value> groupby(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 3> given{};
  if (!arguments.bind<3>({"attribute", "default", "case_sensitive"}, given) || given[0] == nullptr)
    return unfit_arguments(value, site);
  const auto key_of = [&](const Value& entry, bool minds_case) -> Result<Value> {
    BLUE_TRY_ASSIGN(Value key, (Order{given[0], true}.key(entry, site)));
    if (key.is_undefined() && given[1] != nullptr && !given[1]->is_none()) key = *given[1];
    return minds_case ? key : Order{}.key(key, site);
  };
  const bool minds_case = given[2] != nullptr && given[2]->is_true();
  BLUE_TRY_ASSIGN(List entries, entries_of(value, site));
  std::vector<Keyed> keyed;
  for (Value& entry : entries) {
    BLUE_TRY_ASSIGN(Value key, key_of(entry, minds_case));
    keyed.push_back({{std::move(key)}, std::move(entry)});
  }
  BLUE_TRY_ASSIGN(entries, sorted(std::move(keyed), false, site));
  List out;
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    BLUE_TRY_ASSIGN(const Value key, key_of(entries[begin], minds_case));
    for (end = begin + 1; end < entries.size(); ++end) {
      BLUE_TRY_ASSIGN(const Value other, key_of(entries[end], minds_case));
      BLUE_TRY(site.see(other));
      if (!(other == key)) break;
    }
    BLUE_TRY_ASSIGN(Value shown, key_of(entries[begin], true));
    List group(entries.begin() + static_cast<std::ptrdiff_t>(begin),
               entries.begin() + static_cast<std::ptrdiff_t>(end));
    out.emplace_back(List{std::move(shown), Value(std::move(group))}, Form::tuple);
  }
  return Value(std::move(out));
}

enum class Extreme : std::uint8_t { least, most };

template <Extreme extreme>
Result<Value> find_extreme(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  if (!arguments.bind<2>({"case_sensitive", "attribute"}, given))
    return unfit_arguments(value, site);
  const Order order{given[1], given[0] != nullptr && given[0]->is_true()};
  BLUE_TRY_ASSIGN(const List entries, entries_of(value, site));
  Value best;
  Value best_key;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    BLUE_TRY_ASSIGN(Value key, order.key(entries[i], site));
    if (i > 0) {
      BLUE_TRY_ASSIGN(const int against, order_of(key, best_key, site));
      if (extreme == Extreme::least ? against >= 0 : against <= 0) continue;
    }
    best = entries[i];
    best_key = std::move(key);
  }
  return best;
}

constexpr std::pair<std::string_view, Filter> kOrderFilters[] = {
    {"sort", sort},
    {"dictsort", dictsort},
    {"unique", unique},
    {"groupby", groupby},
    {"min", find_extreme<Extreme::least>},
    {"max", find_extreme<Extreme::most>},
};

}  // namespace

Filter find_order_filter(std::string_view name) {
  for (const auto& [known, filter] : kOrderFilters) {
    if (known == name) return filter;
  }
  return nullptr;
}

}  // namespace blue::text::jinja
