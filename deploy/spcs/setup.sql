-- What a service of the course needs in Snowpark Container Services, beside deploy/snowflake/setup.sql,
-- whose roles, database, warehouse and compute pool it uses. Run it once, as somebody who has ACCOUNTADMIN.
-- Not run on a real account. The statements follow
-- https://docs.snowflake.com/en/developer-guide/snowpark-container-services/working-with-services

-- Who owns the schema.
USE ROLE SYSADMIN;
CREATE IMAGE REPOSITORY IF NOT EXISTS CORTEX_STREAMING.COURSE.IMAGES;
GRANT READ, WRITE ON IMAGE REPOSITORY CORTEX_STREAMING.COURSE.IMAGES
    TO ROLE CORTEX_STREAMING_OWNER;
GRANT CREATE SERVICE ON SCHEMA CORTEX_STREAMING.COURSE TO ROLE CORTEX_STREAMING_OWNER;
-- Privileges on the account are ACCOUNTADMIN's to grant.
USE ROLE ACCOUNTADMIN;
-- For a public endpoint. Public means: from the internet, for whoever logs in to this account.
GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE CORTEX_STREAMING_OWNER;
