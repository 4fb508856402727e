#include "models/chat/template_functions.h"

#include <algorithm>
#include <limits>
#include <string>

namespace blue::models::chat {
namespace {

constexpr std::string_view kWhitespace = " \t\r\n\f\v";
enum class Side : std::uint8_t { left, right, both };

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Text stripped(const Text& text, std::string_view characters, Side side) {
  const std::string_view bytes = text.bytes();
  const std::size_t first = bytes.find_first_not_of(characters);
  if (first == std::string_view::npos) return {};
  const std::size_t last = bytes.find_last_not_of(characters);
  return text.part(side == Side::right ? 0 : first, side == Side::left ? bytes.size() : last + 1);
}

Value split(const Text& text, std::string_view separator, std::int64_t n_most) {
  List out;
  std::size_t begin = 0;
  while (n_most < 0 || static_cast<std::int64_t>(out.size()) < n_most) {
    const std::size_t at = text.bytes().find(separator, begin);
    if (at == std::string_view::npos) break;
    out.emplace_back(text.part(begin, at));
    begin = at + separator.size();
  }
  out.emplace_back(text.part(begin, text.size()));
  return out;
}

Text replaced(const Text& text, std::string_view old, const Text& by) {
  Text out;
  std::size_t begin = 0;
  for (std::size_t at = text.bytes().find(old); at != std::string_view::npos;
       at = text.bytes().find(old, begin)) {
    out.append(text.part(begin, at));
    out.append(by);
    begin = at + old.size();
  }
  out.append(text.part(begin, text.size()));
  return out;
}

Error misfit(std::string_view what, const Value& value, std::uint32_t line) {
  return template_error(line, std::string(what) + " of " + std::string(value.kind()));
}

std::int64_t length_of(const Value& value) {
  if (value.list() != nullptr) return static_cast<std::int64_t>(value.list()->size());
  if (value.map() != nullptr) return static_cast<std::int64_t>(value.map()->size());
  // Characters, as Python counts: bytes that do not continue one.
  const std::string_view bytes = value.text()->bytes();
  return std::count_if(bytes.begin(), bytes.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

Result<Value> text_method(std::string_view name, const Text& text, std::span<const Value> arguments,
                          std::uint32_t line) {
  const Text* first = arguments.empty() ? nullptr : arguments[0].text();
  const Text* second = arguments.size() < 2 ? nullptr : arguments[1].text();
  const bool has_strip_arguments = arguments.empty() || (arguments.size() == 1 && first != nullptr);
  const std::string_view characters = first != nullptr ? first->bytes() : kWhitespace;
  if (name == "strip" && has_strip_arguments) return Value(stripped(text, characters, Side::both));
  if (name == "lstrip" && has_strip_arguments) return Value(stripped(text, characters, Side::left));
  if (name == "rstrip" && has_strip_arguments) return Value(stripped(text, characters, Side::right));
  if (name == "upper" && arguments.empty()) return Value(text.mapped(upper));
  if (name == "lower" && arguments.empty()) return Value(text.mapped(lower));
  if (name == "startswith" && first != nullptr) return Value(text.bytes().starts_with(first->bytes()));
  if (name == "endswith" && first != nullptr) return Value(text.bytes().ends_with(first->bytes()));
  if (name == "replace" && first != nullptr && second != nullptr && first->size() > 0 &&
      arguments.size() == 2) {
    return Value(replaced(text, first->bytes(), *second));
  }
  if (name == "split" && first != nullptr && first->size() > 0 && arguments.size() <= 2) {
    const std::int64_t* n_most = arguments.size() == 2 ? arguments[1].integer() : nullptr;
    if (arguments.size() == 1 || n_most != nullptr)
      return split(text, first->bytes(), n_most == nullptr ? -1 : *n_most);
  }
  return template_error(line, "the method ." + std::string(name) +
                                  "() of a string with these arguments, which this program does not know");
}

Result<Value> integer_operator(std::string_view symbol, std::int64_t left, std::int64_t right,
                               std::uint32_t line) {
  // Python's division rounds down. Numbers of templates are small: beyond 32 bits there is only mischief.
  constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();
  if (left > kLargest || left < -kLargest || right > kLargest || right < -kLargest) {
    return template_error(line, "arithmetic beyond 32 bits");
  }
  if (symbol == "+") return Value(left + right);
  if (symbol == "-") return Value(left - right);
  if (symbol == "*") return Value(left * right);
  if (right == 0) return template_error(line, "a division by zero");
  const std::int64_t remainder = ((left % right) + right) % right;
  if (symbol == "%") return Value(remainder);
  return Value((left - remainder) / right);
}

Result<Value> contains(const Value& element, const Value& container, std::uint32_t line) {
  if (const List* list = container.list())
    return Value(std::find(list->begin(), list->end(), element) != list->end());
  const Text* text = element.text();
  if (text != nullptr && container.map() != nullptr)
    return Value(find_entry(*container.map(), text->bytes()) != nullptr);
  if (text != nullptr && container.text() != nullptr) {
    return Value(container.text()->bytes().find(text->bytes()) != std::string_view::npos);
  }
  return template_error(
      line, "\"in\" with " + std::string(element.kind()) + " and " + std::string(container.kind()));
}

Result<Value> compare(std::string_view symbol, const Value& left, const Value& right, std::uint32_t line) {
  int order = 0;
  if (left.integer() != nullptr && right.integer() != nullptr) {
    order = *left.integer() < *right.integer() ? -1 : *left.integer() > *right.integer() ? 1 : 0;
  } else if (left.text() != nullptr && right.text() != nullptr) {
    order = left.text()->bytes().compare(right.text()->bytes());
  } else {
    return template_error(line, "\"" + std::string(symbol) + "\" between " + std::string(left.kind()) +
                                    " and " + std::string(right.kind()));
  }
  if (symbol == "<") return Value(order < 0);
  if (symbol == "<=") return Value(order <= 0);
  if (symbol == ">") return Value(order > 0);
  return Value(order >= 0);
}

/// Where an index of a list of n elements points, counted from the end when negative, cut to [0, n].
std::int64_t bounded_index(std::int64_t index, std::int64_t n) {
  return std::clamp(index < 0 ? index + n : index, std::int64_t{0}, n);
}

}  // namespace

Result<Value> apply_filter(std::string_view name, const Value& value, std::span<const Value> arguments,
                           std::uint32_t line) {
  const Text* text = value.text();
  if (name == "default" || name == "d") {
    if (arguments.size() == 1) return value.is_undefined() ? arguments[0] : value;
  } else if (arguments.empty()) {
    const bool has_length = text != nullptr || value.list() != nullptr || value.map() != nullptr;
    if (name == "trim" && text != nullptr) return Value(stripped(*text, kWhitespace, Side::both));
    if (name == "upper" && text != nullptr) return Value(text->mapped(upper));
    if (name == "lower" && text != nullptr) return Value(text->mapped(lower));
    if ((name == "length" || name == "count") && has_length) return Value(length_of(value));
    if (name == "first" && value.list() != nullptr)
      return value.list()->empty() ? Value() : value.list()->front();
    if (name == "last" && value.list() != nullptr)
      return value.list()->empty() ? Value() : value.list()->back();
    Text printed;
    if (name == "string" && value.print_to(printed)) return Value(std::move(printed));
  }
  return template_error(line, "the filter \"" + std::string(name) + "\" on " + std::string(value.kind()) +
                                  " with these arguments, which this program does not know");
}

Result<Value> apply_test(std::string_view name, const Value& value, std::uint32_t line) {
  if (name == "defined") return Value(!value.is_undefined());
  if (name == "undefined") return Value(value.is_undefined());
  if (name == "none") return Value(value.is_none());
  if (name == "string") return Value(value.text() != nullptr);
  if (name == "mapping") return Value(value.map() != nullptr);
  if (name == "number" || name == "integer") return Value(value.integer() != nullptr);
  if (name == "boolean") return Value(value.boolean() != nullptr);
  if (name == "true") return Value(value.boolean() != nullptr && *value.boolean());
  if (name == "false") return Value(value.boolean() != nullptr && !*value.boolean());
  if (name == "iterable" || name == "sequence") {
    return Value(value.list() != nullptr || value.text() != nullptr || value.map() != nullptr);
  }
  return template_error(line, "the test \"is " + std::string(name) + "\", which this program does not know");
}

Result<Value> apply_method(std::string_view name, const Value& object, std::span<const Value> arguments,
                           std::uint32_t line) {
  if (object.text() != nullptr) return text_method(name, *object.text(), arguments, line);
  if (object.map() != nullptr && name == "get" && !arguments.empty() && arguments.size() <= 2 &&
      arguments[0].text() != nullptr) {
    if (const Value* value = find_entry(*object.map(), arguments[0].text()->bytes())) return *value;
    return arguments.size() == 2 ? arguments[1] : Value(None{});
  }
  return misfit("the method ." + std::string(name) + "()", object, line);
}

Result<Value> apply_operator(std::string_view symbol, const Value& left, const Value& right,
                             std::uint32_t line) {
  if (symbol == "==") return Value(left == right);
  if (symbol == "!=") return Value(!(left == right));
  if (symbol == "in") return contains(left, right, line);
  if (symbol == "not in") {
    BLUE_TRY_ASSIGN(const Value is_in, contains(left, right, line));
    return Value(!is_in.is_true());
  }
  if (symbol[0] == '<' || symbol[0] == '>') return compare(symbol, left, right, line);
  if (symbol == "~" || (symbol == "+" && left.text() != nullptr && right.text() != nullptr)) {
    Text joined;
    if (left.print_to(joined) && right.print_to(joined)) return Value(std::move(joined));
  } else if (left.integer() != nullptr && right.integer() != nullptr) {
    return integer_operator(symbol, *left.integer(), *right.integer(), line);
  }
  return template_error(line, "\"" + std::string(symbol) + "\" between " + std::string(left.kind()) +
                                  " and " + std::string(right.kind()));
}

Result<Value> subscript(const Value& value, const Value& index, std::uint32_t line) {
  if (value.map() != nullptr && index.text() != nullptr) {
    const Value* found = find_entry(*value.map(), index.text()->bytes());
    return found == nullptr ? Value() : *found;
  }
  if (value.list() != nullptr && index.integer() != nullptr) {
    const auto n = static_cast<std::int64_t>(value.list()->size());
    const std::int64_t at = *index.integer() < 0 ? *index.integer() + n : *index.integer();
    return at < 0 || at >= n ? Value() : (*value.list())[static_cast<std::size_t>(at)];
  }
  return template_error(line,
                        "a subscript of " + std::string(value.kind()) + " by " + std::string(index.kind()));
}

Result<Value> slice(const Value& value, const Value& begin, const Value& end, const Value& step,
                    std::uint32_t line) {
  const List* list = value.list();
  if (list == nullptr) return misfit("a slice", value, line);
  for (const Value* bound : {&begin, &end, &step}) {
    if (!bound->is_undefined() && bound->integer() == nullptr)
      return template_error(line, "a slice by " + std::string(bound->kind()));
  }
  const auto n = static_cast<std::int64_t>(list->size());
  const std::int64_t stride = step.integer() != nullptr ? *step.integer() : 1;
  if (stride == -1 && begin.is_undefined() && end.is_undefined())
    return Value(List(list->rbegin(), list->rend()));
  if (stride != 1) return template_error(line, "a slice with a step other than 1, or -1 over the whole list");
  const std::int64_t from = begin.integer() != nullptr ? bounded_index(*begin.integer(), n) : 0;
  const std::int64_t to = end.integer() != nullptr ? bounded_index(*end.integer(), n) : n;
  return Value(List(list->begin() + from, list->begin() + std::max(from, to)));
}

}  // namespace blue::models::chat
