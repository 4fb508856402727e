"""Exports trained models as GGUF and gives back models that hold the dequantised weights."""

import torch

from gguf_writer import write_gguf
from model import Model, tensor_names


def export(path, role: str, model, tokenizer) -> Model:
    """Writes the file; returns a model that answers as a runtime that reads it would."""
    names = tensor_names(model)
    weights = {names[k]: v.detach().float().cpu().numpy() for k, v in model.state_dict().items()}
    held = write_gguf(path, role, model.shape, weights, tokenizer)
    copy = Model(model.shape, len(tokenizer)).to(model.token_embd.device)
    copy.load_state_dict({k: torch.from_numpy(held[name]) for k, name in names.items()})
    return copy.eval()
