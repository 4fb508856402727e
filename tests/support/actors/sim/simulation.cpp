#include "tests/support/actors/sim/simulation.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "tests/support/actors/sim/sim_source.h"

namespace blue::sim {
namespace {

constexpr std::uint32_t kModels = 6;
constexpr std::uint32_t kMostRuns = 5;
constexpr std::uint32_t kMostDepth = 3;

std::string model_name(std::uint64_t i) { return "m" + std::to_string(i % kModels); }

/// Two or three stages over stage names that all cascades share; each reads what the one before
/// wrote.
actors::CascadeSpec draw_cascade(FaultPlan& plan) {
  const std::vector<std::string> names = {"think", "code", "fix"};
  actors::CascadeSpec spec;
  spec.name = "simulated";
  spec.slots = {"task"};
  spec.input = "task";
  const std::uint64_t n_stages = 2 + plan.below(2);
  for (std::uint64_t i = 0; i < n_stages; ++i) {
    actors::StageSpec stage;
    stage.name = names[i];
    stage.role = names[i];
    stage.model = model_name(plan.below(kModels));
    stage.reads = {spec.slots.back()};
    stage.prompt = "From: {" + spec.slots.back() + "}";
    stage.writes = "slot" + std::to_string(i);
    spec.slots.push_back(stage.writes);
    spec.stages.push_back(std::move(stage));
  }
  spec.output = spec.slots.back();
  return spec;
}

/// No file grows past this many bytes from now on: what a full disk is to a log.
void limit_file_size(rlim_t n_bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = std::min(n_bytes, limit.rlim_max);
  setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace

std::vector<std::string> words_of(const std::string& model) {
  std::vector<std::string> words;
  const std::size_t n = 1 + static_cast<std::size_t>(model.back() - '0') * 3 % 8;
  for (std::size_t i = 0; i < n; ++i) words.push_back(model + "." + std::to_string(i) + " ");
  return words;
}

std::string text_of(const std::string& model) {
  std::string text;
  for (const std::string& word : words_of(model)) text += word;
  return text;
}

BlockGround::BlockGround(const std::string& folder, FaultPlan& plan) {
  const std::string path = folder + "/blocks";
  std::ofstream file(path, std::ios::binary);
  std::vector<memory::Block> plans;
  for (std::uint32_t i = 0; i < kBlocks; ++i) {
    file << std::string(kBlockBytes, static_cast<char>(content(i)));
    memory::Block block;
    block.size = Bytes{kBlockBytes};
    block.extents = {{0, i * kBlockBytes, 0, kBlockBytes}};
    block.name = "block." + std::to_string(i);
    plans.push_back(block);
  }
  file.close();
  if (plan.below(2) == 0) device.locking = memory::test::FakeDevice::Locking::denied;
  actors::TierMemoryOptions options;
  options.vram = Bytes{kBlockBytes * (2 + plan.below(3))};
  options.ram = Bytes{kBlockBytes * plan.below(6)};
  options.max_blocks = kBlocks;
  options.open_reader = [] { return hal::open_pread_reader(); };
  tiers = std::move(actors::TierMemory::open(device, options, log_)).value();
  blocks = std::move(tiers->catalog().add_model("m", {path}, plans)).value().blocks;
}

Simulation::Simulation(std::uint64_t seed, const std::string& folder, Story story)
    : plan_(seed), folder_(folder), story_(story) {
  if (story_ == Story::told) plan_.tell();
  if (plan_.below(2) == 0) ground_ = std::make_unique<BlockGround>(folder_, plan_);
  start_runtime();
}

Simulation::~Simulation() { limit_file_size(RLIM_INFINITY); }

void Simulation::start_runtime() {
  actors::RuntimeContextOptions options;
  options.spawn = actors::SpawnMode::cooperative;
  if (ground_) options.tiers = ground_->tiers;
  options.make_source = [this](actors::StageLink& link) {
    return std::make_unique<SimSource>(*this, link);
  };
  runtime_ = std::make_unique<actors::ActorRuntime>(std::move(options), log_);
  coordinator_ = dynamic_cast<caf::scheduler::test_coordinator*>(&runtime_->system().scheduler());
  runtime_->settle();
}

void Simulation::violate(const std::string& what) {
  if (violations_.find(what) == std::string::npos) violations_ += what + "\n";
}

bool Simulation::step() {
  if (disk_is_full_for_ > 0 && --disk_is_full_for_ == 0) limit_file_size(RLIM_INFINITY);
  auto& jobs = coordinator_->jobs;
  if (jobs.empty()) return false;
  const auto chosen = jobs.begin() + static_cast<std::ptrdiff_t>(plan_.below(jobs.size()));
  std::rotate(jobs.begin(), chosen, chosen + 1);
  coordinator_->run_once();
  return true;
}

void Simulation::let_others_go_on() {
  if (depth_ >= kMostDepth) return;
  ++depth_;
  for (std::uint64_t n = plan_.below(5); n > 0; --n) {
    maybe_fault();
    step();
  }
  --depth_;
}

messages::RunNumber Simulation::open(RunState state, actors::RunPlan plan) {
  plan.number = context().runs.next_run();
  const messages::RunNumber number = plan.number;
  if (plan.generation) plan.generation->key = {number, context().runs.next_job(), 0, {}};
  context().runs.put(std::move(plan));
  context().events.open(number);
  runs_[number] = std::move(state);
  messages::OpenRun order;
  order.run = number;
  runtime_->send(&actors::Addresses::application, order);
  return number;
}

void Simulation::open_one() {
  RunState state;
  actors::RunPlan plan;
  state.is_cascade = plan_.below(3) > 0;
  if (state.is_cascade) {
    state.cascade = draw_cascade(plan_);
    state.log_path = folder_ + "/run" + std::to_string(runs_.size());
    plan.log_path = state.log_path;
    plan.record = {state.cascade, "the task", actors::SkipPolicy::never};
  } else {
    state.model = model_name(plan_.below(kModels));
    plan.generation.emplace();
    plan.generation->model = state.model;
    plan.generation->prompt = "a prompt";
    plan.generation->max_tokens = 64;
  }
  open(std::move(state), std::move(plan));
}

void Simulation::kill_somebody() {
  const auto kill = [](const auto& handle) {
    if (handle) messages::send_exit_to(handle, caf::exit_reason::kill);
  };
  using actors::Addresses;
  const auto& book = context().book;
  if (plan_.strikes(Fault::scheduler_killed)) kill(book.get(&Addresses::scheduler));
  if (plan_.strikes(Fault::kv_killed)) kill(book.get(&Addresses::kv_library));
  if (plan_.strikes(Fault::entropy_killed)) kill(book.get(&Addresses::entropy_monitor));
  if (plan_.strikes(Fault::watchdog_killed)) kill(book.get(&Addresses::watchdog));
  if (ground_ && plan_.strikes(Fault::dma_killed)) kill(book.get(&Addresses::dma_engine));
  if (ground_ && plan_.strikes(Fault::tiering_killed)) kill(book.get(&Addresses::tiering));
  const std::uint32_t n_channels = context().channels.size();
  if (n_channels > 0 && plan_.strikes(Fault::stage_killed)) {
    const auto index = static_cast<std::uint32_t>(plan_.below(n_channels));
    kill(book.stage(messages::StageId{index}).handle);
  }
  if (!runs_.empty() && plan_.strikes(Fault::cascade_killed)) {
    const auto chosen =
        std::next(runs_.begin(), static_cast<std::ptrdiff_t>(plan_.below(runs_.size())));
    kill(book.cascade(chosen->first));
  }
}

void Simulation::fill_disk() {
  limit_file_size(200 + plan_.below(600));
  disk_is_full_for_ = 1 + plan_.below(60);
}

void Simulation::maybe_fault() {
  kill_somebody();
  if (plan_.strikes(Fault::disk_full)) fill_disk();
  if (ground_ && plan_.strikes(Fault::copy_refused))
    ground_->device.failing_copy = ground_->device.n_copies + plan_.below(4);
  if (!runs_.empty() && plan_.strikes(Fault::cancelled)) {
    messages::CancelRun order;
    order.run =
        std::next(runs_.begin(), static_cast<std::ptrdiff_t>(plan_.below(runs_.size())))->first;
    runtime_->send(&actors::Addresses::application, order);
  }
  const std::uint32_t n_channels = context().channels.size();
  if (n_channels == 0) return;
  auto& channel =
      context().channels.at(messages::StageId{static_cast<std::uint32_t>(plan_.below(n_channels))});
  const messages::JobNumber job = channel.current_job();
  if (!job.is_valid()) return;
  if (plan_.strikes(Fault::stalled)) {
    messages::Stalled stalled;
    stalled.job = job;
    stalled.stage_id = channel.index;
    runtime_->send(&actors::Addresses::scheduler, stalled);
  }
  if (plan_.strikes(Fault::degenerated)) channel.preempt(job, messages::PreemptReason::repetition);
}

void Simulation::settle() {
  constexpr int kMostSteps = 200'000;
  for (int i = 0; i < kMostSteps; ++i) {
    if (!step()) return;
  }
  violate("the actors never come to rest");
}

std::string Simulation::run() {
  const std::uint64_t n_runs = 1 + plan_.below(kMostRuns);
  constexpr int kMostSteps = 100'000;
  for (int i = 0; i < kMostSteps && !is_shut_down_; ++i) {
    if (runs_.size() < n_runs && plan_.below(20) == 0) open_one();
    maybe_fault();
    const bool has_stepped = step();
    collect();
    if (!has_stepped && runs_.size() == n_runs) break;
    if (plan_.strikes(Fault::shut_down)) is_shut_down_ = true;
  }
  plan_.end();
  limit_file_size(RLIM_INFINITY);
  if (is_shut_down_)
    runtime_->stop();
  else
    settle();
  collect();
  collect();  // the queue reports the end of the runtime after its other events
  check_ends();
  if (!is_shut_down_) {
    send_stale_messages();
    check_that_it_goes_on();
    if (ground_) {
      if (const std::string fault = ground_->fault_at_rest(); !fault.empty()) violate(fault);
    }
    runtime_->stop();
  }
  runtime_.reset();
  check_logs();
  resume_all();
  return violations_;
}

}  // namespace blue::sim
