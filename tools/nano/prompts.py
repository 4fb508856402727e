"""What each model is asked: the prompts of the cascade files, rendered by the chat template of the model's vocabulary."""

import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ASSETS = HERE.parent.parent / "assets"


def stage_prompts(path: Path) -> dict[str, str]:
    """Each stage's prompt template, by role."""
    with open(path, "rb") as f:
        return {stage["role"]: stage["prompt"] for stage in tomllib.load(f)["stage"]}


CASCADE = stage_prompts(ASSETS / "cascades" / "think-code-review-fix.toml")
THINK, CODE, REVIEW, FIX = (CASCADE[role] for role in ("thinker", "coder", "reviewer", "fixer"))
ALONE = stage_prompts(HERE / "cascades" / "coder-alone.toml")["coder"]
TEMPLATES = {"think": THINK, "code": CODE, "review": REVIEW, "fix": FIX, "alone": ALONE}


def prompt_ids(tokenizer, kind: str, **slots: str) -> list[int]:
    """The prompt's ids: control tokens as such, whatever the slots hold as plain text."""
    before, after = tokenizer.style.frame
    return tokenizer.encode_special(before) + tokenizer.encode(TEMPLATES[kind].format(**slots)) + tokenizer.encode_special(after)
