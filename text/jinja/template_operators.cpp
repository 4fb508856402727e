#include "text/jinja/template_operators.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "text/jinja/template_characters.h"
#include "text/jinja/template_print.h"

namespace blue::text::jinja {
namespace {

Error unfit(std::string_view symbol, const Value& left, const Value& right, const Site& site) {
  return site.error("\"" + std::string(symbol) + "\" between " + std::string(left.kind()) +
                    " and " + std::string(right.kind()));
}

Result<Value> integer_power(std::int64_t base, std::int64_t exponent, const Site& site) {
  if (exponent < 0) {
    if (base == 0) return site.error("a division by zero");
    return Value(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  std::int64_t out = 1;
  while (exponent > 0) {
    const bool is_odd = (exponent & 1) != 0;
    if (is_odd && __builtin_mul_overflow(out, base, &out))
      return site.error("an integer beyond 64 bits");
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
      return site.error("an integer beyond 64 bits");
  }
  return Value(out);
}

/// Python's division rounds down, and its remainder has the divisor's sign.
Result<Value> integer_operator(std::string_view symbol, std::int64_t left, std::int64_t right,
                               const Site& site) {
  std::int64_t out = 0;
  bool is_over = false;
  if (symbol == "+") {
    is_over = __builtin_add_overflow(left, right, &out);
  } else if (symbol == "-") {
    is_over = __builtin_sub_overflow(left, right, &out);
  } else if (symbol == "*") {
    is_over = __builtin_mul_overflow(left, right, &out);
  } else if (symbol == "**") {
    return integer_power(left, right, site);
  } else if (right == 0) {
    return site.error("a division by zero");
  } else if (symbol == "/") {
    return Value(static_cast<double>(left) / static_cast<double>(right));
  } else if (right == -1) {  // the smallest integer has no opposite
    if (symbol == "//") is_over = __builtin_sub_overflow(std::int64_t{0}, left, &out);
  } else {
    const std::int64_t remainder = left % right;
    const bool is_off = remainder != 0 && (remainder < 0) != (right < 0);
    out = symbol == "%" ? remainder + (is_off ? right : 0) : left / right - (is_off ? 1 : 0);
  }
  if (is_over) return site.error("an integer beyond 64 bits");
  return Value(out);
}

Result<Value> real_operator(std::string_view symbol, double left, double right, const Site& site) {
  if (symbol == "+") return Value(left + right);
  if (symbol == "-") return Value(left - right);
  if (symbol == "*") return Value(left * right);
  if (symbol == "**") {
    if ((left == 0.0 && right < 0.0) || (left < 0.0 && right != std::floor(right)))
      return site.error("a power that is no real number");
    return Value(std::pow(left, right));
  }
  if (right == 0.0) return site.error("a division by zero");
  if (symbol == "/") return Value(left / right);
  double remainder = std::fmod(left, right);
  if (remainder != 0.0 && (remainder < 0.0) != (right < 0.0)) remainder += right;
  if (symbol == "%") return Value(remainder);
  return Value(std::floor((left - remainder) / right + 0.5));
}

Result<Value> number_operator(std::string_view symbol, const Value& left, const Value& right,
                              const Site& site) {
  std::int64_t a = 0;
  std::int64_t b = 0;
  if (left.to_integer(a) && right.to_integer(b)) return integer_operator(symbol, a, b, site);
  return real_operator(symbol, left.as_real(), right.as_real(), site);
}

/// text * n, list * n
Result<Value> repeated(const Value& value, std::int64_t n, const Site& site) {
  const auto n_times = static_cast<std::uint64_t>(std::max<std::int64_t>(n, 0));
  if (n_times > site.budget.limits().bytes) BLUE_TRY(site.make(n_times));
  if (const Text* text = value.text()) {
    BLUE_TRY(site.make(text->size() * n_times));
    Text out;
    for (std::uint64_t i = 0; i < n_times && text->size() > 0; ++i) out.append(*text);
    return Value(std::move(out));
  }
  BLUE_TRY(site.make(value.list()->size() * kBytesPerEntry * n_times));
  List out;
  for (std::uint64_t i = 0; i < n_times && !value.list()->empty(); ++i)
    out.insert(out.end(), value.list()->begin(), value.list()->end());
  return Value(std::move(out), value.sequence()->form);
}

bool is_indexed(const Value& value) {
  const Sequence* sequence = value.sequence();
  return sequence != nullptr && (sequence->form == Form::list || sequence->form == Form::tuple);
}

Result<bool> contains(const Value& element, const Value& container, const Site& site) {
  if (const Map* map = container.map()) {
    BLUE_TRY(site.see(element));
    BLUE_TRY(site.see(map->size() * kBytesPerEntry));
    if (element.list() != nullptr && element.sequence()->form != Form::tuple)
      return site.error("a key that is " + std::string(element.kind()));
    return std::any_of(map->begin(), map->end(),
                       [&](const auto& entry) { return entry.first == element; });
  }
  BLUE_TRY(site.see(container));
  if (const Text* text = container.text()) {
    if (element.text() == nullptr) return unfit("in", element, container, site);
    return text->bytes().find(element.text()->bytes()) != std::string_view::npos;
  }
  if (!container.is_undefined() && container.list() == nullptr)
    return unfit("in", element, container, site);
  BLUE_TRY_ASSIGN(const List list, entries_of(container, site));
  return std::find(list.begin(), list.end(), element) != list.end();
}

/// Where a slice's bound points in [least, most], counted from the end when negative.
Result<std::int64_t> bound_of(const Value& bound, std::int64_t otherwise, std::int64_t n,
                              std::int64_t least, std::int64_t most, const Site& site) {
  if (bound.is_undefined() || bound.is_none()) return otherwise;
  std::int64_t at = 0;
  if (!bound.to_integer(at)) return site.error("a slice by " + std::string(bound.kind()));
  if (at < 0) at = std::max(at, std::numeric_limits<std::int64_t>::min() / 2) + n;
  return std::clamp(at, least, most);
}

Text characters(const Text& text, const std::vector<std::size_t>& begins, std::int64_t from,
                std::int64_t to, std::int64_t step) {
  if (step == 1) {
    return from < to ? text.part(begins[static_cast<std::size_t>(from)],
                                 begins[static_cast<std::size_t>(to)])
                     : Text();
  }
  Text out;
  for (std::int64_t i = from; step > 0 ? i < to : i > to; i += step) {
    out.append_part(text, begins[static_cast<std::size_t>(i)],
                    begins[static_cast<std::size_t>(i) + 1]);
  }
  return out;
}

/// What one %-directive writes. `at` is behind the `%`.
Result<Text> directive(std::string_view format, std::size_t& at, const Value& value,
                       const Site& site) {
  const std::size_t begin = at;
  at = std::min(format.find_first_not_of("0123456789.-+ ", at), format.size());
  const std::string flags(format.substr(begin, at - begin));
  const char kind = at < format.size() ? format[at++] : '\0';
  std::int64_t whole = 0;
  if ((kind == 's' || kind == 'r') && flags.empty())
    return kind == 's' ? printed(value, site) : represented(value, site);
  char out[512];
  int n = -1;
  if ((kind == 'd' || kind == 'i' || kind == 'x') && value.is_number()) {
    if (!value.to_integer(whole)) {
      if (!(std::abs(value.as_real()) < 9e18)) return site.error("an integer beyond 64 bits");
      whole = static_cast<std::int64_t>(value.as_real());
    }
    if ((kind != 'x' || whole >= 0) && flags.size() < 8)
      n = std::snprintf(out, sizeof(out), ("%" + flags + "l" + kind).c_str(),
                        static_cast<long>(whole));
  } else if ((kind == 'f' || kind == 'g' || kind == 'e') && value.is_number() && flags.size() < 8) {
    n = std::snprintf(out, sizeof(out), ("%" + flags + kind).c_str(), value.as_real());
  }
  if (n >= 0 && static_cast<std::size_t>(n) < sizeof(out)) return Text(out, Origin::markup);
  return site.error("the directive %" + flags + std::string(1, kind) + " with " +
                    std::string(value.kind()));
}

}  // namespace

Result<Value> format_percent(const Text& format, const List& arguments, const Site& site) {
  const std::string_view bytes = format.bytes();
  Text out;
  std::size_t begin = 0;
  std::size_t n_used = 0;
  for (std::size_t at = bytes.find('%'); at != std::string_view::npos;
       at = bytes.find('%', begin)) {
    out.append_part(format, begin, at);
    begin = at + 1;
    if (bytes.substr(begin, 1) == "%") {
      out.append("%", format.origin_at(at));
      ++begin;
      continue;
    }
    if (n_used >= arguments.size()) return site.error("% with too few arguments");
    BLUE_TRY_ASSIGN(const Text written, directive(bytes, begin, arguments[n_used++], site));
    BLUE_TRY(site.make(written.size()));
    out.append(written);
  }
  if (n_used < arguments.size()) return site.error("% with too many arguments");
  BLUE_TRY(site.make(bytes.size()));
  out.append_part(format, begin, bytes.size());
  return Value(std::move(out));
}

Result<Value> apply_operator(std::string_view symbol, const Value& left, const Value& right,
                             const Site& site) {
  if (symbol == "~") {
    BLUE_TRY_ASSIGN(Text joined, printed(left, site));
    BLUE_TRY_ASSIGN(const Text more, printed(right, site));
    BLUE_TRY(site.make(joined.size() + more.size()));
    joined.append(more);
    return Value(std::move(joined));
  }
  if (left.is_number() && right.is_number()) return number_operator(symbol, left, right, site);
  if (symbol == "+" && left.text() != nullptr && right.text() != nullptr) {
    BLUE_TRY(site.make(left.text()->size() + right.text()->size()));
    Text joined = *left.text();
    joined.append(*right.text());
    return Value(std::move(joined));
  }
  if (symbol == "+" && is_indexed(left) && is_indexed(right) &&
      left.sequence()->form == right.sequence()->form) {
    BLUE_TRY(site.make((left.list()->size() + right.list()->size()) * kBytesPerEntry));
    List joined = *left.list();
    joined.insert(joined.end(), right.list()->begin(), right.list()->end());
    return Value(std::move(joined), left.sequence()->form);
  }
  if (symbol == "%" && left.text() != nullptr && !right.is_undefined()) {
    const bool is_tuple = right.sequence() != nullptr && right.sequence()->form == Form::tuple;
    return format_percent(*left.text(), is_tuple ? *right.list() : List{right}, site);
  }
  std::int64_t n = 0;
  if (symbol == "*" && (left.text() != nullptr || is_indexed(left)) && right.to_integer(n))
    return repeated(left, n, site);
  if (symbol == "*" && (right.text() != nullptr || is_indexed(right)) && left.to_integer(n))
    return repeated(right, n, site);
  return unfit(symbol, left, right, site);
}

Result<int> order_of(const Value& left, const Value& right, const Site& site) {
  if (left.is_number() && right.is_number()) {
    std::int64_t a = 0;
    std::int64_t b = 0;
    if (left.to_integer(a) && right.to_integer(b)) return a < b ? -1 : a > b ? 1 : 0;
    const double x = left.as_real();
    const double y = right.as_real();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (left.text() != nullptr && right.text() != nullptr) {
    BLUE_TRY(site.see(std::min(left.text()->size(), right.text()->size())));
    return left.text()->bytes().compare(right.text()->bytes());
  }
  if (is_indexed(left) && is_indexed(right) && left.sequence()->form == right.sequence()->form) {
    BLUE_TRY(site.see(left));
    BLUE_TRY(site.see(right));
    const List& a = *left.list();
    const List& b = *right.list();
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (!(a[i] == b[i])) return order_of(a[i], b[i], site);
    }
    return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
  }
  return site.error("an order between " + std::string(left.kind()) + " and " +
                    std::string(right.kind()));
}

Result<bool> apply_comparison(std::string_view symbol, const Value& left, const Value& right,
                              const Site& site) {
  if (symbol == "in") return contains(left, right, site);
  if (symbol == "not in") {
    BLUE_TRY_ASSIGN(const bool is_in, contains(left, right, site));
    return !is_in;
  }
  if (symbol == "==" || symbol == "!=") {
    BLUE_TRY(site.see(std::min(left.extent().weight, right.extent().weight)));
    return (left == right) == (symbol == "==");
  }
  BLUE_TRY_ASSIGN(const int order, order_of(left, right, site));
  const bool is_unordered = (left.real() != nullptr && std::isnan(*left.real())) ||
                            (right.real() != nullptr && std::isnan(*right.real()));
  if (is_unordered) return false;
  if (symbol == "<") return order < 0;
  if (symbol == "<=") return order <= 0;
  if (symbol == ">") return order > 0;
  return order >= 0;
}

Result<Value> slice(const Value& value, const Value& begin, const Value& end, const Value& step,
                    const Site& site) {
  const Form form = value.sequence() != nullptr ? value.sequence()->form : Form::list;
  const bool is_sliced = value.text() != nullptr || is_indexed(value) ||
                         (value.list() != nullptr && form == Form::range);
  if (!is_sliced) return site.misfit("a slice", value);
  BLUE_TRY(site.see(value));
  std::vector<std::size_t> begins;  // of a text's characters, and its end
  if (const Text* text = value.text()) {
    BLUE_TRY(site.make(text->size()));
    for (std::size_t at = 0; at < text->size(); at += character_at(text->bytes(), at).n_bytes)
      begins.push_back(at);
    begins.push_back(text->size());
  }
  const auto n =
      static_cast<std::int64_t>(value.text() != nullptr ? begins.size() - 1 : value.list()->size());
  std::int64_t stride = 1;
  if (!step.is_undefined() && !step.is_none() && !step.to_integer(stride))
    return site.error("a slice by " + std::string(step.kind()));
  stride = std::clamp(stride, -n - 1, n + 1);
  if (stride == 0) return site.error("a slice with step 0");
  const bool is_forward = stride > 0;
  const std::int64_t least = is_forward ? 0 : -1;
  const std::int64_t most = is_forward ? n : n - 1;
  BLUE_TRY_ASSIGN(const std::int64_t from,
                  bound_of(begin, is_forward ? 0 : n - 1, n, least, most, site));
  BLUE_TRY_ASSIGN(const std::int64_t to, bound_of(end, is_forward ? n : -1, n, least, most, site));
  if (value.text() != nullptr) return Value(characters(*value.text(), begins, from, to, stride));
  BLUE_TRY(site.make(value.list()->size() * kBytesPerEntry));
  List out;
  for (std::int64_t i = from; is_forward ? i < to : i > to; i += stride)
    out.push_back((*value.list())[static_cast<std::size_t>(i)]);
  return Value(std::move(out), form);
}

Result<List> entries_of(const Value& value, const Site& site) {
  if (const Sequence* sequence = value.sequence()) {
    BLUE_TRY(site.make(sequence->entries.size() * kBytesPerEntry));
    if (sequence->form != Form::generator) return sequence->entries;
    if (sequence->is_spent) return List();
    sequence->is_spent = true;
    return sequence->entries;
  }
  List out;
  if (const Text* text = value.text()) {
    BLUE_TRY(site.make(text->size() * 2 * kBytesPerEntry));
    for (std::size_t at = 0; at < text->size();) {
      const std::size_t n = character_at(text->bytes(), at).n_bytes;
      out.emplace_back(text->part(at, at + n));
      at += n;
    }
  } else if (const Map* map = value.map()) {
    BLUE_TRY(site.make(map->size() * kBytesPerEntry));
    for (const auto& [key, entry] : *map) out.push_back(key);
  } else if (!value.is_undefined()) {
    return site.error("a walk through " + std::string(value.kind()));
  }
  return out;
}

}  // namespace blue::text::jinja
