model = st.selectbox("Select a model", ["llama3.1-8b", "claude-haiku-4-5"])
prompt = st.text_input("Enter your prompt:", "What is Snowflake Cortex?")
