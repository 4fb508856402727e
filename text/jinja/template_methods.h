// What a dot or brackets give: attributes, entries, and the methods of strings, lists
// and maps. What would change a list or map is undefined, as in the sandbox where chat templates
// run elsewhere. Depends on text/jinja. Pure functions but for what they spend; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/jinja/template_arguments.h"
#include "text/jinja/template_budget.h"
#include "text/jinja/template_value.h"

namespace blue::text::jinja {

/// value.name: a method, else the entry of that name; undefined where there is none. Errors:
/// bad_template for one of undefined.
Result<Value> attribute_of(const Value& value, std::string_view name, const Site& site);
/// value[index]: the entry, else what the attribute of that name is; undefined where there is none.
Result<Value> entry_of(const Value& value, const Value& index, const Site& site);
/// self.name(arguments), where attribute_of gave the method. Errors: bad_template for arguments
/// that do not fit.
Result<Value> call_method(const Value& self, std::string_view name, const Arguments& arguments,
                          const Site& site);
/// Of a string alone.
Result<Value> call_text_method(const Text& self, std::string_view name, const Arguments& arguments,
                               const Site& site);
bool is_text_method(std::string_view name);

}  // namespace blue::text::jinja
