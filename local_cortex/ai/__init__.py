"""The Cortex functions of SQL: how they are called, and how their rows ask the models."""
