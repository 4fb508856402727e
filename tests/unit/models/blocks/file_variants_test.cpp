// The same model as different converters write it: its logits are those of the usual file.
#include <catch2/catch_test_macros.hpp>

#include "memory/tiers/tier_arena.h"
#include "models/arch.h"
#include "tests/support/models/tiny_latent_model.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using testing::GgufWriter;
using testing::StoredAs;
using testing::TinyLatentShape;
using testing::TinyLatentWriter;
using testing::TinyModelWriter;
using testing::TinyShape;
using testing::TinyTensor;
using testing::TinyTensors;
using Logits = std::vector<float>;
using Change = std::function<void(TinyTensors&)>;

enum class Room : std::uint8_t { all, one_block };

Logits logits_of_file(const std::string& file, const std::string& backend, Room room) {
  const test::ScratchFolder folder;
  const std::string path = folder.write("tiny.gguf", file);
  InlineModelOptions options{.backend = backend, .max_context = 64, .max_step_tokens = 9};
  if (room == Room::one_block) {
    const auto opened = open_model(path);
    if (!opened) FAIL(opened.error().message());
    for (const BlockPlan& block : (*opened)->program.blocks)
      options.vram = std::max(options.vram.bytes(), memory::TierArena::occupied(block.size));
  }
  auto model = InlineModel::load(path, options);
  if (!model) FAIL(model.error().message());
  const auto logits = testing::logits_of((*model)->executor(), testing::some_tokens(24, 96));
  if (!logits) FAIL(logits.error().message());
  return *logits;
}

/// Whole in tier 0 and block by block, on both backends.
void check_equal(const std::string& usual, const std::string& variant) {
  for (const std::string backend : {"reference", "cpu"}) {
    for (const Room room : {Room::all, Room::one_block}) {
      INFO(backend << (room == Room::all ? ", resident" : ", streamed"));
      CHECK(logits_of_file(variant, backend, room) == logits_of_file(usual, backend, room));
    }
  }
}

std::string file_of(
    TinyShape shape, const Change& change = [](TinyTensors&) {}) {
  shape.change_tensors = change;
  return TinyModelWriter(shape).write();
}

std::string file_of(
    TinyLatentShape shape, const Change& change = [](TinyTensors&) {}) {
  shape.change_tensors = change;
  return TinyLatentWriter(shape).write();
}

/// Norms, biases and divisors of rotation as `format`, or as F32 of the same values.
Change store_vectors(std::string_view format, StoredAs stored) {
  return [=](TinyTensors& tensors) {
    for (TinyTensor& tensor : tensors) {
      const bool is_vector = tensor.dims.size() == 1;
      if (is_vector) testing::round_to(tensor, format, stored);
    }
  };
}

