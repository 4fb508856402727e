// The expressions.
#include <algorithm>

#include "text/jinja/template_filters.h"
#include "text/jinja/template_methods.h"
#include "text/jinja/template_operators.h"
#include "text/jinja/template_renderer.h"

namespace blue::text::jinja {

Result<Value> Renderer::look_up(std::string_view name, std::uint32_t line) {
  for (const Scope* scope = scope_.get(); scope != nullptr; scope = scope->outer.get()) {
    BLUE_TRY(budget_.see((scope->variables.size() + 1) * kBytesPerEntry, line));
    for (const auto& [known, value] : scope->variables) {
      if (known == name) return value;
    }
  }
  if (!is_function(name)) return Value();
  auto function = std::make_shared<Callable>();
  function->name = name;
  return Value(std::move(function));
}

Status Renderer::check(const Value& value, std::uint32_t line) {
  const Value::Extent extent = value.extent();
  if (extent.depth > kMaxValueDepth)
    return template_error(line, "a value nested deeper than " + std::to_string(kMaxValueDepth));
  if (extent.weight > budget_.limits().bytes)
    return template_error(
        line, "a value of more than " + std::to_string(budget_.limits().bytes) + " bytes");
  return {};
}

Result<Value> Renderer::evaluate(const Expression& expression) {
  BLUE_TRY(budget_.step(expression.line));
  if (depth_ >= kMaxDepth)
    return template_error(expression.line,
                          "rendering nests deeper than " + std::to_string(kMaxDepth));
  ++depth_;
  Result<Value> value = evaluate_at_depth(expression);
  --depth_;
  if (value) BLUE_TRY(check(*value, expression.line));
  return value;
}

Result<Value> Renderer::evaluate_at_depth(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::string:
      BLUE_TRY(budget_.make(expression.text.size(), expression.line));
      return Value(Text(expression.text, Origin::markup));
    case ExpressionKind::integer: return Value(expression.number);
    case ExpressionKind::real: return Value(expression.real);
    case ExpressionKind::boolean: return Value(expression.number != 0);
    case ExpressionKind::none: return Value(None{});
    case ExpressionKind::list:
    case ExpressionKind::tuple: return evaluate_list(expression);
    case ExpressionKind::map: return evaluate_map(expression);
    case ExpressionKind::name: return look_up(expression.text, expression.line);
    case ExpressionKind::attribute:
    case ExpressionKind::subscript:
    case ExpressionKind::filter:
    case ExpressionKind::test: return evaluate_named(expression);
    case ExpressionKind::slice: return evaluate_slice(expression);
    case ExpressionKind::call: return evaluate_call(expression);
    case ExpressionKind::operation: return evaluate_operation(expression);
    case ExpressionKind::comparison: return evaluate_comparison(expression);
    case ExpressionKind::negation: {
      BLUE_TRY_ASSIGN(const Value value, evaluate(*expression.operands[0]));
      return Value(!value.is_true());
    }
    case ExpressionKind::minus:
    case ExpressionKind::plus: return evaluate_sign(expression);
    case ExpressionKind::conditional: return evaluate_conditional(expression);
    case ExpressionKind::spread_list:
    case ExpressionKind::spread_map: break;  // of evaluate_arguments
    case ExpressionKind::captured: return captured_ == nullptr ? Value() : Value(*captured_);
  }
  return Value();
}

Result<Value> Renderer::evaluate_list(const Expression& expression) {
  List list;
  for (const auto& operand : expression.operands) {
    BLUE_TRY_ASSIGN(Value entry, evaluate(*operand));
    list.push_back(std::move(entry));
  }
  BLUE_TRY(budget_.make(list.size() * kBytesPerEntry, expression.line));
  return Value(std::move(list),
               expression.kind == ExpressionKind::tuple ? Form::tuple : Form::list);
}

Result<Value> Renderer::evaluate_map(const Expression& expression) {
  Map map;
  for (std::size_t i = 0; i + 1 < expression.operands.size(); i += 2) {
    BLUE_TRY_ASSIGN(Value key, evaluate(*expression.operands[i]));
    BLUE_TRY_ASSIGN(Value value, evaluate(*expression.operands[i + 1]));
    if (key.map() != nullptr || (key.list() != nullptr && key.sequence()->form != Form::tuple))
      return at(expression.line).error("a key that is " + std::string(key.kind()));
    BLUE_TRY(budget_.see(map.size() * kBytesPerEntry, expression.line));
    bool is_known = false;
    for (auto& [known, entry] : map) {
      if (!(known == key)) continue;
      entry = value;
      is_known = true;
      break;
    }
    if (!is_known) map.emplace_back(std::move(key), std::move(value));
  }
  BLUE_TRY(budget_.make(map.size() * kBytesPerEntry * 2, expression.line));
  return Value(std::move(map));
}

