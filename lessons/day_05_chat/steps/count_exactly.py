COUNT = "SELECT AI_COUNT_TOKENS('ai_complete', ?, ?)"
rows = session.sql(COUNT, params=["llama3.1-8b", prompt]).collect()
st.caption(f"{rows[0][0]} tokens")