std::vector<float> floats(const std::string& bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::string zeros(std::uint64_t n) { return std::string(n * sizeof(float), '\0'); }

/// Appends rows or columns of zeros to a matrix.
void pad(TinyTensor& tensor, std::uint64_t cols, std::uint64_t rows) {
  const std::size_t row_size = tensor.dims[0] * sizeof(float);
  std::string bytes;
  for (std::size_t row = 0; row < tensor.dims[1]; ++row)
    bytes += tensor.bytes.substr(row * row_size, row_size) + zeros(cols - tensor.dims[0]);
  tensor.bytes = bytes + zeros((rows - tensor.dims[1]) * cols);
  tensor.dims = {cols, rows};
}

/// attn_kv_b of layers as files of before April 2025 have it: per head the rows of keys, then those
/// of values.
void join_kv(TinyTensors& tensors, const TinyLatentShape& shape) {
  const std::uint64_t rank = shape.kv_rank;
  for (std::uint32_t layer = 0; layer < shape.n_layers; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    const auto keys = floats(testing::take_tensor(tensors, prefix + "attn_k_b.weight").bytes);
    const auto values = floats(testing::take_tensor(tensors, prefix + "attn_v_b.weight").bytes);
    std::vector<float> joined;
    for (std::uint64_t head = 0; head < shape.n_heads; ++head) {
      for (std::uint64_t row = 0; row < shape.plain_dims; ++row) {
        for (std::uint64_t col = 0; col < rank; ++col)
          joined.push_back(keys[(head * rank + col) * shape.plain_dims + row]);
      }
      const std::uint64_t n = shape.value_dim * rank;
      const auto first = values.begin() + static_cast<std::ptrdiff_t>(head * n);
      joined.insert(joined.end(), first, first + static_cast<std::ptrdiff_t>(n));
    }
    const std::uint64_t head_rows = std::uint64_t{shape.plain_dims} + shape.value_dim;
    tensors.push_back(
        {prefix + "attn_kv_b.weight", {rank, shape.n_heads * head_rows}, 0, bytes_of(joined)});
  }
}

TinyLatentShape with_old_keys(TinyLatentShape shape) {
  shape.missing_keys = {"attention.key_length", "attention.value_length",
                        "attention.key_length_mla", "attention.value_length_mla",
                        "attention.head_count_kv"};
  shape.keys = [shape](GgufWriter& keys) {
    keys.u32(shape.arch + ".attention.key_length", shape.plain_dims + shape.rotary_dims);
    keys.u32(shape.arch + ".attention.value_length", shape.value_dim);
    keys.u32(shape.arch + ".attention.head_count_kv", shape.n_heads);
  };
  return shape;
}

void refused(const std::string& file, std::string_view names) {
  const auto parsed = GgufFile::parse(testing::as_bytes(file), file.size(), "tiny.gguf");
  REQUIRE(parsed.ok());
  const auto program = compile_program(*parsed);
  INFO(names);
  REQUIRE_FALSE(program.ok());
  INFO(program.error().message());
  CHECK(program.error().message().starts_with("tiny.gguf: "));
  CHECK(program.error().message().find(names) != std::string::npos);
  CHECK(program.error().kind() == ErrorKind::bad_input);
}

std::string file_with_keys(std::vector<std::string> missing,
                           std::function<void(GgufWriter&)> keys) {
  return file_of(TinyShape{.missing_keys = std::move(missing), .keys = std::move(keys)});
}

}  // namespace

TEST_CASE("counts as arrays of one number per layer are that number") {
  using U32s = std::vector<std::uint32_t>;
  check_equal(
      file_of(TinyShape{}),
      file_with_keys({"attention.head_count", "attention.head_count_kv", "feed_forward_length"},
                     [](GgufWriter& keys) {
                       keys.array("llama.attention.head_count", GgufType::u32, U32s{4, 4});
                       keys.array("llama.attention.head_count_kv", GgufType::i32,
                                  std::vector<std::int32_t>{2, 2});
                       keys.array("llama.feed_forward_length", GgufType::u64,
                                  std::vector<std::uint64_t>{48, 48});
                     }));
}

TEST_CASE("numbers of any width are read") {
  const auto usual = [](GgufWriter& keys) {
    keys.f32("llama.rope.freq_base", 5000.0F).f32("llama.attention.layer_norm_rms_epsilon", 0.25F);
  };
  const auto wide = [](GgufWriter& keys) {
    keys.scalar("llama.rope.freq_base", GgufType::f64, 5000.0)
        .scalar("llama.attention.layer_norm_rms_epsilon", GgufType::f64, 0.25);
    keys.scalar("llama.attention.head_count", GgufType::u64, std::uint64_t{4});
    keys.scalar("llama.attention.head_count_kv", GgufType::i8, std::int8_t{2});
    keys.scalar("llama.embedding_length", GgufType::i64, std::int64_t{32});
    keys.f32("llama.feed_forward_length", 48.0F);
  };
  check_equal(file_with_keys({}, usual),
              file_with_keys({"attention.head_count", "attention.head_count_kv", "embedding_length",
                              "feed_forward_length"},
                             wide));
}

