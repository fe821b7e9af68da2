"""Day 1, Connect to Snowflake: the lesson, and its connection at work."""

from connection import connect
from course import demo
from course.page import lesson_page
from local_cortex import models
from streaming import CompletionRequest, DirectStrategy

page = lesson_page("day_01_connect")
connection = connect(page.prefer)


def act(pressed: str) -> None:
    if pressed == "Show the version":
        with demo.explained(connection):
            rows = connection.session.sql("SELECT CURRENT_VERSION()").collect()
            where, version = connection.label, rows[0][0]
            demo.say(
                ko=f"연결되었습니다 ({where}). Snowflake 버전: {version}",
                en=f"Connected ({where}). Snowflake version: {version}",
            )
    else:
        prompt = demo.in_language(ko="한 문장으로 인사해 주세요.", en="Say hello in one sentence.")
        request = CompletionRequest(model=models.DEFAULTS[0], prompt=prompt)
        demo.ask(DirectStrategy(connection.session), request)


page.draw(lambda: demo.buttons(act, "Show the version", "Say hello"))
