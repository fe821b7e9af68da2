MODELS = ["llama3.1-8b", "claude-haiku-4-5", "openai-gpt-5-mini"]
model = st.selectbox("Select a model", MODELS)

messages = st.session_state.setdefault("messages", [])
for message in messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])
