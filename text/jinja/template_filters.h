// The filters and tests of chat templates: Jinja's, and tojson as transformers has it.
// Depends on text/jinja. Pure functions but for what they spend; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "text/jinja/template_arguments.h"
#include "text/jinja/template_budget.h"
#include "text/jinja/template_value.h"

namespace blue::text::jinja {

/// value | name(arguments). Errors: bad_template naming what is unknown or does not fit.
Result<Value> apply_filter(std::string_view name, const Value& value, const Arguments& arguments,
                           const Site& site);
/// value is name(arguments). Errors: likewise.
Result<bool> apply_test(std::string_view name, const Value& value, const Arguments& arguments,
                        const Site& site);
bool is_filter(std::string_view name);
bool is_test(std::string_view name);

using Filter = Result<Value> (*)(const Value& value, const Arguments& arguments, const Site& site);
/// Null for another name. Those of texts and numbers; those that walk lists and maps; those that
/// compare their entries.
Filter find_plain_filter(std::string_view name);
Filter find_list_filter(std::string_view name);
Filter find_order_filter(std::string_view name);
/// value.a.b.0, from an attribute's dotted name or a number, as filters take it.
Result<Value> look_up(const Value& value, const Value& path, const Site& site);

Error unfit_arguments(const Value& value, const Site& site);
/// A number of an argument; `otherwise` where none is given. False for what is no integer.
bool read_integer(const Value* given, std::int64_t otherwise, std::int64_t& out);

}  // namespace blue::text::jinja
