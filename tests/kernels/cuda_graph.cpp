// A decode step captured once as a graph and launched again while tokens, positions and pages
// change in device memory.
#include <array>

#include "tests/kernels/cuda_opened.h"

namespace blue::kernels::test {
namespace {

constexpr std::uint32_t kVocabulary = 61;
constexpr std::uint32_t kModel = 64;
constexpr std::uint32_t kHeads = 4;
constexpr std::uint32_t kKvHeads = 2;
constexpr std::uint32_t kHeadDim = 16;
constexpr std::uint32_t kPages = 4;
constexpr std::uint32_t kKvWidth = kKvHeads * kHeadDim;

enum Activation : Operand {
  kHidden,
  kNormed,
  kQuery,
  kKey,
  kValue,
  kAttended,
  kProjected,
  kLast,
  kLogits,
  kSlots
};
enum Weight : Operand { kEmbedding, kNorm, kWq, kWk, kWv, kWo, kHead, kWeights };

Op op_of(OpKind kind, Operand out, Operand in, Operand weight = kNoOperand) {
  Op op;
  op.kind = kind;
  op.out = out;
  op.in = in;
  op.weight = weight;
  op.cols = kModel;
  op.n_heads = kHeads;
  op.n_kv_heads = kKvHeads;
  op.head_dim = kHeadDim;
  op.rotary_dims = kHeadDim;
  op.eps = 1e-5F;
  return op;
}

Op linear_of(Operand out, Operand in, Operand weight, std::uint32_t rows) {
  Op op = op_of(OpKind::linear, out, in, weight);
  op.rows = rows;
  return op;
}

/// One attention layer between an embedding and a head: every op kind that reads what changes from
/// step to step.
std::vector<Op> decode_step() {
  Op norm = op_of(OpKind::rms_norm, kNormed, kHidden, kNorm);
  norm.n_heads = 1;
  Op embed = op_of(OpKind::embed, kHidden, kNoOperand, kEmbedding);
  embed.rows = kVocabulary;
  Op rope_k = op_of(OpKind::rope, kKey, kKey);
  rope_k.n_heads = kKvHeads;
  Op append = op_of(OpKind::kv_append, kNoOperand, kKey);
  append.in2 = kValue;
  Op attention = op_of(OpKind::attention, kAttended, kQuery);
  attention.scale = 0.25F;
  Op residual = op_of(OpKind::add, kHidden, kHidden);
  residual.in2 = kProjected;
  Op head = linear_of(kLogits, kLast, kHead, kVocabulary);
  head.row_set = RowSet::outputs;
  Op gather = op_of(OpKind::gather_rows, kLast, kHidden);
  gather.row_set = RowSet::outputs;
  return {embed,
          norm,
          linear_of(kQuery, kNormed, kWq, kModel),
          linear_of(kKey, kNormed, kWk, kKvWidth),
          linear_of(kValue, kNormed, kWv, kKvWidth),
          op_of(OpKind::rope, kQuery, kQuery),
          rope_k,
          append,
          attention,
          linear_of(kProjected, kAttended, kWo, kModel),
          residual,
          gather,
          head};
}

/// A tiny model's device memory: weights, activations, cache and step inputs of one sequence, one
/// token a step.
class Decoder {
 public:
  explicit Decoder(Backend& backend)
      : backend_(backend),
        stream_(require_value(backend.device().open_stream())),
        cache_(backend.device(), *stream_,
               std::vector<float>(kPages * 2 * kPageTokens * kKvWidth, 0.0F)),
        token_(backend.device(), *stream_, {0}),
        position_(backend.device(), *stream_, {0}),
        zero_(backend.device(), *stream_, {0}),
        pages_(backend.device(), *stream_, {2, 0, 3, 1}) {
    const std::array<std::uint32_t, kWeights> rows{kVocabulary, 1,      kModel,     kKvWidth,
                                                   kKvWidth,    kModel, kVocabulary};
    for (unsigned i = 0; i < kWeights; ++i) {
      weights_.emplace_back(backend.device(), *stream_,
                            random_values(std::size_t{rows[i]} * kModel, 100 + i));
      views_.push_back({weights_.back().bytes(), find_format("F32"), rows[i], kModel});
    }
    for (unsigned i = 0; i < kSlots; ++i) {
      activations_.emplace_back(backend.device(), *stream_, std::vector<float>(kModel, 0.0F));
      addresses_.push_back(activations_.back().data());
    }
  }

