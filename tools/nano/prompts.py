"""What each model is asked: the prompts of the cascade files, rendered by the chat template that every model carries."""

import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ASSETS = HERE.parent.parent / "assets"

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
)


def stage_prompts(path: Path) -> dict[str, str]:
    """Each stage's prompt template, by role."""
    with open(path, "rb") as f:
        return {stage["role"]: stage["prompt"] for stage in tomllib.load(f)["stage"]}


CASCADE = stage_prompts(ASSETS / "cascades" / "think-code-review-fix.toml")
THINK, CODE, REVIEW, FIX = (CASCADE[role] for role in ("thinker", "coder", "reviewer", "fixer"))
ALONE = stage_prompts(HERE / "cascades" / "coder-alone.toml")["coder"]
TEMPLATES = {"think": THINK, "code": CODE, "review": REVIEW, "fix": FIX, "alone": ALONE}


def rendered(content: str) -> str:
    """CHAT_TEMPLATE for one user message with the generation prompt."""
    return f"<|user|>\n{content}<|end|>\n<|assistant|>\n"


def prompt_ids(tokenizer, kind: str, **slots: str) -> list[int]:
    """The prompt's ids: control tokens as such, whatever the slots hold as plain text."""
    content = TEMPLATES[kind].format(**slots)
    before, after = rendered("\0").split("\0")
    return tokenizer.encode_special(before) + tokenizer.encode(content) + tokenizer.encode_special(after)