TEST_CASE("layers of different widths are those of the widest with zeros in the gaps") {
  // A layer of fewer heads is one whose other heads reach nothing.
  const std::vector<LayerShape> layers{{4, 2, 48}, {2, 1, 32}, {4, 2, 16}};
  const auto per_layer = [](GgufWriter& keys) {
    using U32s = std::vector<std::uint32_t>;
    keys.array("llama.attention.head_count", GgufType::u32, U32s{4, 2, 4});
    keys.array("llama.attention.head_count_kv", GgufType::u32, U32s{2, 1, 2});
    keys.array("llama.feed_forward_length", GgufType::u32, U32s{48, 32, 16});
  };
  const std::string variant = file_of(TinyShape{
      .n_layers = 3,
      .missing_keys = {"attention.head_count", "attention.head_count_kv", "feed_forward_length"},
      .layers = layers,
      .keys = per_layer});
  const std::string usual =
      file_of(TinyShape{.n_layers = 3, .layers = layers}, [&](TinyTensors& tensors) {
        for (const std::string prefix : {"blk.1.", "blk.2."}) {
          pad(testing::tensor_of(tensors, prefix + "attn_q.weight"), 32, 32);
          pad(testing::tensor_of(tensors, prefix + "attn_k.weight"), 32, 16);
          pad(testing::tensor_of(tensors, prefix + "attn_v.weight"), 32, 16);
          pad(testing::tensor_of(tensors, prefix + "attn_output.weight"), 32, 32);
          pad(testing::tensor_of(tensors, prefix + "ffn_gate.weight"), 32, 48);
          pad(testing::tensor_of(tensors, prefix + "ffn_up.weight"), 32, 48);
          pad(testing::tensor_of(tensors, prefix + "ffn_down.weight"), 48, 32);
        }
      });
  for (const std::string backend : {"reference", "cpu"}) {
    for (const Room room : {Room::all, Room::one_block}) {
      INFO(backend);
      CHECK(testing::nmse(logits_of_file(variant, backend, room),
                          logits_of_file(usual, "reference", Room::all)) < 1e-10);
    }
  }
}

TEST_CASE("vectors stored in 16 bits are the same numbers in 32") {
  const TinyShape dense{.has_biases = true, .has_divisors = true};
  const TinyShape experts{.arch = "qwen3moe",
                          .n_experts = 8,
                          .top_k = 2,
                          .has_head_norms = true,
                          .has_selection_bias = true};
  const TinyLatentShape latent{.has_selection_bias = true};
  TinyLatentShape sparse{.arch = "deepseek32"};
  sparse.index_heads = 3;
  for (const std::string_view format : {"F16", "BF16"}) {
    INFO(format);
    const Change usual = store_vectors(format, StoredAs::f32);
    const Change variant = store_vectors(format, StoredAs::format);
    check_equal(file_of(dense, usual), file_of(dense, variant));
    check_equal(file_of(experts, usual), file_of(experts, variant));
    check_equal(file_of(latent, usual), file_of(latent, variant));
    check_equal(file_of(sparse, usual), file_of(sparse, variant));
  }
}

TEST_CASE("matrices that share a tensor are those of one tensor each") {
  const auto fuse = [](TinyTensors& tensors, bool is_gate_named) {
    for (const std::string prefix : {"blk.0.", "blk.1."}) {
      testing::fuse_rows(
          tensors, {prefix + "attn_q.weight", prefix + "attn_k.weight", prefix + "attn_v.weight"},
          prefix + "attn_qkv.weight");
      testing::fuse_rows(tensors,
                         {prefix + "attn_q.bias", prefix + "attn_k.bias", prefix + "attn_v.bias"},
                         prefix + "attn_qkv.bias");
      testing::fuse_rows(tensors, {prefix + "ffn_gate.weight", prefix + "ffn_up.weight"},
                         prefix + (is_gate_named ? "ffn_gate_up.weight" : "ffn_up.weight"));
    }
  };
  const TinyShape shape{.has_biases = true};
  check_equal(file_of(shape), file_of(shape, [&](TinyTensors& t) { fuse(t, true); }));
  check_equal(file_of(shape), file_of(shape, [&](TinyTensors& t) { fuse(t, false); }));
}

TEST_CASE("experts in one tensor, in three or in one each are the same experts") {
  const TinyShape shape{.n_experts = 6, .top_k = 2};
  const auto fuse = [](TinyTensors& tensors) {
    for (const std::string prefix : {"blk.0.", "blk.1."}) {
      testing::fuse_experts(tensors, prefix + "ffn_gate_exps.weight", prefix + "ffn_up_exps.weight",
                            prefix + "ffn_gate_up_exps.weight");
    }
  };
  const auto split = [](TinyTensors& tensors) {
    for (const std::string prefix : {"blk.0.", "blk.1."}) {
      for (const std::string stem : {"ffn_gate", "ffn_up", "ffn_down"})
        testing::split_experts(tensors, prefix + stem);
    }
  };
  check_equal(file_of(shape), file_of(shape, fuse));
  check_equal(file_of(shape), file_of(shape, split));
  const TinyLatentShape latent{.n_layers = 3};
  check_equal(file_of(latent), file_of(latent, [](TinyTensors& tensors) {
                testing::fuse_rows(tensors,
                                   {"blk.2.ffn_gate_shexp.weight", "blk.2.ffn_up_shexp.weight"},
                                   "blk.2.ffn_gate_up_shexp.weight");
              }));
}

