"""Day 5, Chat: the lesson and its live demo."""

from connection import connect
from course import demo
from course.page import lesson_page
from streaming import DirectStrategy

page = lesson_page("day_05_chat")
connection = connect(page.prefer)


def draw_demo() -> None:
    model = demo.choose_model("Select a model", ["llama3.1-8b"], connection)
    prompt = demo.prompt(
        "Enter your prompt:", ko="Snowflake Cortex가 무엇인가요?", en="What is Snowflake Cortex?"
    )

    def generate(_: str) -> None:
        if request := demo.request(model, prompt):
            demo.ask(DirectStrategy(connection.session), request)

    demo.buttons(generate, "Generate")


page.draw(draw_demo)
