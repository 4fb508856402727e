// Prompt and decode speed of llama.cpp on one file, the way its own llama-bench measures: random
// token ids, a warm-up, whole prompts in one batch, then single tokens. Built by fetch.sh against
// llama.h alone, never part of the default build.
//   llama_bench FILE N_PROMPT N_TOKENS N_THREADS repack|plain DEPTH f32|f16|q8_0
// prints one JSON object. Prompt and decode are each measured behind DEPTH tokens of context; with
// DEPTH 0 the decode follows the prompt. "repack" loads without mmap, so that weights may be
// repacked for the CPU's instructions; "plain" maps them as they are. Depends on llama.h. One
// thread; libraries are found beside this program.
#include <llama.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <vector>

namespace {

struct Request {
  const char* file;
  int n_prompt;
  int n_tokens;
  int n_threads;
  bool may_repack;
  int depth;
  ggml_type cache;
};

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "llama_bench: %s\n", what);
  std::exit(1);
}

void keep_errors(ggml_log_level level, const char* text, void* /*unused*/) {
  if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
}

ggml_type cache_type(const char* name) {
  if (std::strcmp(name, "f32") == 0) return GGML_TYPE_F32;
  if (std::strcmp(name, "q8_0") == 0) return GGML_TYPE_Q8_0;
  return GGML_TYPE_F16;
}

double seconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

class Bench {
 public:
  explicit Bench(const Request& request) : request_(request) {
    llama_model_params load = llama_model_default_params();
    load.load_mode = request.may_repack ? LLAMA_LOAD_MODE_NONE : LLAMA_LOAD_MODE_MMAP;
    load.use_extra_bufts = request.may_repack;
    model_ = llama_model_load_from_file(request.file, load);
    if (model_ == nullptr) give_up("the model does not load");
    llama_context_params context = llama_context_default_params();
    context.n_ctx = static_cast<std::uint32_t>(request.depth + request.n_prompt + request.n_tokens);
    context.n_batch = static_cast<std::uint32_t>(std::max(request.n_prompt, kContextBatch));
    context.type_k = request.cache;
    context.type_v = request.cache;
    context.n_threads = request.n_threads;
    context.n_threads_batch = request.n_threads;
    context_ = llama_init_from_model(model_, context);
    if (context_ == nullptr) give_up("no context");
  }
  ~Bench() {
    llama_free(context_);
    llama_model_free(model_);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// Fills the context that both are measured behind.
  void fill() {
    llama_memory_clear(llama_get_memory(context_), true);
    for (int done = 0; done < request_.depth; done += kContextBatch)
      feed(std::min(kContextBatch, request_.depth - done));
  }

  void run(int n_prompt, int n_tokens, double& prompt_seconds, double& decode_seconds) {
    cut();
    prompt_seconds = seconds_of([&] { feed(n_prompt); });
    if (request_.depth > 0) cut();
    decode_seconds = seconds_of([&] {
      for (int i = 0; i < n_tokens; ++i) feed(1);
    });
  }

 private:
  static constexpr int kContextBatch = 512;

  void cut() { llama_memory_seq_rm(llama_get_memory(context_), 0, request_.depth, -1); }

  void feed(int n) {
    std::vector<llama_token> tokens(static_cast<std::size_t>(n));
    std::uniform_int_distribution<llama_token> any(
        0, llama_vocab_n_tokens(llama_model_get_vocab(model_)) - 1);
    for (llama_token& token : tokens) token = any(random_);
    if (llama_decode(context_, llama_batch_get_one(tokens.data(), n)) != 0)
      give_up("a step failed");
    llama_synchronize(context_);
  }

  Request request_;
  llama_model* model_ = nullptr;
  llama_context* context_ = nullptr;
  std::mt19937 random_{1};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8)
    give_up("usage: llama_bench FILE N_PROMPT N_TOKENS N_THREADS repack|plain DEPTH f32|f16|q8_0");
  const Request request{argv[1],
                        std::atoi(argv[2]),
                        std::atoi(argv[3]),
                        std::atoi(argv[4]),
                        std::strcmp(argv[5], "repack") == 0,
                        std::atoi(argv[6]),
                        cache_type(argv[7])};
  if (request.n_prompt < 1 || request.n_tokens < 1 || request.n_threads < 1)
    give_up("counts must be 1 or more");
  llama_log_set(keep_errors, nullptr);
  const std::filesystem::path here = std::filesystem::canonical("/proc/self/exe").parent_path();
  ggml_backend_load_all_from_path(
      (here / "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64").c_str());

  Bench bench(request);
  bench.fill();
  double prompt_seconds = 0.0;
  double decode_seconds = 0.0;
  bench.run(request.n_prompt, 2, prompt_seconds,
            decode_seconds);  // warm-up, as long as what follows
  bench.run(request.n_prompt, request.n_tokens, prompt_seconds, decode_seconds);
  std::printf("{\"prefill_tokens_per_s\": %.3f, \"decode_tokens_per_s\": %.3f}\n",
              request.n_prompt / prompt_seconds, request.n_tokens / decode_seconds);
  return 0;
}
