#include "actors/stage/session_source.h"

#include <algorithm>

namespace blue::actors {
namespace {

/// A context of fewer tokens than this is refused.
constexpr std::uint32_t kLeastContext = 128;

}  // namespace

SessionSource::SessionSource(const SessionDeps& deps, StageLink& link)
    : deps_(deps), leases_(deps.tiers, link), turn_(deps.device_turn) {}

Status SessionSource::open(const std::string& path) {
  if (session_ && path_ == path) return {};
  close();
  BLUE_TRY_ASSIGN(model_, deps_.registry.open(path));
  models::ExecutorLimits limits = deps_.limits;
  const std::uint32_t n_trained = model_->model->program.hyper.n_context;
  if (n_trained > 0) limits.max_context = std::min(limits.max_context, n_trained);
  BLUE_TRY_ASSIGN(executor_, open_executor(limits));
  session_.emplace(*model_->model, *executor_, 0);
  leases_.follow(model_->order);
  path_ = path;
  return {};
}

void SessionSource::close() {
  decoder_.reset();
  session_.reset();
  executor_.reset();
  leases_.follow(std::nullopt);
  model_.reset();
  path_.clear();
}

void SessionSource::release(const std::string& model) {
  if (path_ != model) return;
  const MutexLock turn(deps_.device_turn);
  close();
}

Result<std::unique_ptr<models::Executor>> SessionSource::open_executor(
    models::ExecutorLimits limits) {
  const std::uint32_t asked = limits.max_context;
  for (;;) {
    auto executor = models::Executor::create(model_->model->program, model_->blocks, deps_.backend,
                                             leases_, limits);
    if (executor && limits.max_context < asked)
      deps_.log.write_once(LogLevel::warning, "the context holds " +
                                                  std::to_string(limits.max_context) +
                                                  " tokens instead of " + std::to_string(asked) +
                                                  ": there is no memory for more");
    const bool can_shrink = limits.max_context / 2 >= kLeastContext;
    if (executor || !executor.error().is(hal::HalError::out_of_memory) || !can_shrink)
      return executor;
    limits.max_context /= 2;
  }
}

std::optional<TokenSource::KvSwitch> SessionSource::leave_for(const messages::JobSpec& job) {
  if (path_ == job.model) return std::nullopt;
  const auto entering = deps_.registry.open(job.model);
  if (!entering) return std::nullopt;  // begin() returns the error
  KvSwitch change;
  change.entering_fingerprint = (*entering)->model->fingerprint;
  if (!session_ || session_->history().empty()) return change;
  const MutexLock turn(deps_.device_turn);
  auto rows = session_->export_kv();
  if (!rows) return change;  // a failing device fails the next step too
  const auto history = session_->history();
  change.leaving = path_;
  change.rows = KvSnapshot{
      model_->model->fingerprint, {history.begin(), history.end()}, std::move(rows).value()};
  return change;
}

Status SessionSource::enter_with(const messages::JobSpec& job, const KvSnapshot& snapshot) {
  const MutexLock turn(deps_.device_turn);
  BLUE_TRY(open(job.model));
  return session_->restore(snapshot.tokens, snapshot.rows);
}

Result<SourceBegin> SessionSource::begin(const messages::JobSpec& job, const StopToken& stop) {
  if (!turn_.is_held()) turn_.lock();
  before_ = counts();
  const Nanoseconds began_ns = monotonic_now_ns();
  BLUE_TRY(open(job.model));
  set_activity(memory::Activity::active);
  SourceBegin begun;
  begun.load_ns = monotonic_now_ns() - began_ns;
  std::vector<TokenId> prompt = job.prompt_tokens;
  if (prompt.empty()) {
    if (!job.system.empty()) deps_.registry.note_system_message(*model_->model);
    BLUE_TRY_ASSIGN(prompt, model_->model->prompt_tokens(job.system, job.prompt));
  } else if (!model_->model->tokenizer) {
    return Error(text::TextError::unsupported_tokenizer, model_->model->tokenizer_error);
  }
  const bool is_blank = job.prompt_tokens.empty() && job.prompt.empty();
  decoder_.emplace(*model_->model->tokenizer, is_blank
                                                  ? text::StreamDecoder::TextStart::beginning
                                                  : text::StreamDecoder::TextStart::continuation);
  begun.n_prompt_tokens = static_cast<std::uint32_t>(prompt.size());
  BLUE_TRY(session_->begin(prompt, job.sampling.spec(), job.max_tokens, stop));
  begun.n_cached_tokens = session_->n_reused();
  return begun;
}

Result<std::optional<SourceToken>> SessionSource::next(const StopToken& stop) {
  BLUE_TRY_ASSIGN(const std::optional<models::TokenEvent> event, session_->next(stop));
  if (!event) return std::optional<SourceToken>();
  return std::optional(
      SourceToken{event->id, event->statistics.entropy_nats, decoder_->feed(event->id)});
}

/// Since the runtime began. Bytes are those of all stages, of which one runs at a time.
messages::StageFigures SessionSource::counts() const {
  messages::StageFigures counts;
  counts.n_misses = leases_.n_misses();
  counts.n_hits = leases_.n_hits();
  counts.stall_ns = static_cast<std::uint64_t>(leases_.stall_ns());
  counts.n_bytes_read = deps_.tiers.n_bytes_read.load(std::memory_order_relaxed);
  counts.n_bytes_copied = deps_.tiers.n_bytes_copied.load(std::memory_order_relaxed);
  return counts;
}

void SessionSource::add_traffic(messages::StageFigures& figures) const {
  const messages::StageFigures now = counts();
  figures.n_hits = now.n_hits - before_.n_hits;
  figures.stall_ns = now.stall_ns - before_.stall_ns;
  figures.n_bytes_read = now.n_bytes_read - before_.n_bytes_read;
  figures.n_bytes_copied = now.n_bytes_copied - before_.n_bytes_copied;
}

void SessionSource::set_activity(memory::Activity activity) {
  deps_.tiers.orders().set_activity(model_->order, activity);
  deps_.tiers.note_progress();
}

std::string_view SessionSource::rest() {
  if (model_ && executor_) {
    // The next job's model needs the room.
    executor_->release_leases();
    set_activity(memory::Activity::idle);
  }
  if (turn_.is_held()) turn_.unlock();
  return decoder_ ? decoder_->flush() : std::string_view();
}

messages::StageEnd SessionSource::end() const {
  if (!session_) return messages::StageEnd::end_token;
  switch (session_->end()) {
    case models::SessionEnd::token_budget: return messages::StageEnd::token_budget;
    case models::SessionEnd::context_full: return messages::StageEnd::context_full;
    case models::SessionEnd::end_token:
    case models::SessionEnd::running: return messages::StageEnd::end_token;
  }
  return messages::StageEnd::end_token;
}

}  // namespace blue::actors
