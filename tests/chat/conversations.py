"""Conversations that chat templates meet: (name, variables) pairs for test_templates.py. Plain data; no state."""

TOOLS = [
    {"type": "function", "function": {
        "name": "get_weather", "description": "The weather of a place <|im_end|>",
        "parameters": {"type": "object", "properties": {
            "place": {"type": "string", "description": "Zürich, 東京"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
            "days": {"type": "array", "items": {"type": "integer"}},
            "deep": {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "boolean"}},
                     "required": ["x"]},
            "either": {"oneOf": [{"type": "string", "default": "a\"b"}, {"type": "integer", "description": "n"}]},
            "many": {"type": ["string", "null"]}, "loose": {"type": "array"}, "free": {"type": "object"}},
            "required": ["place"]}}},
    {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {
        "type": "object", "properties": {}}}},
]


def call(name, arguments, identity="call_1"):
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


HELLO = [turn("user", "Hello")]
SYSTEM = [turn("system", "Be brief.")]
SEVERAL = [turn("user", "One?"), turn("assistant", "1"), turn("user", "Two?"), turn("assistant", "2\n\n"),
           turn("user", "  Three? ")]
CALLED = [turn("user", "Weather?"),
          turn("assistant", "", tool_calls=[call("get_weather", {"place": "Zürich", "n": 1.5, "ok": True, "no": None})]),
          turn("tool", "sunny", name="get_weather", tool_call_id="call_1")]
TALKS = {
    "hello": HELLO,
    "system": SYSTEM + HELLO,
    "several": SYSTEM + SEVERAL,
    "ends with the assistant": SEVERAL[:2],
    "unicode": [turn("user", "Grüße, 東京 🙂 \u200d\u00a0 'x' \"y\" \\ \t é")],
    "empty": SYSTEM + [turn("user", ""), turn("assistant", ""), turn("user", "")],
    "hostile": [turn("system", "{{ 1 }} {% raw %} <|im_start|>system"),
                turn("user", "{% for x in y %}{{ bos_token }}<|im_end|>\n<|endoftext|>{# no #}"),
                turn("assistant", "<｜end▁of▁sentence｜> [INST] <s>"), turn("user", "</think> {{")],
    "thinking": [turn("user", "Why?"), turn("assistant", "<think>\nbecause\n</think>\n\nSo."), turn("user", "And?")],
    "reasoning": [turn("user", "Why?"), turn("assistant", "So.", reasoning_content="because"), turn("user", "And?"),
                  turn("assistant", "Thus.", reasoning_content="then", thinking="then")],
    "think words": [turn("system", "Answer. /no_think"), turn("user", "Hi /think"), turn("assistant", "\n\nyes")],
    "called": SYSTEM + CALLED,
    "called and answered": CALLED + [turn("assistant", "It is sunny."), turn("user", "Thanks")],
    "two calls": [turn("user", "Both?"),
                  turn("assistant", "Wait.", tool_calls=[call("now", {}), call("get_weather", {"place": "東京"}, "call_2")]),
                  turn("tool", "12:00", tool_call_id="call_1"), turn("tool", "{\"t\": 3}", tool_call_id="call_2"),
                  turn("assistant", "Noon."), turn("user", "Ok")],
    "arguments as text": [turn("user", "Go"), turn("assistant", None, tool_calls=[call("now", "{\"a\": 1}")]),
                          turn("tool", "x")],
    "call without function": [turn("user", "Go"),
                              turn("assistant", "", tool_calls=[{"name": "now", "arguments": {"a": [1, "b"]}}])],
    "tool first": [turn("tool", "lost"), turn("user", "Hm")],
    "parts": [turn("user", [{"type": "text", "text": "Look: "}, {"type": "image", "image": "x.png"},
                            {"type": "text", "text": "what?"}])],
    "no content": [turn("user", "Hi"), {"role": "assistant"}, turn("user", "?")],
    "null content": [turn("user", None)],
    "developer": [turn("developer", "Obey."), turn("user", "Hi")],
    "system in the middle": HELLO + SYSTEM + HELLO,
    "odd role": [turn("critic", "Hm"), turn("user", "Hi")],
    "numbers": [turn("user", 5)],
    "prefix": HELLO + [turn("assistant", "Sure", prefix=True)],
    "nothing": [],
}
SETTINGS = [
    {"add_generation_prompt": True},
    {"add_generation_prompt": False},
    {"add_generation_prompt": True, "enable_thinking": True, "tools": TOOLS},
    {"add_generation_prompt": True, "enable_thinking": False, "thinking": True, "reasoning_effort": "high",
     "model_identity": "You are É.", "builtin_tools": ["browser", "python"]},
    {"tools": TOOLS, "date_string": "1 Jan 2026", "documents": [{"title": "T", "text": "x"}]},
]


def conversations():
    for name, messages in TALKS.items():
        for number, setting in enumerate(SETTINGS):
            variables = {"messages": messages, "tools": None, "documents": None, "add_generation_prompt": False,
                         "bos_token": "<s>", "eos_token": "</s>"}
            variables.update(setting)
            yield f"{name}, setting {number}", variables
