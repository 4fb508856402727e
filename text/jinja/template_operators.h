// The operators of chat templates, with Python's meaning, on values that keep their origins.
// Depends on text/jinja. Pure functions but for what they spend; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/jinja/template_budget.h"
#include "text/jinja/template_value.h"

namespace blue::text::jinja {

/// + - * / // % ** ~. Errors: bad_template for operands that Python refuses, a division by zero,
/// integers beyond 64 bits.
Result<Value> apply_operator(std::string_view symbol, const Value& left, const Value& right,
                             const Site& site);
/// == != < <= > >= in, not in.
Result<bool> apply_comparison(std::string_view symbol, const Value& left, const Value& right,
                              const Site& site);
/// Negative, zero or positive, as `left` sorts before, with or behind `right`. Errors: bad_template
/// for kinds that do not compare.
Result<int> order_of(const Value& left, const Value& right, const Site& site);
/// value[begin:end:step]; an undefined bound is the end.
Result<Value> slice(const Value& value, const Value& begin, const Value& end, const Value& step,
                    const Site& site);
/// The entries that a loop over the value meets: of a list, the characters of a string, the keys of
/// a map, nothing of undefined. A generator gives them once. Errors: bad_template for the rest.
Result<List> entries_of(const Value& value, const Site& site);
/// str % arguments, as far as %s %d %i %r %f %x %% go.
Result<Value> format_percent(const Text& format, const List& arguments, const Site& site);

}  // namespace blue::text::jinja
