import json

from snowflake.snowpark.functions import ai_complete

answers = session.range(1).select(
    ai_complete(model=model, prompt=prompt),
)
value = answers.collect()[0][0]
answer = json.loads(value)
