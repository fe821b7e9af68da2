from snowflake.snowpark.functions import ai_complete


def ask(model, prompt):
    answers = session.range(1).select(
        ai_complete(model=model, prompt=prompt),
    )
    return text_of(answers.collect()[0][0])
