#include "models/chat/template_renderer.h"

#include "models/chat/template_functions.h"
#include "models/chat/template_lexer.h"

namespace blue::models::chat {
namespace {

constexpr std::uint64_t kMadePerOutput = 4;

Value loop_state(std::size_t i, std::size_t n) {
  const auto index = static_cast<std::int64_t>(i);
  const auto count = static_cast<std::int64_t>(n);
  return Map{{"index0", index},
             {"index", index + 1},
             {"revindex0", count - index - 1},
             {"revindex", count - index},
             {"first", i == 0},
             {"last", i + 1 == n},
             {"length", count}};
}

}  // namespace

Status Renderer::step(std::uint32_t line) {
  if (++n_steps_ > limits_.steps) {
    return template_error(line, "rendering takes more than " + std::to_string(limits_.steps) + " steps");
  }
  return {};
}

Result<Text> Renderer::render(const Program& program) {
  BLUE_TRY(run(program.statements));
  return std::move(out_);
}

Status Renderer::run(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) BLUE_TRY(run(statement));
  return {};
}

Status Renderer::run(const Statement& statement) {
  BLUE_TRY(step(statement.line));
  switch (statement.kind) {
    case StatementKind::text: return print(Text(statement.text, Origin::markup), statement.line);
    case StatementKind::print: {
      BLUE_TRY_ASSIGN(const Value value, evaluate(*statement.expression));
      Text text;
      if (!value.print_to(text))
        return template_error(statement.line, "{{ }} around " + std::string(value.kind()));
      return print(text, statement.line);
    }
    case StatementKind::set: return run_set(statement);
    case StatementKind::loop: return run_loop(statement);
    case StatementKind::branch: {
      BLUE_TRY_ASSIGN(const Value condition, evaluate(*statement.expression));
      return run(condition.is_true() ? statement.body : statement.otherwise);
    }
  }
  return {};
}

Status Renderer::print(const Text& text, std::uint32_t line) {
  if (text.size() > limits_.bytes - out_.size()) {
    return template_error(line, "the rendered text exceeds " + std::to_string(limits_.bytes) + " bytes");
  }
  out_.append(text);
  return {};
}

Status Renderer::run_set(const Statement& statement) {
  BLUE_TRY_ASSIGN(Value value, evaluate(*statement.expression));
  if (!statement.attribute.empty()) {
    const Value owner = look_up(statement.text);
    if (owner.map() == nullptr) {
      return template_error(statement.line,
                            "an attribute of \"" + statement.text + "\" is set, which is no namespace()");
    }
    if (value.map() != nullptr ||
        value.list() != nullptr) {  // could make a map hold itself, which nothing would free
      return template_error(statement.line, "an attribute is set to " + std::string(value.kind()));
    }
    Value* entry = find_entry(*owner.map(), statement.attribute);
    if (entry == nullptr) {
      owner.map()->emplace_back(statement.attribute, std::move(value));
    } else {
      *entry = std::move(value);
    }
    return {};
  }
  for (std::size_t i = scope_begin_; i < variables_.size(); ++i) {
    if (variables_[i].first != statement.text) continue;
    variables_[i].second = std::move(value);
    return {};
  }
  variables_.emplace_back(statement.text, std::move(value));
  return {};
}

Status Renderer::run_loop(const Statement& statement) {
  BLUE_TRY_ASSIGN(const Value sequence, evaluate(*statement.expression));
  if (sequence.is_undefined()) return {};
  const List* list = sequence.list();
  if (list == nullptr)
    return template_error(statement.line, "{% for %} over " + std::string(sequence.kind()));
  const std::size_t outer_begin = scope_begin_;
  const std::size_t outer_end = variables_.size();
  for (std::size_t i = 0; i < list->size(); ++i) {
    BLUE_TRY(step(statement.line));
    scope_begin_ = outer_end;
    variables_.emplace_back(statement.text, (*list)[i]);
    variables_.emplace_back("loop", loop_state(i, list->size()));
    BLUE_TRY(run(statement.body));
    variables_.resize(outer_end);
  }
  scope_begin_ = outer_begin;
  return {};
}

Value Renderer::look_up(std::string_view name) const {
  for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
    if (it->first == name) return it->second;
  }
  return {};
}

Result<Value> Renderer::counted(Result<Value> value, std::uint32_t line) {
  if (!value) return value;
  if (const Text* text = value->text()) n_bytes_made_ += text->size();
  if (const List* list = value->list()) n_bytes_made_ += list->size() * sizeof(Value);
  if (n_bytes_made_ > kMadePerOutput * limits_.bytes) {
    return template_error(line, "rendering makes more than " +
                                    std::to_string(kMadePerOutput * limits_.bytes) + " bytes of text");
  }
  return value;
}

