# region: texts
def texts(stream, end):
    for chunk in stream:
        if chunk.usage:
            end["tokens"] = chunk.usage.completion_tokens
        if chunk.choices:
            end["reason"] = chunk.choices[0].finish_reason
            yield chunk.choices[0].delta.content or ""


# endregion


# region: answer
def answer(question):
    end = {"reason": None, "tokens": None}
    with client.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "Answer briefly."},
            *messages,
            question,
        ],
        stream=True,
        stream_options={"include_usage": True},
        max_completion_tokens=500,
    ) as stream:
        text = st.write_stream(texts(stream, end))
    messages.extend([question, {"role": "assistant", "content": text}])
    st.caption(f"finish_reason: {end['reason']}, tokens: {end['tokens']}")
    if end["reason"] == "length":
        st.warning("The answer was cut at the limit.")


# endregion
