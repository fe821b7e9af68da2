-- What the course needs in Snowflake's container runtime. Run it once, as somebody who has ACCOUNTADMIN
-- and so the roles below it: each statement runs as the least of Snowflake's own roles that may. Then
-- `snow streamlit deploy`, as CORTEX_STREAMING_OWNER.
-- Not run on a real account. The statements follow
-- https://docs.snowflake.com/en/developer-guide/streamlit/object-management/privileges

USE ROLE USERADMIN;
-- The owner: whatever the app does, it does with this role's rights. It has no others.
CREATE ROLE IF NOT EXISTS CORTEX_STREAMING_OWNER;
-- Whoever may open the app.
CREATE ROLE IF NOT EXISTS CORTEX_STREAMING_LEARNER;
-- So that administrators can manage what the owner owns.
GRANT ROLE CORTEX_STREAMING_OWNER TO ROLE SYSADMIN;

USE ROLE SYSADMIN;
CREATE DATABASE IF NOT EXISTS CORTEX_STREAMING;
CREATE SCHEMA IF NOT EXISTS CORTEX_STREAMING.COURSE;
GRANT USAGE ON DATABASE CORTEX_STREAMING TO ROLE CORTEX_STREAMING_OWNER;
-- CREATE TABLE is for COURSE_PROGRESS, which the course makes when it first keeps something.
GRANT USAGE, CREATE STREAMLIT, CREATE STAGE, CREATE TABLE
    ON SCHEMA CORTEX_STREAMING.COURSE TO ROLE CORTEX_STREAMING_OWNER;
-- Learners read no table: the app does, as its owner. They need these two to reach the app.
GRANT USAGE ON DATABASE CORTEX_STREAMING TO ROLE CORTEX_STREAMING_LEARNER;
GRANT USAGE ON SCHEMA CORTEX_STREAMING.COURSE TO ROLE CORTEX_STREAMING_LEARNER;

-- For the statements: the version, Day 2's answers by SQL, progress.
CREATE WAREHOUSE IF NOT EXISTS CORTEX_STREAMING_WH
    WAREHOUSE_SIZE = 'XSMALL' AUTO_SUSPEND = 60 AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE;
GRANT USAGE ON WAREHOUSE CORTEX_STREAMING_WH TO ROLE CORTEX_STREAMING_OWNER;

-- Only ACCOUNTADMIN may make a compute pool and hand out the database roles of SNOWFLAKE, unless somebody
-- has granted that to others.
USE ROLE ACCOUNTADMIN;
-- For the app itself, one node. It costs credits for as long as it runs, visitors or not.
CREATE COMPUTE POOL IF NOT EXISTS CORTEX_STREAMING_POOL
    MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S AUTO_SUSPEND_SECS = 3600;
GRANT USAGE, MONITOR ON COMPUTE POOL CORTEX_STREAMING_POOL TO ROLE CORTEX_STREAMING_OWNER;

-- Cortex, for the owner only. PUBLIC has CORTEX_USER unless somebody has revoked it.
GRANT DATABASE ROLE SNOWFLAKE.CORTEX_USER TO ROLE CORTEX_STREAMING_OWNER;
-- Packages, from Snowflake's own copy of PyPI.
GRANT DATABASE ROLE SNOWFLAKE.PYPI_REPOSITORY_USER TO ROLE CORTEX_STREAMING_OWNER;

-- Put in who deploys, and who learns:
-- USE ROLE USERADMIN;
-- GRANT ROLE CORTEX_STREAMING_OWNER TO USER <deployer>;
-- GRANT ROLE CORTEX_STREAMING_LEARNER TO USER <learner>;