TEST_CASE("experts of one layer in two formats are refused by name") {
  refused(file_of(TinyShape{.n_experts = 4, .top_k = 2},
                  [](TinyTensors& tensors) {
                    testing::split_experts(tensors, "blk.1.ffn_up");
                    testing::round_to(testing::tensor_of(tensors, "blk.1.ffn_up.2.weight"), "F16",
                                      StoredAs::format);
                  }),
          "tensor blk.1.ffn_up.2.weight is stored in F16");
}

TEST_CASE("a joined matrix of keys and values is split into what newer files hold") {
  const TinyLatentShape shape;
  const Change join = [&](TinyTensors& tensors) { join_kv(tensors, shape); };
  check_equal(file_of(shape), file_of(shape, join));
  check_equal(file_of(shape), file_of(with_old_keys(shape), join));

  // Packed: keys decode to the floats that a newer file would be made of, values stay as they are.
  const TinyLatentShape packed{.kv_rank = 32};
  const auto usual = [&](TinyTensors& tensors) {
    for (const std::string prefix : {"blk.0.", "blk.1."}) {
      // Rounded along the rows of the joined matrix, that is along the rank.
      TinyTensors joined{testing::tensor_of(tensors, prefix + "attn_k_b.weight"),
                         testing::tensor_of(tensors, prefix + "attn_v_b.weight")};
      TinyLatentShape one = packed;
      one.n_layers = 1;
      for (TinyTensor& tensor : joined) tensor.name.replace(0, prefix.size(), "blk.0.");
      join_kv(joined, one);
      testing::round_to(joined.front(), "Q8_0", StoredAs::f32);
      const std::vector<float> rows = floats(joined.front().bytes);
      const std::uint64_t head_rows = packed.plain_dims + packed.value_dim;
      std::vector<float> keys;
      for (std::uint64_t head = 0; head < packed.n_heads; ++head) {
        for (std::uint64_t col = 0; col < packed.kv_rank; ++col) {
          for (std::uint64_t row = 0; row < packed.plain_dims; ++row)
            keys.push_back(rows[(head * head_rows + row) * packed.kv_rank + col]);
        }
      }
      testing::tensor_of(tensors, prefix + "attn_k_b.weight").bytes = bytes_of(keys);
      testing::round_to(testing::tensor_of(tensors, prefix + "attn_v_b.weight"), "Q8_0",
                        StoredAs::format);
    }
  };
  const auto variant = [&](TinyTensors& tensors) {
    join_kv(tensors, packed);
    for (const std::string prefix : {"blk.0.", "blk.1."}) {
      testing::round_to(testing::tensor_of(tensors, prefix + "attn_kv_b.weight"), "Q8_0",
                        StoredAs::format);
    }
  };
  check_equal(file_of(packed, usual), file_of(packed, variant));
}

TEST_CASE("a bias of the output is added to the logits") {
  const TinyShape shape{.arch = "qwen2"};
  std::vector<float> bias(96);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i) / 8;
  const std::string variant = file_of(shape, [&](TinyTensors& tensors) {
    tensors.push_back({"output.bias", {96}, 0, bytes_of(bias)});
  });
  for (const std::string backend : {"reference", "cpu"}) {
    Logits wanted = logits_of_file(file_of(shape), backend, Room::all);
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += bias[i % 96];
    CHECK(logits_of_file(variant, backend, Room::all) == wanted);
  }
}

