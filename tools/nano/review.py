"""What a right review says of a draft: "OK", or each wrong line with what it should do."""

from task import code_lines


def review_of(chain, draft: str, draft_is_right: bool) -> str:
    """Line by line against the reference; a step is named once, where it first goes wrong."""
    if draft_is_right:
        return "OK"
    wanted, given, said, named = code_lines(chain), draft.split("\n"), [], set()
    for i, (line, step) in enumerate(wanted):
        if i < len(given) and given[i] == line or step in named:
            continue
        named.add(step)
        verb = "is wrong" if i < len(given) else "is missing"
        should = line.rstrip(":") if step < 0 else chain[step].plan()
        said.append(f"Line {i + 1} {verb}: it should {'be ' if step < 0 else ''}{should}.")
    if len(given) > len(wanted):
        said.append(f"The code should end after line {len(wanted)}.")
    return "\n".join(said)
