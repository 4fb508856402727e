"""The keys and tensors of real models, as their GGUF files hold them. Numbers are from the model
cards."""


class Tensor:
    """`dims` as in the file: values per row first. `kind`: "weight" in the requested format, "norm"
    near 1, "f32" around 0."""

    def __init__(self, name, dims, kind="weight"):
        self.name, self.dims, self.kind = name, dims, kind


def common_keys(arch, s):
    return [
        (f"{arch}.vocab_size", s["vocab"]), (f"{arch}.context_length", s["context"]), (f"{arch}.embedding_length", s["d_model"]),
        (f"{arch}.block_count", s["layers"]), (f"{arch}.feed_forward_length", s["d_ff"]),
        (f"{arch}.attention.head_count", s["heads"]), (f"{arch}.attention.head_count_kv", s["kv_heads"]),
        (f"{arch}.attention.layer_norm_rms_epsilon", 1e-6), (f"{arch}.rope.freq_base", s["rope_base"]),
    ]


def qwen3_keys(s):
    arch = "qwen3moe" if "experts" in s else "qwen3"
    keys = common_keys(arch, s) + [
        (f"{arch}.attention.key_length", s["head_dim"]), (f"{arch}.attention.value_length", s["head_dim"]),
        (f"{arch}.rope.dimension_count", s["head_dim"]),
    ]
    if "experts" in s:
        keys += [(f"{arch}.expert_count", s["experts"]), (f"{arch}.expert_used_count", s["used"]),
                 (f"{arch}.expert_feed_forward_length", s["d_expert"])]
    return arch, keys


def experts(prefix, s):
    d, ff, n = s["d_model"], s["d_expert"], s["experts"]
    return [Tensor(prefix + "ffn_gate_inp.weight", [d, n], "f32"), Tensor(prefix + "ffn_gate_exps.weight", [d, ff, n]),
            Tensor(prefix + "ffn_up_exps.weight", [d, ff, n]), Tensor(prefix + "ffn_down_exps.weight", [ff, d, n])]


def feed_forward(prefix, d, ff, suffix=""):
    return [Tensor(f"{prefix}ffn_gate{suffix}.weight", [d, ff]), Tensor(f"{prefix}ffn_up{suffix}.weight", [d, ff]),
            Tensor(f"{prefix}ffn_down{suffix}.weight", [ff, d])]


def qwen3_layer(s, layer):
    p, d, head = f"blk.{layer}.", s["d_model"], s["head_dim"]
    q, kv = s["heads"] * head, s["kv_heads"] * head
    return [
        Tensor(p + "attn_norm.weight", [d], "norm"), Tensor(p + "ffn_norm.weight", [d], "norm"),
        Tensor(p + "attn_q.weight", [d, q]), Tensor(p + "attn_k.weight", [d, kv]), Tensor(p + "attn_v.weight", [d, kv]),
        Tensor(p + "attn_output.weight", [q, d]), Tensor(p + "attn_q_norm.weight", [head], "norm"),
        Tensor(p + "attn_k_norm.weight", [head], "norm"),
    ] + (experts(p, s) if "experts" in s else feed_forward(p, d, s["d_ff"]))


def deepseek_keys(s):
    arch, rope, rank = "deepseek2", s["rope"], s["kv_rank"]
    keys = common_keys(arch, s) + [
        (f"{arch}.rope.dimension_count", rope), (f"{arch}.attention.key_length", rank + rope),
        (f"{arch}.attention.value_length", rank), (f"{arch}.attention.key_length_mla", s["nope"] + rope),
        (f"{arch}.attention.value_length_mla", s["v_head"]), (f"{arch}.attention.q_lora_rank", s["q_rank"]),
        (f"{arch}.attention.kv_lora_rank", rank), (f"{arch}.leading_dense_block_count", s["dense"]),
        (f"{arch}.expert_count", s["experts"]), (f"{arch}.expert_used_count", s["used"]), (f"{arch}.expert_shared_count", 1),
        (f"{arch}.expert_feed_forward_length", s["d_expert"]), (f"{arch}.expert_weights_scale", s["expert_scale"]),
        (f"{arch}.expert_weights_norm", True), (f"{arch}.expert_gating_func", 2),
        (f"{arch}.expert_group_count", s["groups"]), (f"{arch}.expert_group_used_count", s["groups_used"]),
        (f"{arch}.rope.scaling.type", "yarn"), (f"{arch}.rope.scaling.factor", s["yarn_factor"]),
        (f"{arch}.rope.scaling.original_context_length", 4096), (f"{arch}.rope.scaling.yarn_log_multiplier", 0.1),
    ]
    return arch, keys


