// The filters of texts and numbers.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "text/jinja/template_characters.h"
#include "text/jinja/template_filters.h"
#include "text/jinja/template_methods.h"
#include "text/jinja/template_operators.h"
#include "text/jinja/template_print.h"
#include "text/jinja/template_text_changes.h"

namespace blue::text::jinja {
namespace {

template <Casing casing>
Result<Value> change_case(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const Text text, printed(value, site));
  BLUE_TRY(site.make(text.size() * 3));
  return Value(cased(text, casing));
}

/// Jinja's own: words begin behind white space, a hyphen or an opening bracket, and nowhere else.
Result<Value> title(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const Text text, printed(value, site));
  BLUE_TRY(site.make(text.size() * 3));
  Text out;
  bool is_first = true;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text.bytes(), at);
    const Text one = text.part(at, at + character.n_bytes);
    out.append(cased(one, is_first ? Casing::upper : Casing::lower));
    is_first = is_white(character.code) ||
               (character.code < 0x80 && std::string_view("-({[<").find(static_cast<char>(
                                             character.code)) != std::string_view::npos);
    at += character.n_bytes;
  }
  return Value(std::move(out));
}

Result<Value> trim(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"chars"}, given)) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const Text text, printed(value, site));
  Arguments forwarded;
  if (given[0] != nullptr) forwarded.positional.push_back(*given[0]);
  return call_text_method(text, "strip", forwarded, site);
}

Result<Value> replace(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 3> given{};
  std::int64_t n_most = -1;
  if (!arguments.bind<3>({"old", "new", "count"}, given) || given[0] == nullptr ||
      given[1] == nullptr)
    return unfit_arguments(value, site);
  if (given[2] != nullptr && !given[2]->is_none() && !given[2]->to_integer(n_most))
    return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const Text text, printed(value, site));
  BLUE_TRY_ASSIGN(const Text old, printed(*given[0], site));
  BLUE_TRY_ASSIGN(const Text by, printed(*given[1], site));
  BLUE_TRY_ASSIGN(Text out, replaced(text, old.bytes(), by, n_most, site));
  return Value(std::move(out));
}

Result<Value> to_string(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(Text text, printed(value, site));
  return Value(std::move(text));
}

Result<Value> escape(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(Text text, printed(value, site));
  constexpr std::pair<std::string_view, std::string_view> kEscapes[] = {
      {"&", "&amp;"}, {">", "&gt;"}, {"<", "&lt;"}, {"'", "&#39;"}, {"\"", "&#34;"}};
  for (const auto& [character, by] : kEscapes) {
    BLUE_TRY_ASSIGN(text, replaced(text, character, Text(by, Origin::content), -1, site));
  }
  return Value(std::move(text));
}

Result<Value> default_to(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  if (!arguments.bind<2>({"default_value", "boolean"}, given)) return unfit_arguments(value, site);
  const bool counts_false = given[1] != nullptr && given[1]->is_true();
  if (!value.is_undefined() && !(counts_false && !value.is_true())) return value;
  return given[0] != nullptr ? *given[0] : Value(Text());
}

Result<Value> to_json_filter(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 4> given{};
  if (!arguments.bind<4>({"ensure_ascii", "indent", "separators", "sort_keys"}, given))
    return unfit_arguments(value, site);
  JsonStyle style;
  if (given[0] != nullptr && given[0]->is_true()) style.non_ascii = JsonStyle::NonAscii::escaped;
  if (given[3] != nullptr && given[3]->is_true()) style.keys = JsonStyle::Keys::sorted;
  std::int64_t n_spaces = 0;
  if (given[1] != nullptr && given[1]->text() != nullptr) {
    style.indent = std::string(given[1]->text()->bytes());
  } else if (given[1] != nullptr && given[1]->to_integer(n_spaces)) {
    BLUE_TRY(site.make(static_cast<std::uint64_t>(std::max<std::int64_t>(n_spaces, 0))));
    style.indent = std::string(static_cast<std::size_t>(std::max<std::int64_t>(n_spaces, 0)), ' ');
  } else if (given[1] != nullptr && !given[1]->is_none()) {
    return unfit_arguments(value, site);
  }
  if (style.indent) style.between_entries = ",";
  if (given[2] != nullptr && !given[2]->is_none()) {
    const List* pair = given[2]->list();
    if (pair == nullptr || pair->size() != 2 || (*pair)[0].text() == nullptr ||
        (*pair)[1].text() == nullptr)
      return unfit_arguments(value, site);
    style.between_entries = (*pair)[0].text()->bytes();
    style.behind_key = (*pair)[1].text()->bytes();
  }
  BLUE_TRY_ASSIGN(Text text, to_json(value, style, site));
  return Value(std::move(text));
}

