if prompt := st.chat_input("Your message"):
    question = {"role": "user", "content": prompt}
    with st.chat_message("user"):
        st.markdown(prompt)
    messages = trim([*history, question], BUDGET)
    with st.chat_message("assistant"), st.empty():
        stream = Complete("llama3.1-8b", messages, session=session, stream=True)
        answer = st.write_stream(stream)
    history += [question, {"role": "assistant", "content": answer}]
    st.caption(f"Sent: {len(messages)} messages, about {tokens(messages)} tokens")
