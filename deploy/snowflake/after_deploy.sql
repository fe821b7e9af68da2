-- After the first `snow streamlit deploy`, as CORTEX_STREAMING_OWNER. Not run on a real account.
USE ROLE CORTEX_STREAMING_OWNER;

-- snowflake.yml has no field for it. Without it the app has only the packages that the runtime ships,
-- and so no sandbox. Setting it restarts the app:
-- https://docs.snowflake.com/en/developer-guide/streamlit/app-development/dependency-management
ALTER STREAMLIT CORTEX_STREAMING.COURSE.CORTEX_STREAMING_COURSE
    SET ARTIFACT_REPOSITORIES = (snowflake.snowpark.pypi_shared_repository);

GRANT USAGE ON STREAMLIT CORTEX_STREAMING.COURSE.CORTEX_STREAMING_COURSE
    TO ROLE CORTEX_STREAMING_LEARNER;
