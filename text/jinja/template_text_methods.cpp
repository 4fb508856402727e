// The methods of strings: what they are given, and what it costs; what they make:
// template_text_changes.h.
#include <algorithm>

#include "text/jinja/template_characters.h"
#include "text/jinja/template_methods.h"
#include "text/jinja/template_operators.h"
#include "text/jinja/template_print.h"
#include "text/jinja/template_text_changes.h"

namespace blue::text::jinja {
namespace {

using Method = Result<Value> (*)(const Text& self, const Arguments& arguments, const Site& site);
constexpr std::int64_t kAll = -1;

Error unfit(const Site& site) {
  return site.error("a method of a string with these arguments, which this program does not know");
}

/// A strip's characters: none given, none, or a string.
template <Side side>
Result<Value> strip(const Text& self, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"chars"}, given)) return unfit(site);
  if (given[0] == nullptr || given[0]->is_none()) return Value(stripped(self, nullptr, side));
  if (given[0]->text() == nullptr) return unfit(site);
  BLUE_TRY(site.see(self.size() * (given[0]->text()->size() + 1)));
  return Value(stripped(self, given[0]->text(), side));
}

template <Casing casing>
Result<Value> change_case(const Text& self, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit(site);
  BLUE_TRY(site.make(self.size() * 3));
  return Value(cased(self, casing));
}

enum class End : std::uint8_t { start, finish };

template <End end>
Result<Value> is_at_end(const Text& self, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"prefix"}, given) || given[0] == nullptr) return unfit(site);
  const bool is_tuple =
      given[0]->sequence() != nullptr && given[0]->sequence()->form == Form::tuple;
  BLUE_TRY(site.see(*given[0]));
  const List one{*given[0]};
  for (const Value& affix : is_tuple ? *given[0]->list() : one) {
    if (affix.text() == nullptr) return unfit(site);
    const std::string_view bytes = affix.text()->bytes();
    if (end == End::start ? self.bytes().starts_with(bytes) : self.bytes().ends_with(bytes))
      return Value(true);
  }
  return Value(false);
}

Result<Value> replace(const Text& self, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 3> given{};
  std::int64_t n_most = kAll;
  if (!arguments.bind<3>({"old", "new", "count"}, given) || given[1] == nullptr ||
      given[0]->text() == nullptr || given[1]->text() == nullptr ||
      (given[2] != nullptr && !given[2]->to_integer(n_most)))
    return unfit(site);
  BLUE_TRY_ASSIGN(Text out,
                  replaced(self, given[0]->text()->bytes(), *given[1]->text(), n_most, site));
  return Value(std::move(out));
}

template <End from>
Result<Value> split(const Text& self, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  std::int64_t n_most = kAll;
  if (!arguments.bind<2>({"sep", "maxsplit"}, given) ||
      (given[1] != nullptr && !given[1]->to_integer(n_most)))
    return unfit(site);
  BLUE_TRY(site.make(self.size() * kBytesPerEntry));
  if (given[0] == nullptr || given[0]->is_none()) {
    if (from == End::finish && n_most >= 0) return unfit(site);
    return Value(split_at_white(self, n_most));
  }
  if (given[0]->text() == nullptr) return unfit(site);
  const std::string_view separator = given[0]->text()->bytes();
  if (separator.empty()) return site.error("a split at the empty string");
  return Value(from == End::start ? split_at(self, separator, n_most)
                                  : split_from_end(self, separator, n_most));
}

template <End from>
Result<Value> partition(const Text& self, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"sep"}, given) || given[0] == nullptr || given[0]->text() == nullptr ||
      given[0]->text()->size() == 0)
    return unfit(site);
  BLUE_TRY(site.make(self.size()));
  const Text& separator = *given[0]->text();
  const std::size_t at = from == End::start ? self.bytes().find(separator.bytes())
                                            : self.bytes().rfind(separator.bytes());
  if (at == std::string_view::npos) {
    if (from == End::start)
      return Value(List{Value(self), Value(Text()), Value(Text())}, Form::tuple);
    return Value(List{Value(Text()), Value(Text()), Value(self)}, Form::tuple);
  }
  return Value(List{Value(self.part(0, at)), Value(separator),
                    Value(self.part(at + separator.size(), self.size()))},
               Form::tuple);
}

Result<Value> splitlines(const Text& self, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit(site);
  BLUE_TRY(site.make(self.size() * kBytesPerEntry));
  List out;
  const std::string_view bytes = self.bytes();
  std::size_t begin = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const Character character = character_at(bytes, at);
    const char32_t code = character.code;
    const bool is_end = (code >= 10 && code <= 13) || (code >= 0x1c && code <= 0x1e) ||
                        code == 0x85 || code == 0x2028 || code == 0x2029;
    if (is_end) out.emplace_back(self.part(begin, at));
    at += character.n_bytes;
    if (code == '\r' && bytes.substr(at, 1) == "\n") ++at;
    if (is_end) begin = at;
  }
  if (begin < bytes.size()) out.emplace_back(self.part(begin, bytes.size()));
  return Value(std::move(out));
}