TEST_CASE("biases of a feed-forward add what a by-hand sum gives") {
  // With zero weights gate and up are their biases, so the layer adds one constant vector, which a
  // bias of the attention's output adds as well.
  const TinyShape shape{.n_layers = 1, .d_ff = 4};
  const std::vector<float> gate{0.5F, -1.0F, 2.0F, 0.25F};
  const std::vector<float> up{1.0F, 2.0F, -0.5F, 4.0F};
  std::vector<float> down(32);
  for (std::size_t i = 0; i < down.size(); ++i) down[i] = 0.1F * static_cast<float>(i % 7);
  std::vector<float> constant = down;
  const auto zero = [](TinyTensors& tensors, const std::string& name) {
    TinyTensor& tensor = testing::tensor_of(tensors, name);
    tensor.bytes.assign(tensor.bytes.size(), '\0');
  };
  const std::string variant = file_of(shape, [&](TinyTensors& tensors) {
    zero(tensors, "blk.0.ffn_gate.weight");
    zero(tensors, "blk.0.ffn_up.weight");
    const std::vector<float> weights =
        floats(testing::tensor_of(tensors, "blk.0.ffn_down.weight").bytes);
    for (std::size_t row = 0; row < 32; ++row) {
      for (std::size_t i = 0; i < 4; ++i)
        constant[row] += weights[row * 4 + i] * gate[i] / (1 + std::exp(-gate[i])) * up[i];
    }
    tensors.push_back({"blk.0.ffn_gate.bias", {4}, 0, bytes_of(gate)});
    tensors.push_back({"blk.0.ffn_up.bias", {4}, 0, bytes_of(up)});
    tensors.push_back({"blk.0.ffn_down.bias", {32}, 0, bytes_of(down)});
  });
  const std::string usual = file_of(shape, [&](TinyTensors& tensors) {
    zero(tensors, "blk.0.ffn_down.weight");
    tensors.push_back({"blk.0.attn_output.bias", {32}, 0, bytes_of(constant)});
  });
  for (const std::string backend : {"reference", "cpu"}) {
    const Logits wanted = logits_of_file(usual, "reference", Room::all);
    CHECK(testing::nmse(logits_of_file(variant, backend, Room::all), wanted) < 1e-10);
    CHECK(testing::nmse(logits_of_file(file_of(shape), "reference", Room::all), wanted) > 1e-4);
  }
}

TEST_CASE("keys of the wrong kind are refused by name, never taken for absent") {
  using U32s = std::vector<std::uint32_t>;
  refused(file_with_keys({"attention.head_count"},
                         [](GgufWriter& keys) {
                           keys.array("llama.attention.head_count", GgufType::u32, U32s{4, 4, 4});
                         }),
          "llama.attention.head_count holds 3 numbers, must hold one for each of 2 layers");
  refused(file_with_keys({"feed_forward_length"},
                         [](GgufWriter& keys) {
                           keys.array("llama.feed_forward_length", GgufType::u32, U32s{48, 0});
                         }),
          "llama.feed_forward_length of layer 1 is 0");
  refused(file_with_keys({},
                         [](GgufWriter& keys) {
                           keys.array("llama.attention.key_length", GgufType::u32, U32s{8, 16});
                         }),
          "llama.attention.key_length is 16 at layer 1 and 8 before it");
  refused(file_with_keys({"attention.head_count_kv"},
                         [](GgufWriter& keys) {
                           keys.array("llama.attention.head_count_kv", GgufType::u32, U32s{2, 3});
                         }),
          "head_count 4 is not a multiple of head_count_kv 3 in layer 1");
  refused(file_with_keys({"attention.head_count_kv"},
                         [](GgufWriter& keys) { keys.text("llama.attention.head_count_kv", "2"); }),
          "llama.attention.head_count_kv must be a whole number");
  refused(file_with_keys({}, [](GgufWriter& keys) { keys.text("llama.rope.freq_base", "1e4"); }),
          "llama.rope.freq_base must be a positive number");
  refused(
      file_with_keys({}, [](GgufWriter& keys) { keys.u32("llama.attention.value_length", 16); }),
      "llama.attention.value_length is 16, must equal attention.key_length 8");
  refused(file_of(TinyLatentShape{
              .missing_keys = {"attention.head_count"},
              .keys =
                  [](GgufWriter& keys) {
                    keys.array("deepseek2.attention.head_count", GgufType::u32, U32s{4, 8});
                  }}),
          "deepseek2.attention.head_count is 4 in layer 0 and 8 in another");
}

}  // namespace blue::models
