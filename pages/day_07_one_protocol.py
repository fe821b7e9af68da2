"""Day 7, One Protocol: the lesson, and a chat with models of three families on one protocol."""

from connection import connect
from course import chat, demo
from course.language import text
from course.page import lesson_page
from streaming import ChatCompletionsStrategy

page = lesson_page("day_07_one_protocol")
connection = connect(page.prefer)

FAMILIES = ["llama3.1-8b", "claude-haiku-4-5", "openai-gpt-5-mini"]


def strategy() -> ChatCompletionsStrategy:
    # Whatever the model, the call is the same.
    return ChatCompletionsStrategy(connection.chat_client(), usage=True)


def describe(turn: chat.Turn) -> str:
    """Say what the service told of an answer's end; Claude gives no reason."""
    stream = turn.asked.stream
    if stream is None or stream.usage is None:
        return ""
    return text(
        "demo.end",
        model=turn.request.model,
        reason=stream.finish_reason,
        sent=stream.usage.prompt_tokens,
        received=stream.usage.completion_tokens,
    )


def draw_demo() -> None:
    model = demo.choose_model("Select a model", FAMILIES, connection)
    suggestions = [
        demo.in_language(
            ko="양자 컴퓨팅을 쉽게 설명해 주세요.", en="Explain quantum computing in simple terms."
        ),
        demo.in_language(ko="더 짧게 말해 주세요", en="Shorter, please"),
    ]
    chat.draw(strategy, model, suggestions=suggestions, describe=describe)


page.draw(draw_demo)