Result<Value> join(const Text& self, const Arguments& arguments, const Site& site) {
  if (arguments.positional.size() != 1 || !arguments.named.empty()) return unfit(site);
  BLUE_TRY_ASSIGN(const List entries, entries_of(arguments.positional[0], site));
  Text out;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].text() == nullptr) return unfit(site);
    BLUE_TRY(site.make(self.size() + entries[i].text()->size()));
    if (i > 0) out.append(self);
    out.append(*entries[i].text());
  }
  return Value(std::move(out));
}

enum class Missing : std::uint8_t { is_told, is_refused };

template <End from, Missing missing>
Result<Value> find(const Text& self, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"sub"}, given) || given[0] == nullptr || given[0]->text() == nullptr)
    return unfit(site);
  BLUE_TRY(site.see(self.size() + given[0]->text()->size()));
  const std::string_view what = given[0]->text()->bytes();
  const std::size_t at = from == End::start ? self.bytes().find(what) : self.bytes().rfind(what);
  if (at != std::string_view::npos)
    return Value(static_cast<std::int64_t>(count_characters(self.bytes().substr(0, at))));
  if (missing == Missing::is_refused) return site.error("a substring that is not there");
  return Value(std::int64_t{-1});
}

Result<Value> count(const Text& self, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"sub"}, given) || given[0] == nullptr || given[0]->text() == nullptr)
    return unfit(site);
  BLUE_TRY(site.see(self.size() + given[0]->text()->size()));
  const std::string_view what = given[0]->text()->bytes();
  if (what.empty()) return Value(static_cast<std::int64_t>(count_characters(self.bytes()) + 1));
  std::int64_t n = 0;
  for (std::size_t at = self.bytes().find(what); at != std::string_view::npos;
       at = self.bytes().find(what, at + what.size()))
    ++n;
  return Value(n);
}

template <End end>
Result<Value> remove_affix(const Text& self, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"prefix"}, given) || given[0] == nullptr || given[0]->text() == nullptr)
    return unfit(site);
  const std::string_view affix = given[0]->text()->bytes();
  BLUE_TRY(site.make(self.size()));
  if (end == End::start && self.bytes().starts_with(affix))
    return Value(self.part(affix.size(), self.size()));
  if (end == End::finish && self.bytes().ends_with(affix))
    return Value(self.part(0, self.size() - affix.size()));
  return Value(self);
}

enum class Place : std::uint8_t { left, right, center };

template <Place place>
Result<Value> justify(const Text& self, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  std::int64_t width = 0;
  if (!arguments.bind<2>({"width", "fillchar"}, given) || given[0] == nullptr ||
      !given[0]->to_integer(width) ||
      (given[1] != nullptr &&
       (given[1]->text() == nullptr || count_characters(given[1]->text()->bytes()) != 1)))
    return unfit(site);
  const auto n = static_cast<std::int64_t>(count_characters(self.bytes()));
  const std::int64_t n_missing = std::max<std::int64_t>(width - n, 0);
  BLUE_TRY(site.make(self.size() + static_cast<std::uint64_t>(n_missing) * 4));
  const Text blank(" ", Origin::markup);
  const Text& fill = given[1] != nullptr ? *given[1]->text() : blank;
  std::int64_t n_before = place == Place::right ? n_missing : 0;
  if (place == Place::center) n_before = n_missing / 2 + (n_missing & width & 1);
  Text out;
  for (std::int64_t i = 0; i < n_before; ++i) out.append(fill);
  out.append(self);
  for (std::int64_t i = n_before; i < n_missing; ++i) out.append(fill);
  return Value(std::move(out));
}

Result<Value> zero_fill(const Text& self, const Arguments& arguments, const Site& site) {
  std::int64_t width = 0;
  if (arguments.positional.size() != 1 || !arguments.named.empty() ||
      !arguments.positional[0].to_integer(width))
    return unfit(site);
  const auto n = static_cast<std::int64_t>(count_characters(self.bytes()));
  const auto n_missing = static_cast<std::uint64_t>(std::max<std::int64_t>(width - n, 0));
  BLUE_TRY(site.make(self.size() + n_missing));
  const std::size_t n_sign =
      self.size() > 0 && (self.bytes()[0] == '-' || self.bytes()[0] == '+') ? 1 : 0;
  Text out = self.part(0, n_sign);
  out.append(std::string(static_cast<std::size_t>(n_missing), '0'), Origin::markup);
  out.append_part(self, n_sign, self.size());
  return Value(std::move(out));
}