Result<Value> Renderer::evaluate(const Expression& expression) {
  BLUE_TRY(step(expression.line));
  switch (expression.kind) {
    case ExpressionKind::string: return Value(Text(expression.text, Origin::markup));
    case ExpressionKind::integer: return Value(expression.number);
    case ExpressionKind::boolean: return Value(expression.number != 0);
    case ExpressionKind::none: return Value(None{});
    case ExpressionKind::name: return look_up(expression.text);
    case ExpressionKind::attribute: return evaluate_attribute(expression);
    case ExpressionKind::slice: return counted(evaluate_slice(expression), expression.line);
    case ExpressionKind::call: return counted(evaluate_call(expression), expression.line);
    case ExpressionKind::filter: return counted(evaluate_filter(expression), expression.line);
    case ExpressionKind::operation: return counted(evaluate_operation(expression), expression.line);
    case ExpressionKind::subscript: {
      BLUE_TRY_ASSIGN(const Value value, evaluate(*expression.operands[0]));
      BLUE_TRY_ASSIGN(const Value index, evaluate(*expression.operands[1]));
      return subscript(value, index, expression.line);
    }
    case ExpressionKind::list: {
      List list;
      for (const auto& operand : expression.operands) {
        BLUE_TRY_ASSIGN(Value element, evaluate(*operand));
        list.push_back(std::move(element));
      }
      return counted(Value(std::move(list)), expression.line);
    }
    case ExpressionKind::test: {
      BLUE_TRY_ASSIGN(const Value value, evaluate(*expression.operands[0]));
      return apply_test(expression.text, value, expression.line);
    }
    case ExpressionKind::negation: {
      BLUE_TRY_ASSIGN(const Value value, evaluate(*expression.operands[0]));
      return Value(!value.is_true());
    }
    case ExpressionKind::minus: {
      BLUE_TRY_ASSIGN(const Value value, evaluate(*expression.operands[0]));
      return apply_operator("-", Value(std::int64_t{0}), value, expression.line);
    }
    case ExpressionKind::conditional: {
      BLUE_TRY_ASSIGN(const Value condition, evaluate(*expression.operands[1]));
      if (condition.is_true()) return evaluate(*expression.operands[0]);
      return expression.operands[2] ? evaluate(*expression.operands[2]) : Value();
    }
  }
  return Value();
}

Result<Value> Renderer::evaluate_operation(const Expression& expression) {
  BLUE_TRY_ASSIGN(Value left, evaluate(*expression.operands[0]));
  if (expression.text == "and" && !left.is_true()) return left;
  if (expression.text == "or" && left.is_true()) return left;
  BLUE_TRY_ASSIGN(Value right, evaluate(*expression.operands[1]));
  if (expression.text == "and" || expression.text == "or") return right;
  return apply_operator(expression.text, left, right, expression.line);
}

Result<Value> Renderer::evaluate_attribute(const Expression& expression) {
  BLUE_TRY_ASSIGN(const Value value, evaluate(*expression.operands[0]));
  if (value.map() == nullptr) {
    return template_error(expression.line,
                          "the attribute ." + expression.text + " of " + std::string(value.kind()));
  }
  const Value* found = find_entry(*value.map(), expression.text);
  return found == nullptr ? Value() : *found;
}

Result<Value> Renderer::evaluate_slice(const Expression& expression) {
  std::vector<Value> values(expression.operands.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (expression.operands[i] == nullptr) continue;
    BLUE_TRY_ASSIGN(values[i], evaluate(*expression.operands[i]));
  }
  return slice(values[0], values[1], values[2], values[3], expression.line);
}

Result<std::vector<Value>> Renderer::evaluate_arguments(const Expression& expression) {
  std::vector<Value> arguments;
  for (std::size_t i = 1; i < expression.operands.size(); ++i) {
    BLUE_TRY_ASSIGN(Value argument, evaluate(*expression.operands[i]));
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

Result<Value> Renderer::evaluate_filter(const Expression& expression) {
  BLUE_TRY_ASSIGN(const Value value, evaluate(*expression.operands[0]));
  BLUE_TRY_ASSIGN(const std::vector<Value> arguments, evaluate_arguments(expression));
  if (!expression.named.empty()) {
    return template_error(expression.line, "named arguments of the filter \"" + expression.text + "\"");
  }
  return apply_filter(expression.text, value, arguments, expression.line);
}

Result<Value> Renderer::evaluate_call(const Expression& expression) {
  const Expression& callee = *expression.operands[0];
  BLUE_TRY_ASSIGN(const std::vector<Value> arguments, evaluate_arguments(expression));
  if (callee.kind == ExpressionKind::name) return call_function(expression, arguments);
  if (callee.kind != ExpressionKind::attribute || !expression.named.empty()) {
    return template_error(expression.line, "a call of this kind, which this program does not know");
  }
  BLUE_TRY_ASSIGN(const Value object, evaluate(*callee.operands[0]));
  return apply_method(callee.text, object, arguments, expression.line);
}

Result<Value> Renderer::call_function(const Expression& expression, const std::vector<Value>& arguments) {
  const std::string& name = expression.operands[0]->text;
  if (name == "namespace" && arguments.empty()) {
    Map fields;
    for (const auto& [field, operand] : expression.named) {
      BLUE_TRY_ASSIGN(Value value, evaluate(*operand));
      fields.emplace_back(field, std::move(value));
    }
    return Value(std::move(fields));
  }
  if (name == "raise_exception" && arguments.size() == 1 && arguments[0].text() != nullptr) {
    return Error(ModelsError::bad_message, "the model's chat template refuses these messages: " +
                                               std::string(arguments[0].text()->bytes()));
  }
  return template_error(expression.line, "the function " + name.substr(0, 40) +
                                             "() with these arguments, which this program does not know");
}

}  // namespace blue::models::chat
