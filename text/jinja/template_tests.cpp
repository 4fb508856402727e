// The tests behind `is`.
#include <algorithm>
#include <iterator>

#include "text/jinja/template_filters.h"
#include "text/jinja/template_methods.h"
#include "text/jinja/template_operators.h"
#include "text/jinja/template_print.h"

namespace blue::text::jinja {
namespace {

using Test = bool (*)(const Value& value);

bool is_iterable(const Value& value) {
  return value.is_undefined() || value.text() != nullptr || value.list() != nullptr ||
         value.map() != nullptr;
}

bool is_sequence(const Value& value) {
  if (value.is_undefined() || value.text() != nullptr || value.map() != nullptr) return true;
  const Sequence* sequence = value.sequence();
  return sequence != nullptr && (sequence->form == Form::list || sequence->form == Form::tuple ||
                                 sequence->form == Form::range);
}

constexpr std::pair<std::string_view, Test> kPlain[] = {
    {"defined", [](const Value& value) { return !value.is_undefined(); }},
    {"undefined", [](const Value& value) { return value.is_undefined(); }},
    {"none", [](const Value& value) { return value.is_none(); }},
    {"string", [](const Value& value) { return value.text() != nullptr; }},
    {"mapping", [](const Value& value) { return value.map() != nullptr; }},
    {"number", [](const Value& value) { return value.is_number(); }},
    {"integer", [](const Value& value) { return value.integer() != nullptr; }},
    {"float", [](const Value& value) { return value.real() != nullptr; }},
    {"boolean", [](const Value& value) { return value.boolean() != nullptr; }},
    {"true", [](const Value& value) { return value.boolean() != nullptr && *value.boolean(); }},
    {"false", [](const Value& value) { return value.boolean() != nullptr && !*value.boolean(); }},
    {"iterable", is_iterable},
    {"sequence", is_sequence},
    {"callable",
     [](const Value& value) { return value.callable() != nullptr || value.is_undefined(); }},
    {"escaped", [](const Value&) { return false; }},
};

/// The test and the comparison that it makes.
constexpr std::pair<std::string_view, std::string_view> kComparisons[] = {
    {"==", "=="},         {"eq", "=="}, {"equalto", "=="}, {"!=", "!="},
    {"ne", "!="},         {"<", "<"},   {"lt", "<"},       {"lessthan", "<"},
    {"<=", "<="},         {"le", "<="}, {">", ">"},        {"gt", ">"},
    {"greaterthan", ">"}, {">=", ">="}, {"ge", ">="},      {"in", "in"}};

constexpr std::string_view kOthers[] = {"even",  "odd",   "divisibleby", "sameas",
                                        "upper", "lower", "filter",      "test"};

Error unfit(std::string_view name, const Value& value, const Site& site) {
  return site.error("the test \"is " + std::string(name.substr(0, 40)) + "\" on " +
                    std::string(value.kind()) +
                    " with these arguments, which this program does not know");
}

Result<bool> divides(std::string_view name, const Value& value, const Value& divisor,
                     std::int64_t wanted, const Site& site) {
  if (!value.is_number() || !divisor.is_number()) return unfit(name, value, site);
  BLUE_TRY_ASSIGN(const Value remainder, apply_operator("%", value, divisor, site));
  return remainder == Value(wanted);
}

bool is_same(const Value& a, const Value& b) {
  if (a.boolean() != nullptr || b.boolean() != nullptr) {
    return a.boolean() != nullptr && b.boolean() != nullptr && *a.boolean() == *b.boolean();
  }
  if (a.text() != nullptr || a.list() != nullptr || a.map() != nullptr) {
    return a.text() == b.text() && a.list() == b.list() && a.map() == b.map();
  }
  return (a.real() == nullptr) == (b.real() == nullptr) && a == b;
}

Result<bool> is_in_case(std::string_view method, const Value& value, const Site& site) {
  BLUE_TRY_ASSIGN(const Text text, printed(value, site));
  BLUE_TRY_ASSIGN(const Value is_so, call_text_method(text, method, {}, site));
  return is_so.is_true();
}

}  // namespace

bool is_test(std::string_view name) {
  const auto is_named = [name](const auto& each) { return each.first == name; };
  return std::any_of(std::begin(kPlain), std::end(kPlain), is_named) ||
         std::any_of(std::begin(kComparisons), std::end(kComparisons), is_named) ||
         std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers);
}

Result<bool> apply_test(std::string_view name, const Value& value, const Arguments& arguments,
                        const Site& site) {
  const std::size_t n_given = arguments.positional.size();
  if (!arguments.named.empty() || n_given > 1) return unfit(name, value, site);
  if (n_given == 0) {
    for (const auto& [known, test] : kPlain) {
      if (known == name) return test(value);
    }
    if (name == "even" || name == "odd")
      return divides(name, value, Value(std::int64_t{2}), name == "odd" ? 1 : 0, site);
    if (name == "upper") return is_in_case("isupper", value, site);
    if (name == "lower") return is_in_case("islower", value, site);
    if (value.text() != nullptr && name == "filter") return is_filter(value.text()->bytes());
    if (value.text() != nullptr && name == "test") return is_test(value.text()->bytes());
    return unfit(name, value, site);
  }
  const Value& argument = arguments.positional[0];
  for (const auto& [known, symbol] : kComparisons) {
    if (known == name) return apply_comparison(symbol, value, argument, site);
  }
  if (name == "divisibleby") return divides(name, value, argument, 0, site);
  if (name == "sameas") return is_same(value, argument);
  return unfit(name, value, site);
}

}  // namespace blue::text::jinja
