#include "runtime/runtime.h"
#include "runtime/capable_backend.h"

#include <utility>

#include "actors/actor_runtime.h"
#include "actors/cascade/cascade_run.h"
#include "actors/cascade/run_directory.h"
#include "actors/tiering.h"
#include "base/check.h"
#include "hal/thread_reserve.h"
#include "runtime/capable_backend.h"
#include "runtime/compute_threads.h"
#include "runtime/cost_rates.h"
#include "runtime/device_boot.h"
#include "runtime/machine_boot.h"

namespace blue::runtime {

using actors::ActorsError;
using actors::Addresses;

namespace {

/// The least number of threads that a run starts: a stage.
constexpr std::size_t kThreadsOfRun = 1;

}  // namespace

struct Run::State {
  std::shared_ptr<actors::ActorRuntime> actors;
  messages::RunNumber number;
  std::string id;
  bool is_finished = false;
};

struct Runtime::State {
  RuntimeOptions options;
  std::string choice = "no device: the program brings its own tokens";
  std::uint32_t n_threads = 0;                ///< compute threads of the backend
  std::optional<hal::BootedMachine> machine;  ///< outlives the device
  std::unique_ptr<DeviceBoot> device;         ///< outlives the actors
  std::unique_ptr<actors::ActorRuntime> actors;
  bool is_down = false;
};

Run::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;
Run::~Run() {
  if (state_) state_->actors->context().events.close(state_->number);
}

const std::string& Run::id() const { return state_->id; }
bool Run::is_finished() const { return state_->is_finished; }
std::vector<RunEvent> Run::poll() { return wait(std::chrono::nanoseconds(0)); }

std::vector<RunEvent> Run::wait(std::chrono::nanoseconds patience) {
  if (state_->is_finished) return {};
  std::vector<RunEvent> events = state_->actors->context().events.take(state_->number, patience);
  if (!events.empty() && events.back().kind == RunEvent::Kind::finished) state_->is_finished = true;
  return events;
}

void Run::cancel() {
  messages::CancelRun order;
  order.run = state_->number;
  state_->actors->send(&Addresses::application, order);
}

RunEvent Run::follow(const std::function<void(const RunEvent&)>& on_event,
                     const std::function<bool()>& is_stop_asked) {
  constexpr std::chrono::milliseconds kLatest(20);  // how late a stop may be seen
  BLUE_CHECK(!state_->is_finished, "the end of this run was handed out already");
  bool is_cancelled = false;
  for (;;) {
    for (RunEvent& event : wait(kLatest)) {
      on_event(event);
      if (event.kind == RunEvent::Kind::finished) return std::move(event);
    }
    if (is_cancelled || !is_stop_asked()) continue;
    is_cancelled = true;
    cancel();
  }
}

std::vector<RunEvent> Run::finish() {
  std::vector<RunEvent> all;
  while (!state_->is_finished) {
    for (RunEvent& event : wait(std::chrono::milliseconds(500))) all.push_back(std::move(event));
  }
  return all;
}

Runtime::Runtime(std::shared_ptr<State> state) : state_(std::move(state)) {}
Runtime::~Runtime() { shutdown(); }

namespace {

/// Copies the report out however the start ends; a failed start adds its error.
class ReportOnReturn {
 public:
  ReportOnReturn(std::optional<hal::BootedMachine>& machine, hal::BootReport* report)
      : machine_(machine), report_(report) {}
  ~ReportOnReturn() {
    if (report_ != nullptr && machine_) *report_ = machine_->report();
  }
  ReportOnReturn(const ReportOnReturn&) = delete;
  ReportOnReturn& operator=(const ReportOnReturn&) = delete;

  Error refuse(Error error) const {
    const std::string& message = error.message();
    if (machine_)
      machine_->report()
          .phase(hal::BootStep::hand_over)
          .items.push_back({"runtime", hal::Outcome::denied, message, ""});
    return error;
  }

