"""What a right review says of a draft: "OK", or each wrong line with what it should do, and an input on which the draft fails."""

from judging import telling_input
from program import code_lines
from task import Task

OK = "OK"
MOST_NAMED = 3


def review_of(task: Task, draft: str, draft_is_right: bool, results) -> str:
    """Line by line against the reference; a step is named once, where it first goes wrong. `results`: of the draft on inputs."""
    if draft_is_right:
        return OK
    wanted, given, said, named = code_lines(task.program, task.name), draft.split("\n"), [], set()
    for i, (line, step) in enumerate(wanted):
        if i < len(given) and given[i] == line or step in named:
            continue
        named.add(step)
        said.append(f"Line {i + 1} {'is wrong' if i < len(given) else 'is missing'}: it should {step}.")
        if len(said) == MOST_NAMED:
            break
    if len(given) > len(wanted) and len(said) < MOST_NAMED:
        said.append(f"The code should end after line {len(wanted)}.")
    failing = telling_input(task, results)
    if failing is not None:
        said.append(f"It fails on {', '.join(map(repr, failing))}.")
    return "\n".join(said)
