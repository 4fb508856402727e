// blue::runtime::Runtime: the whole program as one object: machine, device, tiers, actors, models,
// runs. Used by `blue`, the shell, the C API and embedding programs. No CAF in this header:
// runtime/embedded.h has the actor system for programs with actors of their own.
//   auto runtime = Runtime::start(options, log);       boots, opens device and tiers, starts actors
//   auto run = runtime->run_cascade(spec, task, {});   a handle; poll() or wait() give its events
//   runtime->shutdown();                               clean from any state, within a second
// Threads: every method from any thread; a handle from one thread at a time. A handle may outlive
// its Runtime: its work has then ended.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/cascade/cascade_file.h"
#include "actors/cascade/run_event_queue.h"
#include "actors/cascade/run_record.h"
#include "actors/cascade/run_table.h"
#include "actors/scheduling/hint_log.h"
#include "actors/scheduling/resource_options.h"
#include "actors/scheduling/thread_table.h"
#include "actors/stage/token_source.h"
#include "actors/tracing/trace_dump.h"
#include "base/log_sink.h"
#include "base/result.h"
#include "hal/boot.h"
#include "memory/text/thinking_buffer.h"
#include "memory/tiers/unified_address_space.h"
#include "models/cost_model.h"
#include "models/kv_default.h"
#include "models/model.h"

namespace blue::actors {
class ActorRuntime;
struct RuntimeContextOptions;
}  // namespace blue::actors
namespace blue::kernels {
struct BackendChoice;
}

namespace blue::runtime {

using actors::RunEvent;
using actors::SkipPolicy;

enum class Tracing : std::uint8_t { off, on };

struct RuntimeOptions {
  std::string device = "auto";  ///< "auto", "cpu", "reference", "cuda:0": kernels::choose_backend
  std::vector<std::string>
      models;  ///< paths, where they are known: what "auto" must be able to run
  actors::ResourceOptions resources;  ///< what is open is chosen: see GrantedResources
  std::uint32_t max_context = 4096;   ///< tokens per sequence, cut to what a model was trained for
  kernels::KvType kv_type = models::kDefaultKvType;  ///< of every session's cache
  models::ModelOptions model;                        ///< how every model's file is read
  std::filesystem::path runs_root;                   ///< empty: actors::default_runs_root()
  Tracing tracing = Tracing::off;
  std::size_t spans_per_actor = 16384;
  Nanoseconds stall_deadline_ns = 30'000'000'000;
  /// For `blue doctor`: every device, PCIe, measured rates. A run needs none of it.
  std::optional<hal::Survey> survey;
  /// A token source of tests and embedding programs; models, device and tiers are then not opened.
  actors::TokenSourceFactory make_source;
};

struct GenerateRequest {
  std::string model;   ///< path
  std::string system;  ///< may be empty
  std::string prompt;  ///< may be empty: BOS alone
  std::uint32_t max_tokens = 256;
  models::SamplingSpec sampling;
  /// Where not empty, the prompt as the model's tokens (models::Model::chat_tokens), and `system`
  /// and `prompt` are not read. Rows of the longest beginning that it shares with the generation
  /// before on this model are not computed again.
  std::vector<TokenId> prompt_tokens;
};

struct CascadeOptions {
  SkipPolicy skip = SkipPolicy::never;
};

/// A run or a generation. Move-only; destruction does not stop the work (cancel() does).
class Run {
 public:
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;
  ~Run();

  /// The id on disk, for resume; empty for a single generation.
  [[nodiscard]] const std::string& id() const;
  /// The events since the last call, in order. Never blocks.
  std::vector<RunEvent> poll();
  /// The same; waits up to `patience` for an event.
  std::vector<RunEvent> wait(std::chrono::nanoseconds patience);
  /// True once an event of kind `finished` was handed out.
  [[nodiscard]] bool is_finished() const;
  /// Stops the work at its next op; the end is an event. Committed slots are kept.
  void cancel();
  /// Waits for the end: calls `on_event` with every event, and cancels the work once
  /// `is_stop_asked`, called between two waits, returns true. Returns the last event, `finished`,
  /// which must not have been returned before.
  RunEvent follow(const std::function<void(const RunEvent&)>& on_event,
                  const std::function<bool()>& is_stop_asked);
  /// Waits for the end; returns all events not yet returned, the last of them `finished`.
  std::vector<RunEvent> finish();