def deepseek_layer(s, layer):
    p, d, heads, rank = f"blk.{layer}.", s["d_model"], s["heads"], s["kv_rank"]
    tensors = [
        Tensor(p + "attn_norm.weight", [d], "norm"), Tensor(p + "ffn_norm.weight", [d], "norm"),
        Tensor(p + "attn_q_a.weight", [d, s["q_rank"]]), Tensor(p + "attn_q_a_norm.weight", [s["q_rank"]], "norm"),
        Tensor(p + "attn_q_b.weight", [s["q_rank"], heads * (s["nope"] + s["rope"])]),
        Tensor(p + "attn_kv_a_mqa.weight", [d, rank + s["rope"]]), Tensor(p + "attn_kv_a_norm.weight", [rank], "norm"),
        Tensor(p + "attn_k_b.weight", [s["nope"], rank, heads]), Tensor(p + "attn_v_b.weight", [rank, s["v_head"], heads]),
        Tensor(p + "attn_output.weight", [heads * s["v_head"], d]),
    ]
    if layer < s["dense"]:
        return tensors + feed_forward(p, d, s["d_ff"])
    return (tensors + [Tensor(p + "exp_probs_b.bias", [s["experts"]], "f32")] + experts(p, s)
            + feed_forward(p, d, s["d_expert"], "_shexp"))


def dense(layers, d_model, d_ff, heads, tied, **more):
    return {"layers": layers, "d_model": d_model, "d_ff": d_ff, "heads": heads, "tied": tied, "kv_heads": 8, "head_dim": 128,
            "vocab": 151936, "context": 40960, "rope_base": 1e6, **more}


MLA = {"layers": 61, "d_model": 7168, "d_ff": 18432, "kv_heads": 1, "q_rank": 1536, "kv_rank": 512, "nope": 128, "rope": 64,
       "v_head": 128, "used": 8, "d_expert": 2048, "tied": False}

SHAPES = {
    "qwen3-0.6b": dense(28, 1024, 3072, 16, True),
    "qwen3-1.7b": dense(28, 2048, 6144, 16, True),
    "qwen3-8b": dense(36, 4096, 12288, 32, False),
    "qwen3-30b-a3b": dense(48, 2048, 6144, 32, False, kv_heads=4, experts=128, used=8, d_expert=768),
    "small-moe": dense(6, 1024, 2048, 16, False, kv_heads=4, head_dim=64, experts=64, used=8, d_expert=512, vocab=32000),
    "small-dense": dense(2, 256, 512, 4, True, kv_heads=2, head_dim=64, vocab=512, context=2048),
    "deepseek-v3": {**MLA, "heads": 128, "dense": 3, "experts": 256, "groups": 8, "groups_used": 4, "expert_scale": 2.5,
                    "vocab": 129280, "context": 163840, "rope_base": 1e4, "yarn_factor": 40.0},
    "kimi-k2": {**MLA, "heads": 64, "dense": 1, "experts": 384, "groups": 1, "groups_used": 1, "expert_scale": 2.827,
                "vocab": 163840, "context": 131072, "rope_base": 5e4, "yarn_factor": 32.0},
}


def build(name, n_layers=None):
    """(architecture, keys, tensors) of a shape, or of its first `n_layers` layers; a slice keeps a
    layer with experts."""
    s = dict(SHAPES[name])
    if n_layers is not None:
        s["layers"] = n_layers
        if "dense" in s:
            s["dense"] = min(s["dense"], n_layers - 1)
    is_deepseek = "kv_rank" in s
    arch, keys = deepseek_keys(s) if is_deepseek else qwen3_keys(s)
    tensors = [Tensor("token_embd.weight", [s["d_model"], s["vocab"]]), Tensor("output_norm.weight", [s["d_model"]], "norm")]
    if not s["tied"]:
        tensors.append(Tensor("output.weight", [s["d_model"], s["vocab"]]))
    for layer in range(s["layers"]):
        tensors += deepseek_layer(s, layer) if is_deepseek else qwen3_layer(s, layer)
    return arch, keys, tensors
