ai_complete(
    model=model,
    prompt=prompt,
    model_parameters={"temperature": 0.2, "max_tokens": 200},
)
