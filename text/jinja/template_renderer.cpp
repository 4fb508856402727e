// The statements.
#include "text/jinja/template_renderer.h"

#include "text/jinja/template_operators.h"
#include "text/jinja/template_print.h"

namespace blue::text::jinja {

Renderer::Renderer(const RenderLimits& limits, const std::optional<std::tm>& now)
    : budget_(limits), now_(now), scope_(std::make_shared<Scope>()) {}

Renderer::Inner::Inner(Renderer& renderer, std::shared_ptr<Scope> outer)
    : renderer_(renderer), before_(std::exchange(renderer.scope_, std::make_shared<Scope>())) {
  renderer_.scope_->outer = std::move(outer);
}

Result<Text> Renderer::render(const Program& program) {
  BLUE_TRY(run(program.statements));
  return std::move(out_);
}

Status Renderer::run(const std::vector<Statement>& statements) {
  if (depth_ >= kMaxDepth) {
    const std::uint32_t line = statements.empty() ? 0 : statements.front().line;
    return template_error(line, "rendering nests deeper than " + std::to_string(kMaxDepth));
  }
  ++depth_;
  Status status;
  for (const Statement& statement : statements) {
    status = run(statement);
    if (!status || flow_ != Flow::onward) break;
  }
  --depth_;
  return status;
}

Status Renderer::run(const Statement& statement) {
  BLUE_TRY(budget_.step(statement.line));
  switch (statement.kind) {
    case StatementKind::text: return print(Text(statement.text, Origin::markup), statement.line);
    case StatementKind::print: return run_print(statement);
    case StatementKind::set: {
      BLUE_TRY_ASSIGN(Value value, evaluate(*statement.expression));
      return assign(*statement.target, std::move(value));
    }
    case StatementKind::set_block: return run_set_block(statement);
    case StatementKind::loop: return run_loop(statement);
    case StatementKind::branch: {
      BLUE_TRY_ASSIGN(const Value condition, evaluate(*statement.expression));
      return run(condition.is_true() ? statement.body : statement.otherwise);
    }
    case StatementKind::macro: {
      auto macro = std::make_shared<Callable>();
      macro->kind = Callable::Kind::macro;
      macro->name = statement.text;
      macro->statement = &statement;
      macro->scope = scope_;
      return assign(statement.text, Value(std::move(macro)), statement.line);
    }
    case StatementKind::call_block: return run_call_block(statement);
    case StatementKind::filter_block: return run_filter_block(statement);
    case StatementKind::with: return run_with(statement);
    case StatementKind::leave_loop: flow_ = Flow::break_loop; return {};
    case StatementKind::next_round: flow_ = Flow::next_round; return {};
  }
  return {};
}

Status Renderer::run_print(const Statement& statement) {
  BLUE_TRY_ASSIGN(const Value value, evaluate(*statement.expression));
  BLUE_TRY_ASSIGN(const Text text, printed(value, at(statement.line)));
  return print(text, statement.line);
}

Status Renderer::print(const Text& text, std::uint32_t line) {
  const std::uint64_t limit = budget_.limits().bytes;
  if (text.size() > limit - out_.size())
    return template_error(line, "the rendered text exceeds " + std::to_string(limit) + " bytes");
  out_.append(text);
  return {};
}

Result<Text> Renderer::capture(const std::vector<Statement>& body) {
  Text before = std::exchange(out_, {});
  const Status status = run(body);
  Text captured = std::exchange(out_, std::move(before));
  if (!status) return status.error();
  BLUE_TRY(budget_.make(captured.size(), body.empty() ? 0 : body.front().line));
  return captured;
}

Result<Value> Renderer::filter_captured(const Expression& expression, Text captured) {
  const Text* before = std::exchange(captured_, &captured);
  Result<Value> value = evaluate(expression);
  captured_ = before;
  return value;
}

Status Renderer::run_set_block(const Statement& statement) {
  Text captured;
  {
    const Inner inner(*this, scope_);
    BLUE_TRY_ASSIGN(captured, capture(statement.body));
  }
  BLUE_TRY_ASSIGN(Value value, filter_captured(*statement.expression, std::move(captured)));
  return assign(*statement.target, std::move(value));
}

Status Renderer::run_filter_block(const Statement& statement) {
  const Inner inner(*this, scope_);
  BLUE_TRY_ASSIGN(Text captured, capture(statement.body));
  BLUE_TRY_ASSIGN(const Value value, filter_captured(*statement.expression, std::move(captured)));
  BLUE_TRY_ASSIGN(const Text text, printed(value, at(statement.line)));
  return print(text, statement.line);
}

Status Renderer::run_with(const Statement& statement) {
  List values;
  for (const Statement::Parameter& parameter : statement.parameters) {
    BLUE_TRY_ASSIGN(Value value, evaluate(*parameter.value));
    values.push_back(std::move(value));
  }
  const Inner inner(*this, scope_);
  for (std::size_t i = 0; i < values.size(); ++i)
    BLUE_TRY(assign(*statement.parameters[i].target, std::move(values[i])));
  return run(statement.body);
}

Result<List> Renderer::filtered(const Statement& statement, List entries) {
  List out;
  for (Value& entry : entries) {
    BLUE_TRY(budget_.step(statement.line));
    const Inner inner(*this, scope_);
    BLUE_TRY(assign(*statement.target, entry));
    BLUE_TRY_ASSIGN(const Value is_kept, evaluate(*statement.condition));
    if (is_kept.is_true()) out.push_back(std::move(entry));
  }
  return out;
}

Status Renderer::run_loop(const Statement& statement) {
  BLUE_TRY_ASSIGN(const Value over, evaluate(*statement.expression));
  BLUE_TRY_ASSIGN(List entries, entries_of(over, at(statement.line)));
  if (statement.condition != nullptr) {
    BLUE_TRY_ASSIGN(entries, filtered(statement, std::move(entries)));
  }
  if (entries.empty()) {
    const Inner inner(*this, scope_);
    return run(statement.otherwise);
  }
  auto loop = std::make_shared<LoopState>();
  loop->entries = std::make_shared<const List>(std::move(entries));
  Status status;
  for (; status && loop->at < loop->entries->size(); ++loop->at) {
    status = budget_.step(statement.line);
    if (!status) break;
    const Inner inner(*this, scope_);
    define("loop", Value(loop));
    status = assign(*statement.target, (*loop->entries)[loop->at]);
    if (status) status = run(statement.body);
    if (std::exchange(flow_, Flow::onward) == Flow::break_loop) break;
  }
  return status;
}

Status Renderer::run_call_block(const Statement& statement) {
  auto caller = std::make_shared<Callable>();
  caller->kind = Callable::Kind::macro;
  caller->name = "caller";
  caller->statement = &statement;
  caller->scope = scope_;
  const Expression& expression = *statement.expression;
  BLUE_TRY_ASSIGN(const Value callee, evaluate(*expression.operands[0]));
  BLUE_TRY_ASSIGN(Arguments arguments, evaluate_arguments(expression));
  arguments.named.emplace_back("caller", Value(std::move(caller)));
  if (callee.callable() == nullptr) return at(statement.line).misfit("{% call %}", callee);
  BLUE_TRY_ASSIGN(const Value value, call(*callee.callable(), arguments, at(statement.line)));
  BLUE_TRY_ASSIGN(const Text text, printed(value, at(statement.line)));
  return print(text, statement.line);
}

Status Renderer::assign(const Expression& target, Value value) {
  if (target.kind == ExpressionKind::tuple) return assign_tuple(target, value);
  if (target.kind == ExpressionKind::attribute) return assign_field(target, std::move(value));
  return assign(target.text, std::move(value), target.line);
}

Status Renderer::assign(std::string_view name, Value value, std::uint32_t line) {
  BLUE_TRY(budget_.see(scope_->variables.size() * kBytesPerEntry, line));
  for (auto& [known, variable] : scope_->variables) {
    if (known != name) continue;
    variable = std::move(value);
    return {};
  }
  scope_->variables.emplace_back(name, std::move(value));
  return {};
}

Status Renderer::assign_field(const Expression& target, Value value) {
  const std::string& name = target.operands[0]->text;
  BLUE_TRY_ASSIGN(const Value owner, look_up(name, target.line));
  if (owner.space() == nullptr)
    return template_error(target.line,
                          "an attribute of \"" + name + "\" is set, which is no namespace()");
  if (value.extent().holds_space)  // could make a namespace hold itself, which nothing would free
    return template_error(target.line, "an attribute is set to what holds a namespace()");
  auto& fields = owner.space()->fields;
  BLUE_TRY(budget_.see(fields.size() * kBytesPerEntry, target.line));
  for (auto& [field, entry] : fields) {
    if (field != target.text) continue;
    entry = std::move(value);
    return {};
  }
  fields.emplace_back(target.text, std::move(value));
  return {};
}

Status Renderer::assign_tuple(const Expression& target, const Value& value) {
  if (value.is_undefined()) return template_error(target.line, "undefined, unpacked");
  BLUE_TRY_ASSIGN(List entries, entries_of(value, at(target.line)));
  if (entries.size() != target.operands.size()) {
    return template_error(target.line, std::to_string(entries.size()) + " values for " +
                                           std::to_string(target.operands.size()) + " variables");
  }
  for (std::size_t i = 0; i < entries.size(); ++i)
    BLUE_TRY(assign(*target.operands[i], std::move(entries[i])));
  return {};
}

}  // namespace blue::text::jinja