/// Every line behind the first, unless it is empty.
Result<Value> indent(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 3> given{};
  if (!arguments.bind<3>({"width", "first", "blank"}, given)) return unfit_arguments(value, site);
  std::int64_t width = 0;
  Text margin;
  if (given[0] != nullptr && given[0]->text() != nullptr) {
    margin = *given[0]->text();
  } else {
    if (!read_integer(given[0], 4, width)) return unfit_arguments(value, site);
    BLUE_TRY(site.make(static_cast<std::uint64_t>(std::max<std::int64_t>(width, 0))));
    margin.append(std::string(static_cast<std::size_t>(std::max<std::int64_t>(width, 0)), ' '),
                  Origin::markup);
  }
  if (value.text() == nullptr) return unfit_arguments(value, site);
  Text text = *value.text();
  text.append("\n", Origin::markup);  // text behind the last newline is a line too
  BLUE_TRY_ASSIGN(const Value lines, call_text_method(text, "splitlines", {}, site));
  const bool fills_blank = given[2] != nullptr && given[2]->is_true();
  Text out;
  if (given[1] != nullptr && given[1]->is_true()) out.append(margin);
  for (std::size_t i = 0; i < lines.list()->size(); ++i) {
    const Text& line = *(*lines.list())[i].text();
    BLUE_TRY(site.make(line.size() + margin.size() + 1));
    if (i > 0) out.append("\n", Origin::markup);
    if (i > 0 && (line.size() > 0 || fills_blank)) out.append(margin);
    out.append(line);
  }
  return Value(std::move(out));
}

/// What int() reads from a text: a sign, digits; white space around.
bool parse_integer(std::string_view text, int base, std::int64_t& out) {
  const std::string digits(text);
  const std::size_t begin = digits.find_first_not_of(" \t\n\r\f\v");
  if (begin == std::string::npos) return false;
  const std::size_t end = digits.find_last_not_of(" \t\n\r\f\v") + 1;
  std::size_t first = begin;
  if (digits[first] == '+') ++first;
  if (first > begin && first < end && digits[first] == '-') return false;
  const std::from_chars_result read =
      std::from_chars(digits.data() + first, digits.data() + end, out, base);
  return read.ec == std::errc() && read.ptr == digits.data() + end;
}

bool parse_real(std::string_view text, double& out) {
  const std::string digits(stripped(Text(text, Origin::content), nullptr, Side::both).bytes());
  if (digits.empty() || digits.find_first_of("xXpP") != std::string::npos) return false;
  char* end = nullptr;
  out = std::strtod(digits.c_str(), &end);
  return end == digits.c_str() + digits.size();
}

Result<Value> to_integer_filter(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  std::int64_t base = 10;
  if (!arguments.bind<2>({"default", "base"}, given) || !read_integer(given[1], 10, base) ||
      base < 2 || base > 36)
    return unfit_arguments(value, site);
  const Value otherwise = given[0] != nullptr ? *given[0] : Value(std::int64_t{0});
  if (value.is_undefined()) return unfit_arguments(value, site);
  std::int64_t whole = 0;
  if (value.to_integer(whole)) return Value(whole);
  double real = 0;
  if (const Text* text = value.text()) {
    BLUE_TRY(site.see(text->size()));
    if (parse_integer(text->bytes(), static_cast<int>(base), whole)) return Value(whole);
    if (!parse_real(text->bytes(), real)) return otherwise;
  } else if (value.real() != nullptr) {
    real = *value.real();
  } else {
    return otherwise;
  }
  if (std::isnan(real)) return otherwise;
  if (std::abs(real) >= 9.2e18) return site.error("an integer beyond 64 bits");
  return Value(static_cast<std::int64_t>(real));
}

Result<Value> to_real_filter(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"default"}, given) || value.is_undefined())
    return unfit_arguments(value, site);
  if (value.is_number()) return Value(value.as_real());
  double real = 0;
  if (value.text() != nullptr && parse_real(value.text()->bytes(), real)) return Value(real);
  return given[0] != nullptr ? *given[0] : Value(0.0);
}

Result<Value> absolute(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty() || !value.is_number()) return unfit_arguments(value, site);
  if (value.real() != nullptr) return Value(std::abs(*value.real()));
  std::int64_t whole = 0;
  if (!value.to_integer(whole)) return unfit_arguments(value, site);
  if (whole < 0) return apply_operator("-", Value(std::int64_t{0}), value, site);
  return Value(whole);
}

Result<Value> round_filter(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 2> given{};
  std::int64_t n_digits = 0;
  if (!arguments.bind<2>({"precision", "method"}, given) || !read_integer(given[0], 0, n_digits) ||
      !value.is_number() || n_digits < 0 || n_digits > 300)
    return unfit_arguments(value, site);
  const std::string_view method = given[1] == nullptr           ? "common"
                                  : given[1]->text() != nullptr ? given[1]->text()->bytes()
                                                                : "";
  if (method == "common") {
    std::int64_t whole = 0;
    if (value.to_integer(whole)) return Value(whole);
    char digits[700];  // every digit of the value, and so to the nearest, halves to the even one
    std::snprintf(digits, sizeof(digits), "%.*f", static_cast<int>(n_digits), *value.real());
    return Value(std::strtod(digits, nullptr));
  }
  if (method != "ceil" && method != "floor") return unfit_arguments(value, site);
  const double scale = std::pow(10.0, static_cast<double>(n_digits));
  const double scaled = value.as_real() * scale;
  return Value((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
}

Result<Value> format(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.named.empty()) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const Text text, printed(value, site));
  return format_percent(text, arguments.positional, site);
}