  void set_step(std::int32_t token, std::int32_t position) {
    token_.set({token});
    position_.set({position});
  }

  void enqueue_step() {
    constexpr std::uint64_t kHalfPage = std::uint64_t{kPageTokens} * kKvWidth * sizeof(float);
    const KvView kv{.base = cache_.bytes(),
                    .layer_stride = kPages * 2 * kHalfPage,
                    .page_stride = 2 * kHalfPage,
                    .v_offset = kHalfPage,
                    .k_width = kKvWidth,
                    .v_width = kKvWidth,
                    .type = KvType::f32};
    const Bindings bindings{.weights = views_, .activations = addresses_, .kv = kv};
    const StepInputs inputs{.token_ids = token_.data(),
                            .positions = position_.data(),
                            .sequences = zero_.data(),
                            .page_table = pages_.data(),
                            .output_rows = zero_.data(),
                            .page_table_stride = kPages,
                            .n_tokens = 1,
                            .n_outputs = 1};
    for (const Op& op : decode_step()) require_ok(backend_.enqueue(op, bindings, inputs, *stream_));
  }

  [[nodiscard]] std::vector<float> logits() const { return activations_[kLogits].get(); }
  [[nodiscard]] hal::Stream& stream() { return *stream_; }

 private:
  Backend& backend_;
  std::unique_ptr<hal::Stream> stream_;
  DeviceVector<float> cache_;
  DeviceVector<std::int32_t> token_;
  DeviceVector<std::int32_t> position_;
  DeviceVector<std::int32_t> zero_;
  DeviceVector<std::int32_t> pages_;
  std::vector<DeviceVector<float>> weights_;
  std::vector<DeviceVector<float>> activations_;
  std::vector<WeightView> views_;
  std::vector<float*> addresses_;
};

std::int32_t token_at(std::int32_t position) {
  return (position * 17 + 5) % static_cast<std::int32_t>(kVocabulary);
}

TEST_CASE("a decode step that never ran is captured as one CUDA graph with a node an op",
          "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  Decoder decoder(*backend);
  hal::GraphCapture* capture = backend->device().graph_capture();
  REQUIRE(capture != nullptr);
  require_ok(capture->begin(decoder.stream()));
  decoder.enqueue_step();
  auto graph = require_value(capture->end(decoder.stream()));
  CHECK(graph->n_nodes() == decode_step().size());
  CHECK(decoder.logits() == std::vector<float>(kModel, 0.0F));  // recorded, not run
}

TEST_CASE("a captured CUDA decode step gives what enqueueing its ops gives as the context grows",
          "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  Decoder plain(*backend);
  Decoder captured(*backend);
  hal::GraphCapture* capture = backend->device().graph_capture();
  REQUIRE(capture != nullptr);
  require_ok(capture->begin(captured.stream()));
  captured.enqueue_step();
  auto graph = require_value(capture->end(captured.stream()));

  std::vector<float> before;
  // Across three page borders: positions, pages and tokens change in device memory only.
  for (std::int32_t position = 0; position < 3 * static_cast<std::int32_t>(kPageTokens) + 5;
       ++position) {
    plain.set_step(token_at(position), position);
    plain.enqueue_step();
    captured.set_step(token_at(position), position);
    require_ok(graph->launch(captured.stream()));
    const std::vector<float> logits = captured.logits();
    INFO("position " << position);
    REQUIRE(same_bits(logits, plain.logits()));
    REQUIRE_FALSE(same_bits(logits, before));
    before = logits;
  }
}

TEST_CASE("a CUDA capture that cannot be finished fails and leaves the stream usable", "[cuda]") {
  auto backend = open_cuda_or_say_skipped();
  if (backend == nullptr) return;
  Decoder decoder(*backend);
  hal::GraphCapture* capture = backend->device().graph_capture();
  REQUIRE(capture != nullptr);
  require_ok(capture->begin(decoder.stream()));
  CHECK_FALSE(decoder.stream().synchronize().ok());  // work that does not run cannot be waited for
  const auto graph = capture->end(decoder.stream());
  REQUIRE_FALSE(graph.ok());
  CHECK(graph.error().is(hal::HalError::device_failed));

  decoder.set_step(3, 0);
  decoder.enqueue_step();
  CHECK(decoder.logits() != std::vector<float>(kModel, 0.0F));
}

}  // namespace
}  // namespace blue::kernels::test