/// Not empty, and every character so.
template <bool (*is_one)(char32_t)>
Result<Value> all_are(const Text& self, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit(site);
  BLUE_TRY(site.see(self.size()));
  bool are_all = self.size() > 0;
  for (std::size_t at = 0; are_all && at < self.size();) {
    const Character character = character_at(self.bytes(), at);
    are_all = is_one(character.code);
    at += character.n_bytes;
  }
  return Value(are_all);
}

bool is_letter_or_digit(char32_t code) { return is_letter(code) || is_digit(code); }

/// Some character of the one case, none of the other.
template <bool (*is_wanted)(char32_t), bool (*is_other)(char32_t)>
Result<Value> is_cased(const Text& self, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit(site);
  BLUE_TRY(site.see(self.size()));
  bool has_wanted = false;
  for (std::size_t at = 0; at < self.size();) {
    const Character character = character_at(self.bytes(), at);
    if (is_other(character.code)) return Value(false);
    has_wanted |= is_wanted(character.code);
    at += character.n_bytes;
  }
  return Value(has_wanted);
}

/// str.format with {}, {0} and {name}; anything behind the name is refused.
Result<Value> format(const Text& self, const Arguments& arguments, const Site& site) {
  const std::string_view bytes = self.bytes();
  Text out;
  std::size_t n_used = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const char c = bytes[at];
    if (c != '{' && c != '}') {
      const std::size_t end = std::min(bytes.find_first_of("{}", at), bytes.size());
      out.append_part(self, at, end);
      at = end;
      continue;
    }
    if (bytes.substr(at + 1, 1) == bytes.substr(at, 1)) {
      out.append_part(self, at, at + 1);
      at += 2;
      continue;
    }
    const std::size_t end = bytes.find('}', at);
    if (c == '}' || end == std::string_view::npos) return site.error("a single brace in a format");
    const std::string_view name = bytes.substr(at + 1, end - at - 1);
    const Value* value = nullptr;
    if (name.find_first_not_of("0123456789") == std::string_view::npos && name.size() < 4) {
      const std::size_t i = name.empty() ? n_used++ : std::stoul(std::string(name));
      if (i < arguments.positional.size()) value = &arguments.positional[i];
    }
    for (const auto& [given, argument] : arguments.named) {
      if (given == name) value = &argument;
    }
    if (value == nullptr)
      return site.error(
          "a format without the argument it names, or which this program does not know");
    BLUE_TRY_ASSIGN(const Text written, printed(*value, site));
    BLUE_TRY(site.make(written.size()));
    out.append(written);
    at = end + 1;
  }
  BLUE_TRY(site.make(bytes.size()));
  return Value(std::move(out));
}

struct NamedMethod {
  std::string_view name;
  Method method;
};

constexpr NamedMethod kMethods[] = {
    {"strip", strip<Side::both>},
    {"lstrip", strip<Side::left>},
    {"rstrip", strip<Side::right>},
    {"upper", change_case<Casing::upper>},
    {"lower", change_case<Casing::lower>},
    {"casefold", change_case<Casing::lower>},
    {"title", change_case<Casing::title>},
    {"capitalize", change_case<Casing::capital>},
    {"swapcase", change_case<Casing::swapped>},
    {"startswith", is_at_end<End::start>},
    {"endswith", is_at_end<End::finish>},
    {"replace", replace},
    {"split", split<End::start>},
    {"rsplit", split<End::finish>},
    {"splitlines", splitlines},
    {"partition", partition<End::start>},
    {"rpartition", partition<End::finish>},
    {"join", join},
    {"find", find<End::start, Missing::is_told>},
    {"rfind", find<End::finish, Missing::is_told>},
    {"index", find<End::start, Missing::is_refused>},
    {"rindex", find<End::finish, Missing::is_refused>},
    {"count", count},
    {"removeprefix", remove_affix<End::start>},
    {"removesuffix", remove_affix<End::finish>},
    {"ljust", justify<Place::left>},
    {"rjust", justify<Place::right>},
    {"center", justify<Place::center>},
    {"zfill", zero_fill},
    {"isdigit", all_are<is_digit>},
    {"isnumeric", all_are<is_digit>},
    {"isdecimal", all_are<is_digit>},
    {"isalpha", all_are<is_letter>},
    {"isalnum", all_are<is_letter_or_digit>},
    {"isspace", all_are<is_white>},
    {"isupper", is_cased<is_upper, is_lower>},
    {"islower", is_cased<is_lower, is_upper>},
    {"format", format},
};

}  // namespace

bool is_text_method(std::string_view name) {
  return std::any_of(std::begin(kMethods), std::end(kMethods),
                     [name](const NamedMethod& each) { return each.name == name; });
}

Result<Value> call_text_method(const Text& self, std::string_view name, const Arguments& arguments,
                               const Site& site) {
  BLUE_TRY(site.see(self.size()));
  for (const NamedMethod& each : kMethods) {
    if (each.name == name) return each.method(self, arguments, site);
  }
  return site.error("the method ." + std::string(name) +
                    "() of a string, which this program does not know");
}

}  // namespace blue::text::jinja
