// The filters, tests, methods and operators of chat templates, on values that keep their origins.
// Depends on models/chat. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "models/chat/template_lexer.h"
#include "models/chat/template_value.h"

namespace blue::models::chat {

/// All: errors bad_template naming what is unknown or does not fit, and `line`.
Result<Value> apply_filter(std::string_view name, const Value& value, std::span<const Value> arguments,
                           std::uint32_t line);
Result<Value> apply_test(std::string_view name, const Value& value, std::uint32_t line);
Result<Value> apply_method(std::string_view name, const Value& object, std::span<const Value> arguments,
                           std::uint32_t line);
/// Any binary operator but `and` and `or`.
Result<Value> apply_operator(std::string_view symbol, const Value& left, const Value& right,
                             std::uint32_t line);
/// value[index]; undefined outside.
Result<Value> subscript(const Value& value, const Value& index, std::uint32_t line);
/// value[begin:end:step] of a list; undefined for what is left out.
Result<Value> slice(const Value& value, const Value& begin, const Value& end, const Value& step,
                    std::uint32_t line);

}  // namespace blue::models::chat