 private:
  std::optional<hal::BootedMachine>& machine_;
  hal::BootReport* report_;
};

/// The report lists the refusals with their remedies; the log has them at level debug.
void log_refusals(const hal::BootReport& report, LogSink& log) {
  for (const hal::BootPhase& phase : report.phases) {
    for (const hal::BootItem& item : phase.items) {
      if (item.outcome != hal::Outcome::denied) continue;
      log.write_once(LogLevel::debug, item.name + ": " + item.detail +
                                          (item.remedy.empty() ? "" : "; " + item.remedy));
    }
  }
}

/// Figures that the system lacks (no /proc, no /sys) and assumptions replace.
void log_missing_figures(const hal::BootReport& report, LogSink& log) {
  for (const hal::BootPhase& phase : report.phases) {
    for (const hal::BootItem& item : phase.items) {
      if (item.outcome == hal::Outcome::absent && item.name.ends_with(" figures"))
        log.write_once(LogLevel::warning, item.detail);
    }
  }
}

}  // namespace

Status Runtime::open_device(State& state, const kernels::BackendChoice& choice,
                            actors::RuntimeContextOptions& context, LogSink& log) {
  BLUE_TRY_ASSIGN(state.device,
                  boot_device(state.options, choice, context.placement, *state.machine, log));
  state.choice = state.device->choice;
  context.make_source = session_sources(*state.device, state.options, log);
  context.tiers = state.device->tiers;
  context.registry = state.device->registry;
  return {};
}

Status Runtime::start_actors(State& state, actors::RuntimeContextOptions context, LogSink& log) {
  // The tree is up before any caller can send to it.
  constexpr std::chrono::seconds kPatience{5};
  const actors::Placement placement = context.placement;
  state.actors = std::make_unique<actors::ActorRuntime>(std::move(context), log);
  actors::ThreadTable& threads = state.actors->context().threads;
  if (!state.actors->ping() || !threads.wait_until_bound(kPatience))
    return Error(ActorsError::actor_down, "the actors did not start");
  state.machine->report()
      .phase(hal::BootStep::hand_over)
      .items.push_back(item_of(threads.all(), placement));
  return {};
}

Result<std::unique_ptr<Runtime>> Runtime::start(RuntimeOptions options, LogSink& log,
                                                hal::BootReport* report) {
  auto state = std::make_shared<State>();
  const ReportOnReturn reporting(state->machine, report);
  if (options.runs_root.empty()) options.runs_root = actors::default_runs_root();
  state->options = std::move(options);
  if (const Status sized = hal::size_thread_memory(); !sized)
    log.write_once(LogLevel::warning, sized.error().message());
  // Held while the backend starts its workers: it can use fewer threads, the actors cannot.
  BLUE_TRY_ASSIGN(auto reserve,
                  hal::ThreadReserve::take(actors::ActorRuntime::kThreads + kThreadsOfRun));
  Result<kernels::BackendChoice> choice = kernels::BackendChoice();
  if (!state->options.make_source) choice = choose_capable_backend(state->options, log);
  const bool has_device = choice && choice->entry != nullptr;
  BLUE_TRY_ASSIGN(hal::BootedMachine machine,
                  boot_machine(state->options, has_device ? &*choice : nullptr, log));
  state->machine.emplace(std::move(machine));
  if (!choice) return reporting.refuse(std::move(choice).error());

  hal::BootPhase& phase = state->machine->report().phase(hal::BootStep::hand_over);
  const Nanoseconds began_ns = monotonic_now_ns();
  actors::RuntimeContextOptions context;
  log_missing_figures(state->machine->report(), log);
  context.placement = actors::place_actors(state->machine->topology());
  context.stall_deadline_ns = state->options.stall_deadline_ns;
  context.spans_per_actor =
      state->options.tracing == Tracing::on ? state->options.spans_per_actor : 0;
  context.make_source = state->options.make_source;
  if (has_device && choice->entry->has_workers) {
    Status placed = place_threads(context.placement, state->machine->topology(),
                                  state->options.resources.n_threads);
    if (!placed) return reporting.refuse(std::move(placed).error());
    state->n_threads = std::max<std::uint32_t>(
        1, static_cast<std::uint32_t>(context.placement.worker_cpus.size()));
  }
  if (has_device) {
    Status opened = open_device(*state, *choice, context, log);
    if (!opened) return reporting.refuse(std::move(opened).error());
    const std::vector<hal::BootItem> items = items_of(*state->device);
    phase.items.insert(phase.items.end(), items.begin(), items.end());
  }
  reserve.release();
  Status started = start_actors(*state, std::move(context), log);
  state->machine->end_caller_tuning();
  if (!started) return reporting.refuse(std::move(started).error());
  phase.took_ns = monotonic_now_ns() - began_ns;
  log_refusals(state->machine->report(), log);
  return std::unique_ptr<Runtime>(new Runtime(std::move(state)));
}

void Runtime::shutdown() {
  if (!state_ || std::exchange(state_->is_down, true)) return;
  state_->actors->stop();
}

const std::string& Runtime::device_choice() const { return state_->choice; }

GrantedResources Runtime::resources() const {
  GrantedResources granted{
      .device = state_->choice,
      .policy = state_->options.resources.policy.value_or(memory::EvictionPolicy::automatic),
      .n_threads = state_->n_threads};
  if (!state_->device) return granted;
  const actors::TierMemory& tiers = *state_->device->tiers;
  granted.vram = tiers.budget(memory::Tier::vram);
  if (tiers.has_ram()) granted.ram = tiers.budget(memory::Tier::ram);
  return granted;
}

actors::ActorRuntime& Runtime::actor_runtime() { return *state_->actors; }

Result<std::shared_ptr<const models::Model>> Runtime::load_model(const std::string& path) {
  if (!state_->device)
    return Error(ActorsError::bad_request, "this runtime was started without a device");
  BLUE_TRY_ASSIGN(const auto loaded, state_->device->registry->open(path));
  messages::PrefetchModel prefetch;
  prefetch.model = path;
  state_->actors->send(&actors::Addresses::tiering, prefetch);
  return loaded->model;
}

Result<std::optional<models::ModelCost>> Runtime::predict(const std::string& path) {
  if (!state_->device)
    return Error(ActorsError::bad_request, "this runtime was started without a device");
  BLUE_TRY_ASSIGN(const auto loaded, state_->device->registry->open(path));
  const models::Model& model = *loaded->model;
  const GrantedResources granted = resources();
  if (models::weight_bytes(model.program) <= granted.vram)
    return std::optional<models::ModelCost>();
  BLUE_TRY_ASSIGN(const std::unique_ptr<hal::FileReader> reader, state_->machine->open_reader());
  constexpr Nanoseconds kEach = 100'000'000;
  const MutexLock turn(state_->device->turn);
  BLUE_TRY_ASSIGN(
      const models::LinkRates rates,
      measure_rates(model, *state_->device->backend, *reader, RateRequest{.each_ns = kEach}));
  return std::optional(models::cost_of(models::sizes_of(model.program, state_->options.kv_type),
                                       {.vram = granted.vram,
                                        .ram = granted.ram.value_or(Bytes{}),
                                        .policy = granted.policy,
                                        .rates = rates}));
}

Status Runtime::unload_model(const std::string& path) { return state_->actors->unload_model(path); }

Result<Run> Runtime::open(std::unique_ptr<Run::State> run, std::string log_path,
                          actors::RunStart start, actors::RunRecord record,
                          std::optional<messages::JobSpec> generation) {
  if (state_->is_down) return Error(ActorsError::shutting_down, "the runtime was shut down");
  actors::RuntimeContext& context = state_->actors->context();
  run->actors = {state_, state_->actors.get()};  // keeps the device alive as long as the actors
  run->number = context.runs.next_run();
  if (generation) {
    generation->key = {run->number, context.runs.next_job(), 0, {}};
  }
  context.events.open(run->number);
  context.runs.put(
      {run->number, std::move(log_path), start, std::move(record), std::move(generation)});
  messages::OpenRun order;
  order.run = run->number;
  state_->actors->send(&Addresses::application, order);
  return Run(std::move(run));
}

Result<Run> Runtime::generate(const GenerateRequest& request) {
  BLUE_TRY(request.sampling.validate());
  messages::JobSpec job;
  job.model = request.model;
  job.system = request.system;
  job.prompt = request.prompt;
  job.prompt_tokens = request.prompt_tokens;
  job.max_tokens = request.max_tokens;
  job.sampling = messages::SamplingBits::of(request.sampling);
  return open(std::make_unique<Run::State>(), "", actors::RunStart::anew, {}, std::move(job));
}

Result<Run> Runtime::run_cascade(actors::CascadeSpec cascade, const std::string& task,
                                 const CascadeOptions& options) {
  if (task.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error(ActorsError::bad_request, "the task is empty: describe it in plain English");
  }
  BLUE_TRY_ASSIGN(const actors::RunPlace place, actors::create_run(state_->options.runs_root));
  auto run = std::make_unique<Run::State>();
  run->id = place.id;
  const SkipPolicy skip = cascade.allows_skip ? SkipPolicy::as_configured : options.skip;
  return open(std::move(run), place.log.string(), actors::RunStart::anew,
              {std::move(cascade), task, skip}, std::nullopt);
}

Result<Run> Runtime::resume(const std::string& run_id) {
  BLUE_TRY_ASSIGN(const actors::RunPlace place,
                  actors::find_run(state_->options.runs_root, run_id));
  BLUE_TRY_ASSIGN(actors::LoggedRun logged, actors::read_logged_run(place.log.string()));
  if (logged.end && logged.end->outcome == messages::Outcome::completed) {
    return Error(ActorsError::run_finished,
                 "run " + place.id + " has completed; there is nothing to resume");
  }
  auto run = std::make_unique<Run::State>();
  run->id = place.id;
  return open(std::move(run), place.log.string(), actors::RunStart::resumed,
              std::move(logged.record), std::nullopt);
}

std::vector<memory::SlotText> Runtime::slots(const Run& run) const {
  const auto buffer = state_->actors->context().runs.buffer(run.state_->number);
  return buffer ? buffer->observe() : std::vector<memory::SlotText>();
}

std::vector<actors::ActorThread> Runtime::actors() const {
  return state_->actors->context().threads.all();
}

std::vector<TierState> Runtime::tiers() const {
  std::vector<TierState> states;
  if (!state_->device) return states;
  actors::TierMemory& tiers = *state_->device->tiers;
  const auto views = memory::UnifiedAddressSpace(tiers.catalog(), tiers.residency()).view();
  for (const memory::Tier tier : {memory::Tier::vram, memory::Tier::ram, memory::Tier::nvme}) {
    states.push_back({std::string(actors::to_text(tier)), tiers.budget(tier),
                      views[static_cast<std::size_t>(tier)]});
  }
  return states;
}

std::vector<messages::HintRecord> Runtime::hints() const {
  return state_->actors->context().hint_log.recent();
}

actors::TraceDump Runtime::traces() {
  actors::RuntimeContext& context = state_->actors->context();
  // After a shutdown the tracer no longer drains.
  if (!state_->actors->flush_traces()) context.trace_store.drain(context.traces);
  return actors::to_dump(context.trace_store.spans(), context.traces.writers(),
                         context.traces.dropped() + context.trace_store.n_beyond());
}

std::uint32_t Runtime::n_restarts() {
  const auto pong = state_->actors->ping();
  return pong ? pong->n_restarts : 0;
}

}  // namespace blue::runtime