Result<Value> center(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 1> given{};
  if (!arguments.bind<1>({"width"}, given)) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const Text text, printed(value, site));
  Arguments forwarded;
  forwarded.positional.push_back(given[0] != nullptr ? *given[0] : Value(std::int64_t{80}));
  return call_text_method(text, "center", forwarded, site);
}

Result<Value> wordcount(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty()) return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const Text text, printed(value, site));
  std::int64_t n = 0;
  bool is_in_word = false;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text.bytes(), at);
    const bool is_part =
        character.code == '_' || is_letter(character.code) || is_digit(character.code);
    n += is_part && !is_in_word ? 1 : 0;
    is_in_word = is_part;
    at += character.n_bytes;
  }
  return Value(n);
}

Result<Value> truncate(const Value& value, const Arguments& arguments, const Site& site) {
  std::array<const Value*, 4> given{};
  std::int64_t length = 0;
  std::int64_t leeway = 0;
  constexpr std::int64_t kLength = 255;
  constexpr std::int64_t kLeeway = 5;
  if (!arguments.bind<4>({"length", "killwords", "end", "leeway"}, given) ||
      value.text() == nullptr || !read_integer(given[0], kLength, length) ||
      (given[2] != nullptr && given[2]->text() == nullptr))
    return unfit_arguments(value, site);
  const bool has_leeway = given[3] != nullptr && !given[3]->is_none();
  if (!read_integer(has_leeway ? given[3] : nullptr, kLeeway, leeway) || leeway < 0)
    return unfit_arguments(value, site);
  const Text end = given[2] != nullptr ? *given[2]->text() : Text("...", Origin::markup);
  const Text& text = *value.text();
  BLUE_TRY(site.see(text.size() + end.size()));
  const std::int64_t n_kept = length - static_cast<std::int64_t>(count_characters(end.bytes()));
  if (n_kept < 0) return unfit_arguments(value, site);
  const auto n_characters = static_cast<std::int64_t>(count_characters(text.bytes()));
  if (n_characters <= length || n_characters - length <= leeway) return value;
  std::size_t size = byte_of_character(text.bytes(), static_cast<std::size_t>(n_kept));
  const std::size_t space = text.bytes().substr(0, size).rfind(' ');
  const bool cuts_words = given[1] != nullptr && given[1]->is_true();
  if (!cuts_words && space != std::string_view::npos) size = space;
  BLUE_TRY(site.make(size + end.size()));
  Text out = text.part(0, size);
  out.append(end);
  return Value(std::move(out));
}

/// urllib.parse.quote: what is no letter, digit, `_.-~` or `/` becomes %XX.
Result<Value> urlencode(const Value& value, const Arguments& arguments, const Site& site) {
  if (!arguments.empty() || value.list() != nullptr || value.map() != nullptr)
    return unfit_arguments(value, site);
  BLUE_TRY_ASSIGN(const Text text, printed(value, site));
  BLUE_TRY(site.make(text.size() * 3));
  Text out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    constexpr char kHex[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(text.bytes()[at]);
    const bool is_plain =
        (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= '0' && byte <= '9') ||
        std::string_view("_.-~/").find(static_cast<char>(byte)) != std::string_view::npos;
    const char escaped[] = {'%', kHex[byte >> 4], kHex[byte & 15]};
    const char plain[] = {static_cast<char>(byte)};
    out.append(is_plain ? std::string_view(plain, 1) : std::string_view(escaped, 3),
               text.origin_at(at));
  }
  return Value(std::move(out));
}

constexpr std::pair<std::string_view, Filter> kPlainFilters[] = {
    {"upper", change_case<Casing::upper>},
    {"lower", change_case<Casing::lower>},
    {"capitalize", change_case<Casing::capital>},
    {"title", title},
    {"trim", trim},
    {"replace", replace},
    {"string", to_string},
    {"safe", to_string},  // nothing is escaped unless a template asks for it
    {"escape", escape},
    {"e", escape},
    {"forceescape", escape},
    {"default", default_to},
    {"d", default_to},
    {"tojson", to_json_filter},
    {"indent", indent},
    {"int", to_integer_filter},
    {"float", to_real_filter},
    {"abs", absolute},
    {"round", round_filter},
    {"format", format},
    {"center", center},
    {"wordcount", wordcount},
    {"truncate", truncate},
    {"urlencode", urlencode},
};

}  // namespace

Error unfit_arguments(const Value& value, const Site& site) {
  return site.error("a filter on " + std::string(value.kind()) +
                    " with these arguments, which this program does not know");
}

bool read_integer(const Value* given, std::int64_t otherwise, std::int64_t& out) {
  out = otherwise;
  return given == nullptr || given->to_integer(out);
}

Filter find_plain_filter(std::string_view name) {
  for (const auto& [known, filter] : kPlainFilters) {
    if (known == name) return filter;
  }
  return nullptr;
}

}  // namespace blue::text::jinja
