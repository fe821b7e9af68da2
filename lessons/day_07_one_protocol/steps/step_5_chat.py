if prompt := st.chat_input("Your message"):
    with st.chat_message("user"):
        st.markdown(prompt)
    with st.chat_message("assistant"):
        try:
            answer({"role": "user", "content": prompt})
        except RateLimitError:
            st.warning("Too many requests. Try again in a minute.")
        except APIStatusError as error:
            st.error(f"Cortex refused the request (HTTP {error.status_code}).")
        except APIError:
            st.warning("The answer didn't arrive in full.")