 private:
  friend class Runtime;
  struct State;
  explicit Run(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a runtime runs with, asked for or chosen.
struct GrantedResources {
  std::string device;        ///< Runtime::device_choice
  Bytes vram;                ///< tier 0: the arena on the device, host memory on a CPU
  std::optional<Bytes> ram;  ///< tier 1: page-locked host memory; nothing on a CPU
  memory::EvictionPolicy policy = memory::EvictionPolicy::automatic;
  std::uint32_t n_threads = 0;  ///< compute threads of the CPU backend; 0 with other backends
};
/// One line: "cpu (...): chosen automatically; vram 2.00 GiB, ram unused, policy auto, 2 threads".
std::string to_text(const GrantedResources& granted);

/// What a tier holds now, for display.
struct TierState {
  std::string name;
  Bytes budget;
  memory::TierView view;
};

class Runtime {
 public:
  /// Boots the machine, then opens the device, the tiers and the actors on what it granted.
  /// `report`, if given, receives all six phases as far as they went, also when the start fails.
  /// Errors: unknown_backend, bad_request (more threads than the machine has), out_of_memory with
  /// the remedy, hal's.
  static Result<std::unique_ptr<Runtime>> start(RuntimeOptions options, LogSink& log,
                                                hal::BootReport* report = nullptr);
  /// Calls shutdown().
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// One line: the device and why it was chosen.
  [[nodiscard]] const std::string& device_choice() const;
  [[nodiscard]] GrantedResources resources() const;

  /// Opens a model and begins to load its blocks. Errors: open_model's; bad_request without
  /// devices.
  Result<std::shared_ptr<const models::Model>> load_model(const std::string& path);
  /// What a token of a model will cost, where its weights do not fit into tier 0; nothing where
  /// they do. Call it before load_model: it measures drive and kernels for some tenths of a second.
  /// Errors: open_model's, those of measuring; bad_request without devices.
  Result<std::optional<models::ModelCost>> predict(const std::string& path);
  /// Releases a model: its blocks, its catalog entry, its KV snapshots. Errors: bad_request (not
  /// loaded, or a job runs or waits with it).
  Status unload_model(const std::string& path);
  /// Errors: bad_sampling, shutting_down. Errors of model and prompt are in the `finished` event.
  Result<Run> generate(const GenerateRequest& request);
  /// Errors: shutting_down; bad_request where the runs' folder can't be made.
  Result<Run> run_cascade(actors::CascadeSpec cascade, const std::string& task,
                          const CascadeOptions& options);
  /// Continues at the first unfinished stage; "last" is the newest run. Errors: unknown_run,
  /// run_finished, bad_cascade, log_corrupt.
  Result<Run> resume(const std::string& run_id);

  /// The current slots of a run of this runtime; empty when it is not open.
  [[nodiscard]] std::vector<memory::SlotText> slots(const Run& run) const;
  [[nodiscard]] std::vector<actors::ActorThread> actors() const;
  [[nodiscard]] std::vector<TierState> tiers() const;
  [[nodiscard]] std::vector<messages::HintRecord> hints() const;
  /// All spans so far, after a flush.
  [[nodiscard]] actors::TraceDump traces();
  [[nodiscard]] std::uint32_t n_restarts();

  /// Ends all work and every thread. Idempotent.
  void shutdown();

  /// For embedded.h.
  [[nodiscard]] actors::ActorRuntime& actor_runtime();

 private:
  struct State;
  explicit Runtime(std::shared_ptr<State> state);
  static Status open_device(State& state, const kernels::BackendChoice& choice,
                            actors::RuntimeContextOptions& context, LogSink& log);
  static Status start_actors(State& state, actors::RuntimeContextOptions context, LogSink& log);
  Result<Run> open(std::unique_ptr<Run::State> run, std::string log_path, actors::RunStart start,
                   actors::RunRecord record, std::optional<messages::JobSpec> generation);
  std::shared_ptr<State>
      state_;  ///< shared with the handles of its runs, so that these may outlive it
};

}  // namespace blue::runtime
