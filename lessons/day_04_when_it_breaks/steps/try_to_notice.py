import streamlit as st
from snowflake.cortex import Complete
from snowflake.snowpark import Session

session = Session.builder.configs(
    st.secrets["connections"]["snowflake"],
).create()

for model in ["fault-truncated", "fault-error-event", "fault-length"]:
    st.markdown(f"**{model}**")
    try:
        stream = Complete(model, "Explain a qubit.", session=session, stream=True)
        st.write_stream(stream)
        st.success("no exception")
    except Exception as error:  # catch all, only to see which one comes
        st.error(type(error).__name__)
