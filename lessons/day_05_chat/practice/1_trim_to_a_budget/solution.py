import streamlit as st


def tokens(messages):
    return sum(len(each["content"].encode()) // 3 + 1 for each in messages)


def trim(messages, budget):
    kept = messages
    while len(kept) > 1 and tokens(kept) > budget:
        kept = kept[2:]
    return kept


history = [
    {"role": "user", "content": "What is Snowflake?"},
    {"role": "assistant", "content": "A data platform in the cloud."},
    {"role": "user", "content": "And Cortex?"},
    {"role": "assistant", "content": "Its AI service."},
    {"role": "user", "content": "And streaming?"},
]

budget = st.slider("Budget:", 1, 100, 25)
for message in trim(history, budget):
    st.text(f"{message['role']}: {message['content']}")
st.caption(f"{len(history)} messages in the history")