Result<Value> Renderer::evaluate_operation(const Expression& expression) {
  BLUE_TRY_ASSIGN(Value left, evaluate(*expression.operands[0]));
  if (expression.text == "and" && !left.is_true()) return left;
  if (expression.text == "or" && left.is_true()) return left;
  BLUE_TRY_ASSIGN(Value right, evaluate(*expression.operands[1]));
  if (expression.text == "and" || expression.text == "or") return right;
  return apply_operator(expression.text, left, right, at(expression.line));
}

/// a < b < c: each neighbour in turn, until one does not hold.
Result<Value> Renderer::evaluate_comparison(const Expression& expression) {
  BLUE_TRY_ASSIGN(Value left, evaluate(*expression.operands[0]));
  for (std::size_t i = 0; i < expression.symbols.size(); ++i) {
    BLUE_TRY_ASSIGN(Value right, evaluate(*expression.operands[i + 1]));
    BLUE_TRY_ASSIGN(const bool holds,
                    apply_comparison(expression.symbols[i], left, right, at(expression.line)));
    if (!holds) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Result<Value> Renderer::evaluate_sign(const Expression& expression) {
  BLUE_TRY_ASSIGN(const Value value, evaluate(*expression.operands[0]));
  const bool is_minus = expression.kind == ExpressionKind::minus;
  if (value.real() != nullptr) return Value(is_minus ? -*value.real() : *value.real());
  return apply_operator(is_minus ? "-" : "+", Value(std::int64_t{0}), value, at(expression.line));
}

Result<Value> Renderer::evaluate_conditional(const Expression& expression) {
  BLUE_TRY_ASSIGN(const Value condition, evaluate(*expression.operands[1]));
  if (condition.is_true()) return evaluate(*expression.operands[0]);
  return expression.operands[2] ? evaluate(*expression.operands[2]) : Value();
}

Result<Value> Renderer::evaluate_named(const Expression& expression) {
  const Site site = at(expression.line);
  BLUE_TRY_ASSIGN(const Value value, evaluate(*expression.operands[0]));
  if (expression.kind == ExpressionKind::attribute) {
    const Expression& owner = *expression.operands[0];
    if (value.is_undefined() && owner.kind == ExpressionKind::name) {
      return site.error("the attribute ." + expression.text + " of \"" + owner.text +
                        "\", which is undefined");
    }
    return attribute_of(value, expression.text, site);
  }
  if (expression.kind == ExpressionKind::subscript) {
    BLUE_TRY_ASSIGN(const Value index, evaluate(*expression.operands[1]));
    return entry_of(value, index, site);
  }
  BLUE_TRY_ASSIGN(const Arguments arguments, evaluate_arguments(expression));
  if (expression.kind == ExpressionKind::filter)
    return apply_filter(expression.text, value, arguments, site);
  BLUE_TRY_ASSIGN(const bool is_so, apply_test(expression.text, value, arguments, site));
  return Value(is_so);
}

Result<Value> Renderer::evaluate_slice(const Expression& expression) {
  List values(expression.operands.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (expression.operands[i] == nullptr) continue;
    BLUE_TRY_ASSIGN(values[i], evaluate(*expression.operands[i]));
    if (i > 0 && values[i].is_undefined())
      return at(expression.line).misfit("a slice's bound", values[i]);
  }
  return slice(values[0], values[1], values[2], values[3], at(expression.line));
}

Result<Arguments> Renderer::evaluate_arguments(const Expression& expression) {
  Arguments arguments;
  for (std::size_t i = 1; i < expression.operands.size(); ++i) {
    const Expression& operand = *expression.operands[i];
    if (operand.kind == ExpressionKind::spread_list) {
      BLUE_TRY_ASSIGN(const Value value, evaluate(*operand.operands[0]));
      BLUE_TRY_ASSIGN(List entries, entries_of(value, at(expression.line)));
      BLUE_TRY(budget_.make(entries.size() * kBytesPerEntry, expression.line));
      for (Value& entry : entries) arguments.positional.push_back(std::move(entry));
    } else if (operand.kind != ExpressionKind::spread_map) {
      BLUE_TRY_ASSIGN(Value argument, evaluate(operand));
      arguments.positional.push_back(std::move(argument));
    }
  }
  for (const auto& [name, operand] : expression.named) {
    BLUE_TRY_ASSIGN(Value argument, evaluate(*operand));
    arguments.named.emplace_back(name, std::move(argument));
  }
  if (expression.operands.size() > 1 &&
      expression.operands.back()->kind == ExpressionKind::spread_map)
    BLUE_TRY(spread_map(*expression.operands.back(), arguments));
  return arguments;
}

/// Python refuses a name that is given twice, and a key that is no text.
Status Renderer::spread_map(const Expression& spread, Arguments& arguments) {
  const Site site = at(spread.line);
  BLUE_TRY_ASSIGN(const Value value, evaluate(*spread.operands[0]));
  if (value.map() == nullptr) return site.misfit("** before an argument", value);
  BLUE_TRY(site.make(value.map()->size() * kBytesPerEntry));
  BLUE_TRY(site.see(value.map()->size() * arguments.named.size() * kBytesPerEntry));
  const auto n_named = static_cast<std::ptrdiff_t>(arguments.named.size());
  for (const auto& [key, entry] : *value.map()) {
    if (key.text() == nullptr) return site.misfit("the name of an argument", key);
    const std::string name(key.text()->bytes());
    const auto begin = arguments.named.begin();
    const bool is_given =
        std::any_of(begin, begin + n_named, [&](const auto& given) { return given.first == name; });
    if (is_given) return site.error("two values for the argument " + name.substr(0, 40));
    arguments.named.emplace_back(name, entry);
  }
  return {};
}

Result<Value> Renderer::evaluate_call(const Expression& expression) {
  const Expression& named = *expression.operands[0];
  BLUE_TRY_ASSIGN(const Value callee, evaluate(named));
  const Site site = at(expression.line);
  if (callee.callable() == nullptr) {
    const std::string name = named.text.substr(0, 40);
    return site.error("the function " + name + "(), which this program does not know: it is " +
                      std::string(callee.kind()));
  }
  BLUE_TRY_ASSIGN(const Arguments arguments, evaluate_arguments(expression));
  return call(*callee.callable(), arguments, site);
}

Result<Value> Renderer::call(Callable& callable, const Arguments& arguments, const Site& site) {
  switch (callable.kind) {
    case Callable::Kind::function:
      return call_global_function(callable.name, arguments, now_, site);
    case Callable::Kind::method: return call_method(callable.self, callable.name, arguments, site);
    case Callable::Kind::macro: return call_macro(callable, arguments, site);
    case Callable::Kind::joiner:
      if (!arguments.empty()) return site.error("a joiner with arguments");
      return callable.at++ == 0 ? Value(Text()) : callable.entries[0];
    case Callable::Kind::cycler: break;
  }
  return site.error("a call of what is no function");
}

Result<Value> Renderer::call_macro(const Callable& macro, const Arguments& arguments,
                                   const Site& site) {
  std::shared_ptr<Scope> outer = macro.scope.lock();
  if (outer == nullptr)
    return site.error("the macro " + macro.name + "() outside the block it stands in");
  const Inner inner(*this, std::move(outer));
  BLUE_TRY(bind_parameters(macro, arguments, site));
  Result<Text> text = capture(macro.statement->body);
  if (!text) return std::move(text).error();
  return Value(std::move(text).value());
}

Status Renderer::bind_parameters(const Callable& macro, const Arguments& arguments,
                                 const Site& site) {
  const Statement& statement = *macro.statement;
  const std::size_t n_parameters = statement.parameters.size();
  const std::size_t n_given = arguments.positional.size();
  const Error misfit =
      site.error("the macro " + macro.name + "() with arguments that it does not take");
  if (n_given > n_parameters && !statement.extras.takes_positional) return misfit;
  std::vector<bool> is_used(arguments.named.size(), false);
  for (std::size_t i = 0; i < n_parameters; ++i) {
    const std::string& name = statement.parameters[i].target->text;
    Value value;
    bool is_given = i < n_given;
    if (is_given) value = arguments.positional[i];
    for (std::size_t k = 0; k < arguments.named.size(); ++k) {
      if (arguments.named[k].first != name) continue;
      if (is_given) return misfit;
      value = arguments.named[k].second;
      is_given = true;
      is_used[k] = true;
    }
    if (!is_given && statement.parameters[i].value != nullptr) {
      BLUE_TRY_ASSIGN(value, evaluate(*statement.parameters[i].value));
    }
    BLUE_TRY(assign(name, std::move(value), site.line));
  }
  Map more;
  Value caller;
  for (std::size_t k = 0; k < arguments.named.size(); ++k) {
    const auto& [name, value] = arguments.named[k];
    if (is_used[k]) continue;
    if (name == "caller" && statement.extras.takes_caller) {
      caller = value;
    } else if (statement.extras.takes_named) {
      more.emplace_back(Value(Text(name, Origin::markup)), value);
    } else {
      return misfit;
    }
  }
  if (statement.extras.takes_caller) define("caller", std::move(caller));
  if (statement.extras.takes_named) define("kwargs", Value(std::move(more)));
  if (statement.extras.takes_positional) {
    List rest;
    for (std::size_t i = n_parameters; i < n_given; ++i) rest.push_back(arguments.positional[i]);
    define("varargs", Value(std::move(rest), Form::tuple));
  }
  return {};
}

}  // namespace blue::text::jinja
